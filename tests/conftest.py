"""The people of every test: Erin writes, Eve writes too, Rita reviews, Ada administers, Oscar is of another project."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import settings as of_examples

from annotation.models import Membership, Project, Role
from tests import factories

of_examples.register_profile("any machine", deadline=None)  # a busy one takes longer, which says nothing of the code
of_examples.load_profile("any machine")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest,
    django_db_modify_db_settings_parallel_suffix: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A browser asks for several things at once. In memory their threads share one connection, and what one reads fails
    with "table is locked" while another writes; in a file each waits for its turn, as installed."""
    asked_by_browsers = any("live_server" in getattr(item, "fixturenames", ()) for item in request.session.items)
    if asked_by_browsers and connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True)
def _own_data_dir(settings, tmp_path: Path):
    """Each test writes to a folder of its own, and serves static files without a manifest."""
    settings.DATA_DIR = tmp_path
    for name, folder in {
        "RUNS_DIR": "runs",
        "ADAPTERS_DIR": "adapters",
        "DATASETS_DIR": "datasets",
        "EXPORTS_DIR": "exports",
        "BASE_MODELS_DIR": "base-models",
        "MEDIA_ROOT": "uploads",
    }.items():
        setattr(settings, name, tmp_path / folder)
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _person(username: str, first: str, last: str) -> User:
    return User.objects.create_user(username, password="a long pass phrase", first_name=first, last_name=last)


@pytest.fixture
def erin(db) -> User:
    return _person("erin", "Erin", "Expert")


@pytest.fixture
def eve(db) -> User:
    return _person("eve", "Eve", "Engineer")


@pytest.fixture
def rita(db) -> User:
    return _person("rita", "Rita", "Reviewer")


@pytest.fixture
def ada(db) -> User:
    user = _person("ada", "Ada", "Admin")
    user.is_staff = True
    user.save()
    return user


@pytest.fixture
def oscar(db) -> User:
    """An admin, but of another project only."""
    return _person("oscar", "Oscar", "Outsider")


@pytest.fixture
def project(erin: User, eve: User, rita: User, ada: User, oscar: User) -> Project:
    project = factories.project(created_by=ada)
    for user, role in [(erin, Role.EXPERT), (eve, Role.EXPERT), (rita, Role.REVIEWER), (ada, Role.ADMIN)]:
        Membership.objects.create(project=project, user=user, role=role)
    other = factories.project(name="Another project", created_by=ada)
    Membership.objects.create(project=other, user=oscar, role=Role.ADMIN)
    return project


@pytest.fixture
def sign_in(client: Client):
    """sign_in(user) -> a client of that user's."""

    def signed_in(user: User) -> Client:
        client.force_login(user)
        return client

    return signed_in
