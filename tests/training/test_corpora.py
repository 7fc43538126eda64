"""A corpus on its way to a round: frozen, checked for held-out prompts, read, and built upon."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from annotation.actions.corpus import delete_documents, import_documents
from annotation.corpus import Text
from annotation.models import Project, Split
from tests import factories
from tests.evaluation.factories import adapter
from training import actions, choosing, wording
from training.freezing import datasets
from training.methods import METHODS
from training.models import BaseModel, DatasetVersion, TrainingRound
from training.run_dir import read_rows
from training.running import kinds

HELD_OUT = (
    "Ms Okafor moved out on the fourteenth of February and handed back both keys; the landlord has kept her deposit "
    "of 1,450 dollars without sending the list of damages that the law of the state asks for within thirty days."
)


def letter(number: int, inside: str = "") -> str:
    return f"Dear client {number}, we write about matter {number * 7}. {inside} We remain at your service in all of it."


def imported(project: Project, by: User, *texts: str) -> None:
    items = [Text(f"Letter {number}", text, "", "letters.zip") for number, text in enumerate(texts)]
    import_documents(project=project, texts=items, by=by)


@pytest.fixture
def read_project(project: Project, ada: User) -> Project:
    imported(project, ada, *map(letter, range(40)))
    return project


@pytest.fixture
def corpus(read_project: Project, ada: User) -> DatasetVersion:
    return actions.freeze(kind="corpus", project=read_project, by=ada)


def launch(version: DatasetVersion, by: User, **options: Any) -> TrainingRound:
    params = choosing.preset_params("pretrain", "quick")
    return actions.launch_round(
        project=version.project, method="pretrain", dataset_version=version, params=params, by=by, **options
    )


def test_it_freezes_the_corpus_with_its_own_figures(corpus: DatasetVersion, read_project: Project, ada: User) -> None:
    assert str(corpus) == "Corpus v1"
    rows = [*datasets.training_rows(corpus), *datasets.validation_rows(corpus)]
    first = read_project.documents.order_by("created_at")[0]
    assert {"id": str(first.pk), "group": first.sha256[:16], "title": "Letter 0", "text": letter(0)} in rows
    held_out = {row["id"] for row in datasets.validation_rows(corpus)}
    assert held_out == {str(one.pk) for one in read_project.documents.filter(split="validation")}
    assert corpus.statistics["texts"] == 40
    assert corpus.statistics["text_words"]["median"] == 17
    assert not corpus.leaks.exists()
    again = actions.freeze(kind="corpus", project=read_project, by=ada)
    assert (again.pk, again.is_new) == (corpus.pk, False)


def test_it_keeps_frozen_texts_when_they_are_deleted(corpus: DatasetVersion, read_project: Project, ada: User) -> None:
    delete_documents(project=read_project, documents=read_project.documents.all(), by=ada)
    assert datasets.intact(corpus)
    with pytest.raises(ValidationError, match="There is no text yet"):
        actions.freeze(kind="corpus", project=read_project, by=ada)


@pytest.mark.parametrize(
    ("inside", "share"),
    [
        (HELD_OUT, "all of"),
        (HELD_OUT.upper().replace(",", " ,"), "all of"),
        (HELD_OUT.replace("both keys", "the keys"), "86% of"),
    ],
)
def test_it_refuses_texts_that_hold_a_held_out_prompt(
    project: Project, ada: User, base_model: BaseModel, rung: Any, inside: str, share: str
) -> None:
    imported(project, ada, *map(letter, range(5)), letter(6, inside))
    version = actions.freeze(kind="corpus", project=project, by=ada)
    factories.prompt(project, input=HELD_OUT, split=Split.EVALUATION, external_id="okafor")
    with pytest.raises(ValidationError) as refused:
        launch(version, ada)
    (sentence,) = refused.value.message_dict["dataset_version"]
    assert f"“Letter 5” holds {share} held-out okafor: “" in sentence
    assert "Freeze again without these rows" in sentence
    assert not project.rounds.exists()


def test_it_lets_texts_be_that_only_touch_what_is_held_out(
    corpus: DatasetVersion, read_project: Project, ada: User, base_model: BaseModel, rung: Any
) -> None:
    factories.prompt(read_project, instruction="Sum up.", input="the deposit", split=Split.EVALUATION)
    factories.prompt(read_project, input=f"{HELD_OUT} We remain at your service in all of it.", split=Split.EVALUATION)
    assert launch(corpus, ada).method == "pretrain"


def test_it_warns_at_once_when_freezing(project: Project, ada: User, sign_in: Any) -> None:
    factories.prompt(project, input=HELD_OUT, split=Split.EVALUATION)
    imported(project, ada, letter(1, HELD_OUT), letter(2))
    version = actions.freeze(kind="corpus", project=project, by=ada)
    assert version.leaks.count() == 1
    page = sign_in(ada).get(f"/projects/{project.pk}/datasets/{version.pk}/").content.decode()
    assert "See them side by side" in page


def test_it_gives_the_recipe_texts_and_nothing_else(
    corpus: DatasetVersion, ada: User, base_model: BaseModel, rung: Any, tmp_path: Any
) -> None:
    round = launch(corpus, ada)
    run_dir = round.run_dir(1)
    run_dir.path.mkdir(parents=True)
    kinds.ROUND.write_inputs(round, run_dir)
    assert {tuple(row) for row in read_rows(run_dir.train)} == {("id", "text")}
    assert run_dir.read_params()["recipe"] == "pretrain"


def test_it_asks_for_the_settings_that_matter(read_project: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    empty = client.get(f"/projects/{read_project.pk}/rounds/new/?method=pretrain").content.decode()
    assert "No texts to read yet" in empty
    actions.freeze(kind="corpus", project=read_project, by=ada)
    form = client.get(f"/projects/{read_project.pk}/rounds/new/?method=pretrain").content.decode()
    assert 'name="max_length"' in form
    assert 'name="allow_truncation"' not in form


def test_it_starts_sft_from_the_adapter_that_has_read(
    taught: Project, dataset: DatasetVersion, base_model: BaseModel, ada: User, sign_in: Any
) -> None:
    other = adapter(taught, base_model=base_model)
    reader = adapter(taught, "pretrain", base_model=base_model)
    page = sign_in(ada).get(f"/projects/{taught.pk}/rounds/new/?method=sft").content.decode()
    assert f'<option value="{reader.pk}" selected>Pre-training adapter of round' in page
    assert "has read your texts: demonstrations build on it." in page
    assert choosing.likely_parent(taught) == str(other.pk)


def test_it_says_how_much_less_the_texts_surprise(
    corpus: DatasetVersion, ada: User, base_model: BaseModel, rung: Any
) -> None:
    round = launch(corpus, ada)
    round.status = "succeeded"
    round.result = {"eval_loss_before": 3.44, "eval_loss": 3.21, "perplexity_before": 31.187, "perplexity": 24.779}
    assert wording.sentence(round) == (
        "Done. A held-out page of your texts surprises the model less: perplexity 31.2 before, 24.8 after."
    )
    round.result |= {"perplexity": 40.0}
    assert "surprises the model more: perplexity 31.2 before, 40.0 after." in wording.sentence(round)


def test_it_counts_texts_and_blocks_in_words() -> None:
    part = {"rows": 12, "texts": 38, "tokens": {"min": 509, "median": 510, "max": 510}, "total_tokens": 6114}
    part |= {"trained_share": 1.0, "truncated": {"count": 0}}
    found = wording.findings({"train": part, "validation": {"rows": 0, "tokens": {}}})
    assert found[0] == "To learn from: 38 texts with 6,114 tokens, read in 12 blocks of up to 510 tokens."


def test_its_presets_read_in_blocks() -> None:
    presets = METHODS["pretrain"].presets
    assert {preset.params.max_length for preset in presets.values()} == {512}
    assert presets["careful"].params.learning_rate < presets["standard"].params.learning_rate
