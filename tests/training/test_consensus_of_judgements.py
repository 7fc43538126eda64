"""How several people's lines become good and bad answers: by choice, with how sure each is, the same every time."""

from __future__ import annotations

import json
import random
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.actions import deciding
from annotation.models import Comparison, Project, Ranking
from annotation.quality.agreed import FEWEST_SHARED
from tests import factories
from training import actions
from training.freezing import datasets, preferences
from training.models import DatasetVersion

pytestmark = pytest.mark.django_db

Truth = dict[str, bool]


def place(comparison: Comparison, by: User, good: Truth, **fields: Any) -> Ranking:
    """One group above the line and one below it, of candidates by their texts."""
    texts = {candidate.text: str(candidate.pk) for candidate in comparison.candidates.all()}
    groups = [[texts[text] for text in sorted(good) if good[text] is side] for side in (True, False)]
    above = bool(groups[0])
    order = [group for group in groups if group]
    return Ranking.objects.create(
        comparison=comparison, ranker=by, order=order, acceptable=int(above), all_bad=not above, **fields
    )


@pytest.fixture
def truth(project: Project, erin: Any, oscar: Any, eve: Any, rita: Any) -> Truth:
    """Three of four rank each comparison. Erin and Oscar are right nine times in ten, Eve calls everything good, Rita
    guesses."""
    lot, gold = random.Random(11), {}
    for number in range(FEWEST_SHARED + 10):
        known = {f"Text {number}-{each}": lot.random() < 0.5 for each in range(3)}
        gold.update(known)
        made = factories.comparison(factories.prompt(project), list(known), rankings_needed=3, rankings_done=3)
        said = {
            erin: {text: good if lot.random() < 0.9 else not good for text, good in known.items()},
            oscar: {text: good if lot.random() < 0.9 else not good for text, good in known.items()},
            eve: dict.fromkeys(known, True),
            rita: {text: lot.random() < 0.5 for text in known},
        }
        for person in lot.sample(list(said), 3):
            place(made, person, said[person])
    return gold


def everything(version: DatasetVersion) -> list[dict[str, Any]]:
    return [*datasets.training_rows(version), *datasets.validation_rows(version)]


def text_of(row: dict[str, Any]) -> str:
    return row["completion"][0]["content"]


def right(version: DatasetVersion, truth: Truth) -> tuple[float, int]:
    """The share of the rows whose label is true, and how many."""
    held = [row["label"] == truth[text_of(row)] for row in everything(version)]
    return sum(held) / len(held), sum(held)


def test_weighted_rows_agree_with_what_is_true_more_often_than_those_of_the_majority(
    project: Project, ada: Any, truth: Truth
) -> None:
    weighted = actions.freeze(kind="judgements", project=project, by=ada)
    majority = actions.freeze(kind="judgements", project=project, by=ada, consensus="majority")
    assert (weighted.statistics["consensus"], majority.statistics["consensus"]) == ("weighted", "majority")
    (share, number), (share_before, number_before) = right(weighted, truth), right(majority, truth)
    assert share > share_before + 0.05
    assert number > number_before


def test_the_same_rankings_give_the_same_version(project: Project, ada: Any, truth: Truth) -> None:
    first = actions.freeze(kind="judgements", project=project, by=ada, consensus="weighted")
    again = actions.freeze(kind="judgements", project=project, by=ada, consensus="weighted")
    assert (again.pk, again.sha256, again.is_new) == (first.pk, first.sha256, False)
    assert actions.freeze(kind="judgements", project=project, by=ada).pk == first.pk, "weighted, by itself"


def test_versions_frozen_before_stay_as_they_are(project: Project, ada: Any, truth: Truth, erin: Any) -> None:
    before = actions.freeze(kind="judgements", project=project, by=ada, consensus="majority")
    written = {path.name: path.read_bytes() for path in before.directory.iterdir()}
    later = actions.freeze(kind="judgements", project=project, by=ada, consensus="weighted")
    assert (later.number, later.sha256 != before.sha256) == (2, True)
    assert {path.name: path.read_bytes() for path in before.directory.iterdir()} == written
    assert datasets.intact(before)


def test_it_takes_the_majority_by_itself_where_little_is_shared(
    project: Project, ada: Any, erin: Any, eve: Any
) -> None:
    for number in range(3):
        made = factories.comparison(
            factories.prompt(project), [f"Good {number}", f"Bad {number}"], rankings_needed=2, rankings_done=2
        )
        for person in (erin, eve):
            place(made, person, {f"Good {number}": True, f"Bad {number}": False})
    version = actions.freeze(kind="judgements", project=project, by=ada)
    assert version.statistics["consensus"] == "majority"
    assert {row["probability"] for row in everything(version)} == {0.75}


def test_each_row_of_a_candidate_carries_how_sure_its_label_is(
    project: Project, ada: Any, erin: Any, truth: Truth
) -> None:
    factories.demonstration(factories.prompt(project), erin, text="Approved")
    version = actions.freeze(kind="judgements", project=project, by=ada, consensus="weighted")
    rows = {text_of(row): row for row in everything(version)}
    assert "probability" not in rows.pop("Approved")
    for row in rows.values():
        assert 0.666 <= row["probability"] <= 1
        assert (row["rankers"], row["origin"], row["consensus"]) == (3, "ranked", "weighted")
    manifest = json.loads((version.directory / "manifest.json").read_text())
    sources = {each["id"]: each for part in manifest["rows"].values() for each in part}
    assert all(sources[row["id"]]["consensus"] == "weighted" for row in rows.values())


def test_a_known_answer_and_a_decision_stand_in_place_of_people(
    project: Project, ada: Any, rita: Any, truth: Truth
) -> None:
    known, decided, preferred = Comparison.objects.order_by("prompt__position")[:3]
    for one in (known, decided, preferred):
        one.rankings.filter(ranker=rita).delete()
    order = [[str(each.pk) for each in known.candidates.all()]]
    deciding.mark_known(comparison=known, by=ada, order=order, all_bad=True)
    order = [[str(each.pk) for each in decided.candidates.all()]]
    deciding.decide(comparison=decided, by=rita, order=order, all_bad=True, reason="All invent a date.")
    order = [[str(each.pk)] for each in preferred.candidates.all()]
    deciding.decide(comparison=preferred, by=rita, order=order, reason="The first has the date.")
    found: dict[str, list[Any]] = {}
    for row in preferences.judgement_rows(project, "weighted"):
        found.setdefault(row.id.split(":")[0], []).append(row.content)
    for one, origin in ((known, "known answer"), (decided, "decided")):
        rows = found[str(one.pk)]
        assert len(rows) == 3
        for row in rows:
            assert (row["label"], row["probability"], row["origin"], row["consensus"]) == (False, 0.95, origin, "")
    assert str(preferred.pk) not in found, "who only said which is better said of none that it is good"


def test_repeats_and_what_was_ranked_in_training_do_not_count(project: Project, ada: Any, truth: Truth) -> None:
    before = preferences.judgement_rows(project, "weighted")
    first = Comparison.objects.order_by("prompt__position").first()
    assert first is not None
    texts = [candidate.text for candidate in first.candidates.all()]
    place(first, ada, dict.fromkeys(texts, False), in_training=True)
    again = factories.comparison(
        first.prompt, texts, rankings_needed=1, rankings_done=1, repeat_of=first, repeat_for=ada
    )
    place(again, ada, dict.fromkeys(texts, False))
    after = preferences.judgement_rows(project, "weighted")
    assert [(row.id, row.content["label"], row.content["probability"]) for row in after] == [
        (row.id, row.content["label"], row.content["probability"]) for row in before
    ]


def test_it_can_be_chosen_on_the_page_by_the_command_and_by_the_api(
    sign_in: Any, project: Project, ada: Any, truth: Truth
) -> None:
    client = sign_in(ada)
    page = reverse("datasets", args=[project.pk])
    assert "For preference pairs and judgements" in client.get(page).content.decode()
    made = client.post(page, {"kind": "judgements", "consensus": "weighted", "description": ""})
    weighted = project.dataset_versions.get()
    assert weighted.statistics["consensus"] == "weighted"
    assert "by how reliable each of them is" in client.get(made.url).content.decode()
    arguments = {"project": project.name, "kind": "judgements", "by": "ada"}
    call_command("freeze", consensus="majority", stdout=StringIO(), **arguments)
    majority = project.dataset_versions.exclude(pk=weighted.pk).get()
    assert majority.statistics["consensus"] == "majority"
    api = APIClient()
    api.force_authenticate(ada)
    url = f"/api/v1/projects/{project.pk}/datasets/"
    answer = api.post(url, {"kind": "judgements", "consensus": "majority"}, format="json")
    assert (answer.status_code, answer.json()["id"]) == (200, str(majority.pk))
    assert api.post(url, {"kind": "judgements", "consensus": "best"}, format="json").status_code == 400
