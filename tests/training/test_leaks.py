"""What is held out and what rounds learn from are kept apart: found, shown, left out, refused, and by the database."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from annotation.models import Project, Prompt, Split
from evaluation.actions import freeze_evaluation_set
from tests import factories
from tests.postgres import postgres_url  # noqa: F401 - a fixture
from training import actions, freezing_run
from training.freezing import index
from training.immutable import HELD_OUT
from training.leaks import comparing, gate, held_out
from training.models import BaseModel, DatasetVersion, HeldOutText, LeakCheck, TrainingRound, VersionPrompt, VersionRow

ROOT = Path(__file__).resolve().parents[2]
ASKED = (
    "Ms Okafor moved out on the fourteenth of February and handed back both keys; the landlord has kept her deposit "
    "of 1,450 dollars without sending the list of damages that the law of the state asks for within thirty days."
)
TOLD_AGAIN = (
    "The landlord kept the deposit of 2,100 dollars without sending the list of damages that the law of the state "
    "asks for within thirty days. Mr Reyes moved out on the third of March and handed back both keys."
)
OTHERS = (
    "A neighbour felled three old myrtles along the fence while the owner was abroad, and nobody has a survey.",
    "Her employer stopped paying overtime in spring and answered every question about it with another shift.",
    "The surgeon left for another hospital before the second operation, and his notes of the first are missing.",
)
ANSWER = (
    "Write to the landlord by certified mail, name the statute, ask for the whole deposit within seven days and say "
    "that a suit for three times the sum will follow if nothing arrives."
)


@pytest.fixture
def taught(project: Project, erin: User) -> Project:
    for number, text in enumerate(OTHERS):
        factories.demonstration(factories.prompt(project, input=text), erin, text=f"Answer number {number}.")
    return project


def frozen(project: Project, by: User, **more: Any) -> DatasetVersion:
    return actions.freeze(kind="demonstrations", project=project, by=by, **more)


def launch(version: DatasetVersion, by: User, **more: Any) -> TrainingRound:
    given = {"method": "sft", "params": {}, **more}
    return actions.launch_round(project=version.project, dataset_version=version, by=by, **given)


def hold_out(project: Project, text: str = ASKED, **more: Any) -> Prompt:
    return factories.prompt(project, input=text, split=Split.EVALUATION, external_id="held", **more)


def test_a_planted_paraphrase_blocks_the_round(taught: Project, erin: User, ada: User, base_model: BaseModel) -> None:
    factories.demonstration(factories.prompt(taught, input=TOLD_AGAIN, external_id="told-again"), erin)
    hold_out(taught)
    version = frozen(taught, ada)
    (leak,) = version.leaks.all()
    assert (leak.name, leak.kind, leak.place) == ("told-again", "near", "prompt")
    with pytest.raises(ValidationError) as refused:
        launch(version, ada)
    assert "told-again" in refused.value.message_dict["dataset_version"][0]
    with pytest.raises(ValidationError):
        actions.start_preflight(project=taught, method="sft", dataset_version=version, params={}, by=ada)


def test_a_reference_copied_into_a_response_blocks_the_round(
    taught: Project, erin: User, ada: User, base_model: BaseModel
) -> None:
    prompt = factories.prompt(taught, input="Another matter altogether, of a car and its brakes.", external_id="car")
    factories.demonstration(prompt, erin, text=f"First of all. {ANSWER} Good luck with it.")
    hold_out(taught, reference=ANSWER)
    (leak,) = frozen(taught, ada).leaks.all()
    assert (leak.name, leak.kind, leak.place, leak.against) == ("car", "near", "response", "reference")
    assert leak.passage == ANSWER.rstrip(".")


def test_what_an_earlier_round_learned_blocks_the_next(
    taught: Project, erin: User, ada: User, base_model: BaseModel
) -> None:
    """A copy across rounds: the evaluation set is made after the round whose adapter would be built on."""
    factories.demonstration(factories.prompt(taught, input=TOLD_AGAIN), erin)
    first = frozen(taught, ada)
    round = launch(first, ada)
    adapter = _adapter(round)
    taught.demonstrations.filter(prompt__input=TOLD_AGAIN).delete()
    second = frozen(taught, ada)
    launch(second, ada, parent_adapter=adapter)
    hold_out(taught, reference="An answer.")
    freeze_evaluation_set(project=taught, by=ada)
    launch(second, ada)
    with pytest.raises(ValidationError) as refused:
        launch(second, ada, parent_adapter=adapter)
    assert "build on has learned from Demonstrations v1" in refused.value.message_dict["dataset_version"][0]


def _adapter(round: TrainingRound) -> Any:
    from training.models import Adapter

    made = Adapter.objects.create(
        project=round.project, round=round, base_model=round.base_model, sha256="a" * 64, size_bytes=1
    )
    made.directory.mkdir(parents=True, exist_ok=True)
    return made


def test_an_earlier_evaluation_set_counts_when_its_prompt_is_gone(taught: Project, erin: User, ada: User) -> None:
    prompt = hold_out(taught, reference="An answer.")
    freeze_evaluation_set(project=taught, by=ada, name="The first")
    prompt.delete()
    factories.demonstration(factories.prompt(taught, input=TOLD_AGAIN), erin)
    (leak,) = frozen(taught, ada).leaks.all()
    assert leak.held_out.frozen_in == "The first"


def test_a_held_out_prompt_of_no_set_is_forgotten_with_its_prompt(taught: Project, ada: User) -> None:
    prompt = hold_out(taught)
    held_out.sync(taught)
    prompt.delete()
    held_out.sync(taught)
    assert not HeldOutText.objects.exists()


def test_nothing_is_compared_twice(taught: Project, ada: User, monkeypatch: Any) -> None:
    hold_out(taught)
    version = frozen(taught, ada)
    asked: list[int] = []
    real = comparing.Against.__init__

    def counting(self: Any, texts: Any, *more: Any) -> None:
        asked.append(len(texts))
        real(self, texts, *more)

    monkeypatch.setattr(comparing.Against, "__init__", counting)
    gate.look(version)
    assert asked == []
    factories.prompt(taught, input="Something quite new.", split=Split.EVALUATION)
    gate.look(version)
    assert asked == [1]


def test_much_is_compared_by_the_worker_and_the_round_waits(
    taught: Project, erin: User, ada: User, base_model: BaseModel, monkeypatch: Any
) -> None:
    monkeypatch.setattr(gate, "AT_ONCE", 0)
    factories.demonstration(factories.prompt(taught, input=TOLD_AGAIN), erin)
    hold_out(taught)
    version = frozen(taught, ada)
    assert LeakCheck.objects.get().status == "queued"
    round = launch(version, ada)
    assert [check.version for check in gate.waits_for(version)] == [version]
    assert gate.settle(version)
    assert gate.admit(version)
    assert round.status == "queued"


def test_freezing_again_without_the_rows_and_with_them(
    taught: Project, erin: User, ada: User, base_model: BaseModel, sign_in: Any
) -> None:
    factories.demonstration(factories.prompt(taught, input=TOLD_AGAIN, external_id="told-again"), erin)
    hold_out(taught)
    version = frozen(taught, ada)
    client: Client = sign_in(ada)
    page = client.get(f"/projects/{taught.pk}/datasets/{version.pk}/leaks/").content.decode()
    assert "told-again" in page
    assert "<mark>" in page
    client.post(f"/projects/{taught.pk}/datasets/{version.pk}/without-leaks/")
    apart = taught.dataset_versions.get(number=2)
    assert [(row.name, row.reason) for row in apart.left_out.all()] == [
        ("told-again", "Nearly the same as held-out held")
    ]
    assert launch(apart, ada).pk
    assert frozen(taught, ada) == version


def test_the_database_keeps_held_out_prompts_out_of_versions(taught: Project, ada: User) -> None:
    version, prompt = frozen(taught, ada), hold_out(taught)
    assert set(VersionPrompt.objects.values_list("version", flat=True)) == {version.pk}
    refuses_held_out_prompts(version, prompt)


def refuses_held_out_prompts(version: DatasetVersion, prompt: Prompt) -> None:
    """By raw SQL, past every model."""
    of_version = VersionPrompt._meta.get_field("version").get_db_prep_value(version.pk, connection)
    of_prompt = Prompt._meta.pk.get_db_prep_value(prompt.pk, connection)
    statements = [
        ("INSERT INTO training_versionprompt (version_id, prompt_id) VALUES (%s, %s)", [of_version, of_prompt]),
        ("UPDATE training_versionprompt SET prompt_id = %s", [of_prompt]),
        ("UPDATE training_versionrow SET prompt = %s", [of_prompt]),
        (
            'INSERT INTO training_versionrow (version_id, row, part, place, sha256, prompt, "group", revisions, people,'
            " erased) VALUES (%s, 'new', 'train', 0, '', %s, '', '[]', '[]', %s)",
            [of_version, of_prompt, False],
        ),
        ("UPDATE annotation_prompt SET answers_needed = 0, split = 'evaluation'", []),
    ]
    for sql, given in statements:
        with pytest.raises(IntegrityError, match=HELD_OUT if "versionrow" in sql else None):
            _execute(sql, given)


def _execute(sql: str, given: list[Any]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, given)
        connection.check_constraints()


def test_a_row_alone_keeps_its_prompt_from_being_held_out(taught: Project, ada: User) -> None:
    frozen(taught, ada)
    VersionPrompt.objects.all().delete()
    with pytest.raises(IntegrityError, match="teaches cannot be held out"):
        _execute("UPDATE annotation_prompt SET answers_needed = 0, split = 'evaluation'", [])


def test_older_versions_get_their_prompts_named(taught: Project, ada: User) -> None:
    """By the migration, and where they were not indexed yet; of those held out by now there is a leak instead."""
    version = frozen(taught, ada)
    named = set(VersionPrompt.objects.values_list("version", "prompt"))
    VersionPrompt.objects.all().delete()
    _execute(import_module("training.migrations.0017_version_prompts_filled").FILL, [])
    assert set(VersionPrompt.objects.values_list("version", "prompt")) == named
    VersionPrompt.objects.all().delete()
    VersionRow.objects.all().delete()
    held, *rest = [prompt for _version, prompt in named]
    Prompt.objects.filter(pk=held).update(split=Split.EVALUATION, answers_needed=0)
    DatasetVersion.objects.update(indexed_at=None)
    index.catch_up()
    assert set(VersionPrompt.objects.values_list("prompt", flat=True)) == set(rest)
    assert set(VersionRow.objects.values_list("prompt", flat=True)) == {*rest, None}
    assert version.rows.count() == len(OTHERS)


@pytest.mark.django_db(transaction=True)
def test_a_prompt_held_out_while_freezing_is_a_sentence(
    taught: Project, ada: User, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = freezing_run.keep

    def late(*given: Any) -> None:
        Prompt.objects.filter(input=OTHERS[0]).update(split=Split.EVALUATION, answers_needed=0)
        real(*given)

    monkeypatch.setattr(freezing_run, "keep", late)
    page = sign_in(ada).post(f"/projects/{taught.pk}/datasets/", {"kind": "demonstrations"})
    assert page.status_code == 422
    assert "A prompt of these rows is held out by now." in page.content.decode()
    assert not DatasetVersion.objects.exists()
    assert not any(settings.DATASETS_DIR.iterdir())  # nor its files


@pytest.mark.postgres
def test_all_of_this_on_postgresql(postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    env = {**os.environ, "DATABASE_URL": postgres_url, "DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not postgres", __file__]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:]
