"""Better answers in frozen preference pairs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from annotation.actions.exporting import lines
from annotation.models import Comparison, Correction, Project, Ranking, Split
from tests import factories
from training import actions
from training.freezing import datasets, preferences

pytestmark = pytest.mark.django_db


@pytest.fixture
def bad(project: Project, erin: Any) -> Comparison:
    """Two candidates that Erin calls bad, and her answer, approved."""
    comparison = factories.comparison(factories.prompt(project), ["Bad.", "Worse."], rankings_done=1)
    ids = [str(candidate.pk) for candidate in comparison.candidates.all()]
    Ranking.objects.create(comparison=comparison, ranker=erin, order=[ids], all_bad=True, acceptable=0)
    answer = factories.demonstration(comparison.prompt, erin, text="Good. ", guidelines=project.current_guidelines())
    Correction.objects.create(comparison=comparison, demonstration=answer, created_by=erin)
    return comparison


def test_it_freezes_a_better_answer_over_each_candidate_with_where_it_comes_from(project, bad, ada) -> None:
    version = actions.freeze(project=project, kind="preferences", by=ada)
    rows = [*datasets.training_rows(version), *datasets.validation_rows(version)]
    assert {row["rejected"][0]["content"] for row in rows} == {"Bad.", "Worse."}
    for row in rows:
        assert row["chosen"] == [{"role": "assistant", "content": "Good."}]
        assert (row["votes"], row["agreement"], row["strength"], row["origin"]) == (1, 1.0, 2.0, "better")
    manifest = json.loads((version.directory / "manifest.json").read_text())
    assert {row["origin"] for row in manifest["rows"]["train"]} == {"better"}
    assert version.statistics["corrected"] == 2
    exported = [json.loads(line) for line in lines(project, "preferences")]
    assert {row["origin"] for row in exported} == {"better"}


def test_it_freezes_ranked_pairs_with_their_strength(project, ada, erin) -> None:
    comparison = factories.comparison(factories.prompt(project), ["One.", "Two."], rankings_done=1)
    one, two = (str(candidate.pk) for candidate in comparison.candidates.all())
    Ranking.objects.create(comparison=comparison, ranker=erin, order=[[two], [one]], strength=2)
    (row,) = datasets.training_rows(actions.freeze(project=project, kind="preferences", by=ada))
    assert (row["strength"], row["origin"], row["votes"]) == (2.0, "ranked", 1)
    project.refresh_from_db()
    assert project.rankings_frozen_at is not None


def test_it_freezes_no_pair_of_two_below_the_line(project, ada, erin) -> None:
    comparison = factories.comparison(factories.prompt(project), ["One.", "Two.", "Three."], rankings_done=1)
    by_text = {candidate.text: str(candidate.pk) for candidate in comparison.candidates.all()}
    order = [[by_text["Two."]], [by_text["One."]], [by_text["Three."]]]
    Ranking.objects.create(comparison=comparison, ranker=erin, order=order, acceptable=1)
    rows = datasets.training_rows(actions.freeze(project=project, kind="preferences", by=ada))
    assert {(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in rows} == {
        ("Two.", "One."),
        ("Two.", "Three."),
    }


@pytest.mark.parametrize("status", ["draft", "submitted", "returned"])
def test_it_leaves_out_a_better_answer_that_nobody_approved(project, bad, ada, status) -> None:
    bad.prompt.demonstrations.update(status=status)
    with pytest.raises(ValidationError):
        actions.freeze(project=project, kind="preferences", by=ada)
    project.refresh_from_db()
    assert project.rankings_frozen_at is None, "nothing was frozen, so judgements may still be taken back"


def test_it_never_freezes_a_better_answer_of_a_held_out_prompt(project, bad, ada) -> None:
    bad.prompt.split = Split.EVALUATION
    bad.prompt.save()
    with pytest.raises(ValidationError):
        actions.freeze(project=project, kind="preferences", by=ada)
    assert list(lines(project, "preferences")) == []


def test_it_makes_one_pair_of_an_answer_that_is_better_twice(project, bad, ada, erin) -> None:
    answer = bad.prompt.demonstrations.get()
    edited = bad.candidates.order_by("pk").first()
    Correction.objects.create(comparison=bad, demonstration=answer, edited=edited, created_by=erin)
    rows = list(preferences.preference_rows(project))
    assert len(rows) == 2
    assert len({row.id for row in rows}) == 2


@pytest.mark.parametrize("also_the_original", [True, False])
def test_it_makes_one_pair_of_an_answer_that_is_better_again_when_somebody_is_asked_again(
    project, bad, erin, also_the_original
) -> None:
    repeat = factories.comparison(bad.prompt, ["Worse.", "Bad."], rankings_needed=0, repeat_of=bad, repeat_for=erin)
    answer, edited = bad.prompt.demonstrations.get(), repeat.candidates.get(text="Bad.")
    Correction.objects.create(comparison=repeat, demonstration=answer, edited=edited, created_by=erin)
    if not also_the_original:
        bad.corrections.all().delete()
    rows = list(preferences.preference_rows(project))
    assert [row.content["rejected"][0]["content"] for row in rows].count("Bad.") == 1
    assert len(rows) == (2 if also_the_original else 1)
    assert {row.id.split(":")[0] for row in rows} == {str(bad.pk)}
    assert {row.content["rankers"] for row in rows} == {1}
    assert sum(row.content["weight"] for row in rows) == pytest.approx(1)
    exported = [json.loads(line) for line in lines(project, "preferences")]
    assert len(exported) == len(rows)
