"""Freezing: what goes in, on which side, under which hash."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from annotation import templating
from annotation.models import Event, Project, Ranking, Split
from tests import factories
from training import actions
from training.freezing import datasets
from training.freezing.row import row_sha256
from training.models import DatasetVersion
from training.run_dir import read_rows

pytestmark = pytest.mark.django_db


def everything(version: DatasetVersion) -> list[dict[str, Any]]:
    return [*datasets.training_rows(version), *datasets.validation_rows(version)]


def test_it_freezes_approved_demonstrations_in_the_projects_template(project: Project, ada: Any, erin: Any) -> None:
    project.instruction_template = "Task: {instruction}\nNote: {input}"
    project.save()
    prompt = factories.prompt(project, instruction="Summarise {input}", input="the roof leaks")
    demonstration = factories.demonstration(prompt, erin, text=" Repair it. ", guidelines=project.current_guidelines())
    version = actions.freeze(kind="demonstrations", project=project, by=ada, description=" First ")
    (row,) = everything(version)
    assert row == {
        "id": str(demonstration.pk),
        "prompt_id": str(prompt.pk),
        "group": prompt.group,
        "prompt": [{"role": "user", "content": "Task: Summarise {input}\nNote: the roof leaks"}],
        "completion": [{"role": "assistant", "content": "Repair it."}],
    }
    assert (version.number, version.description, version.train_rows) == (1, "First", 1)
    assert version.statistics["guidelines"] == {"1": 1}
    manifest = json.loads((version.directory / "manifest.json").read_text())
    source = {"id": row["id"], "prompt_id": row["prompt_id"], "guidelines": 1, "people": [erin.pk]}
    assert manifest["rows"]["train"] == [{**source, "sha256": row_sha256(row)}]
    assert manifest["counts"] == {"train": 1, "validation": 0}
    assert Event.objects.filter(verb="froze", actor=ada).count() == 1


def test_it_asks_after_what_was_said_before(project: Project, ada: Any, erin: Any) -> None:
    said = [{"role": "user", "content": "Who leased it?"}, {"role": "assistant", "content": "Mr. Ode."}]
    prompt = factories.prompt(project, instruction="Since when?", input="", history=said)
    factories.demonstration(prompt, erin, text="Since 2019.")
    (row,) = everything(actions.freeze(kind="demonstrations", project=project, by=ada))
    assert row["prompt"] == [*said, {"role": "user", "content": "Since when?"}]
    assert row["completion"] == [{"role": "assistant", "content": "Since 2019."}]


@pytest.mark.parametrize("status", ["draft", "submitted", "returned"])
def test_it_leaves_out_what_nobody_has_approved(project: Project, ada: Any, erin: Any, status: str) -> None:
    factories.demonstration(factories.prompt(project), erin, status=status)
    with pytest.raises(ValidationError) as refused:
        actions.freeze(kind="demonstrations", project=project, by=ada)
    assert "no approved demonstration" in refused.value.message_dict["kind"][0]


def test_it_never_freezes_held_out_prompts(taught: Project, ada: Any, erin: Any) -> None:
    held_out = factories.prompt(taught, split=Split.EVALUATION)
    factories.demonstration(held_out, erin)
    factories_comparison(held_out, erin)
    version = actions.freeze(kind="demonstrations", project=taught, by=ada)
    assert str(held_out.pk) not in {row["prompt_id"] for row in everything(version)}
    with pytest.raises(ValidationError):
        actions.freeze(kind="preferences", project=taught, by=ada)


def test_it_finds_the_version_there_is_when_nothing_changed(taught: Project, ada: Any, erin: Any) -> None:
    first = actions.freeze(kind="demonstrations", project=taught, by=ada, description="One")
    again = actions.freeze(kind="demonstrations", project=taught, by=ada, description="Two")
    assert (first.is_new, again.is_new, first.pk) == (True, False, again.pk)
    factories.demonstration(factories.prompt(taught), erin)
    third = actions.freeze(kind="demonstrations", project=taught, by=ada)
    assert (third.is_new, third.number) == (True, 2)
    assert third.sha256 != first.sha256
    assert datasets.intact(first)


def test_it_uses_the_projects_own_validation_prompts(taught: Project, ada: Any, erin: Any) -> None:
    aside = factories.prompt(taught, split=Split.VALIDATION)
    factories.demonstration(aside, erin)
    version = actions.freeze(kind="demonstrations", project=taught, by=ada)
    assert [row["prompt_id"] for row in datasets.validation_rows(version)] == [str(aside.pk)]
    assert version.train_rows == 12


def test_it_sets_whole_groups_aside_where_there_are_none(project: Project, ada: Any, erin: Any) -> None:
    for number in range(60):
        factories.demonstration(factories.prompt(project, group=f"matter-{number // 3}"), erin)
    version = actions.freeze(kind="demonstrations", project=project, by=ada)
    train = {row["group"] for row in datasets.training_rows(version)}
    aside = {row["group"] for row in datasets.validation_rows(version)}
    assert not train & aside
    assert (len(train), len(aside), version.validation_rows) == (18, 2, 6)


def factories_comparison(prompt: Any, *rankers: Any, texts: list[str] | None = None, all_bad: bool = False) -> Any:
    """A comparison that all of them ranked: the first text best, the rest in a tie."""
    made = factories.comparison(
        prompt, texts or ["Good", "Bad"], rankings_needed=len(rankers), rankings_done=len(rankers)
    )
    ids = {candidate.text: str(candidate.pk) for candidate in made.candidates.all()}
    best, *rest = [ids[text] for text in texts or ["Good", "Bad"]]
    for ranker in rankers:
        Ranking.objects.create(comparison=made, ranker=ranker, order=[[best], rest], all_bad=all_bad)
    return made


def test_it_freezes_the_pairs_that_rankers_agree_on(project: Project, ada: Any, erin: Any, eve: Any) -> None:
    prompt = factories.prompt(project)
    made = factories_comparison(prompt, erin, eve, texts=["Good", "Bad", "Worse"])
    version = actions.freeze(kind="preferences", project=project, by=ada)
    rows = everything(version)
    assert [(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in rows] in (
        [("Good", "Bad"), ("Good", "Worse")],
        [("Good", "Worse"), ("Good", "Bad")],
    )
    assert all(row["id"].startswith(str(made.pk)) for row in rows)
    assert rows[0]["prompt"] == datasets.question(prompt, project.instruction_template)
    assert version.statistics["people"] == 2
    assert actions.freeze(kind="preferences", project=project, by=ada).pk == version.pk


def test_it_takes_no_pairs_where_rankers_disagree_or_all_is_bad(
    project: Project, ada: Any, erin: Any, eve: Any
) -> None:
    disputed = factories_comparison(factories.prompt(project), erin, eve)
    second = disputed.rankings.get(ranker=eve)
    second.order = second.order[::-1]
    second.save()
    factories_comparison(factories.prompt(project), erin, all_bad=True)
    unfinished = factories_comparison(factories.prompt(project), erin)
    type(unfinished).objects.filter(pk=unfinished.pk).update(rankings_needed=2)
    with pytest.raises(ValidationError) as refused:
        actions.freeze(kind="preferences", project=project, by=ada)
    assert "no preference pair" in refused.value.message_dict["kind"][0]


def test_it_warns_when_training_gives_held_out_prompts_away(taught: Project, ada: Any) -> None:
    ours = taught.prompts.first()
    assert ours is not None
    factories.prompt(taught, input=ours.input.upper(), split=Split.EVALUATION)
    version = actions.freeze(kind="demonstrations", project=taught, by=ada)
    leak = version.leaks.worst_first()[0]
    assert leak.kind == "exact"
    assert ours.input[:40] in leak.text


def test_it_notices_when_a_frozen_file_changes(dataset: DatasetVersion) -> None:
    assert datasets.intact(dataset)
    rows = read_rows(dataset.directory / datasets.TRAIN)
    (dataset.directory / datasets.TRAIN).write_text(json.dumps(rows[0]) + "\n")
    assert not datasets.intact(dataset)


@pytest.mark.parametrize(
    ("template", "instruction", "input", "asked"),
    [
        ("{instruction}\n\n{input}", "Do this.", "", "Do this."),
        ("{instruction}", "{input} {0} %s {{x}}", "secret", "{input} {0} %s {{x}}"),
        ("{input}{input}", "i", "ab", "abab"),
        ("{instruction.__class__} {instruction}", "x", "", "{instruction.__class__} x"),
    ],
)
def test_it_fills_templates_without_running_anything(template: str, instruction: str, input: str, asked: str) -> None:
    assert templating.render(template, instruction, input) == asked
