from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.complaints.person import Person
from tests.training.conftest import base_model, dataset, fake, rung, taught

__all__ = ["base_model", "dataset", "fake", "rung", "taught"]


@pytest.fixture
def Erin(erin: User) -> Person:
    return Person(erin)


@pytest.fixture
def Eve(eve: User) -> Person:
    return Person(eve)


@pytest.fixture
def Rita(rita: User) -> Person:
    return Person(rita)


@pytest.fixture
def Ada(ada: User) -> Person:
    return Person(ada)


@pytest.fixture
def Oscar(oscar: User) -> Person:
    return Person(oscar)
