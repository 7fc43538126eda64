"""How several people's rankings become frozen pairs: by choice, with what each pair rests on, once for each prompt."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.actions import deciding
from annotation.models import Comparison, Project, Ranking
from annotation.quality.agreed import FEWEST_SHARED
from tests import factories
from tests.annotation.quality_house import comparisons, ids, judge
from training import actions
from training.freezing import datasets
from training.params import DPOParams
from training.recipes import pairs

pytestmark = pytest.mark.django_db


def rows(version: Any) -> list[dict[str, Any]]:
    return [*datasets.training_rows(version), *datasets.validation_rows(version)]


@pytest.fixture
def crowd(project: Project, erin: Any, eve: Any, rita: Any) -> list[Comparison]:
    """Erin and Eve are right; Rita is wrong every second time."""
    made = comparisons(project, FEWEST_SHARED + 4, rankings_needed=3)
    for at, one in enumerate(made):
        judge(one, erin, "Good", strength=2)
        judge(one, eve, "Good")
        judge(one, rita, "Good" if at % 2 else "Bad")
    return made


def test_it_takes_the_majority_by_itself_where_little_is_shared_and_weighs_from_enough_on(
    project: Project, ada: Any, erin: Any, eve: Any
) -> None:
    for one in comparisons(project, 3):
        judge(one, erin)
        judge(one, eve)
    few = actions.freeze(kind="preferences", project=project, by=ada)
    assert few.statistics["consensus"] == "majority"
    for one in comparisons(project, FEWEST_SHARED):
        judge(one, erin)
        judge(one, eve)
    assert actions.freeze(kind="preferences", project=project, by=ada).statistics["consensus"] == "weighted"
    chosen = actions.freeze(kind="preferences", project=project, by=ada, consensus="majority")
    assert chosen.statistics["consensus"] == "majority"


def test_it_takes_what_the_projects_settings_say_unless_something_else_is_chosen(
    project: Project, ada: Any, crowd: list[Comparison], sign_in: Any
) -> None:
    def frozen(**chosen: str) -> str:
        version = actions.freeze(kind="preferences", project=project, by=ada, **chosen)
        return version.statistics["consensus"]

    assert frozen() == "weighted"
    call_command("change_project", project=project.name, consensus="majority", by="ada")
    project.refresh_from_db()
    assert [frozen(), frozen(consensus="weighted"), frozen(consensus="automatic")] == ["majority", *["weighted"] * 2]
    page = sign_in(ada).get(reverse("datasets", args=[project.pk])).content.decode()
    assert '<option value="majority" selected>' in page


def test_the_api_knows_the_setting(project: Project, ada: Any, crowd: list[Comparison], sign_in: Any) -> None:
    client, home = sign_in(ada), reverse("api_project", args=[project.pk])
    headers = {"content_type": "application/json"}
    assert client.get(home).json()["consensus"] == "automatic"
    assert client.patch(home, {"consensus": "majority"}, **headers).json()["consensus"] == "majority"
    assert client.patch(home, {"consensus": "the loudest"}, **headers).status_code == 400
    freeze = reverse("api_datasets", args=[project.pk])
    for chosen, found in (({}, "majority"), ({"consensus": "automatic"}, "weighted"), ({"consensus": ""}, "majority")):
        made = client.post(freeze, {"kind": "preferences", **chosen}, **headers)
        assert made.json()["statistics"]["consensus"] == found


def test_each_pair_carries_what_it_rests_on(project: Project, ada: Any, crowd: list[Comparison]) -> None:
    version = actions.freeze(kind="preferences", project=project, by=ada, consensus="weighted")
    (row,) = [row for row in rows(version) if row["id"].startswith(str(crowd[0].pk))]
    assert (row["votes"], row["judged"], row["rankers"], row["origin"]) == (2, 3, 3, "ranked")
    assert row["agreement"] == 0.667
    assert row["strength"] == 1.5
    assert 0.6 <= row["probability"] < 1
    assert row["consensus"] == "weighted"
    (source,) = [
        source
        for part in json.loads((version.directory / "manifest.json").read_text())["rows"].values()
        for source in part
        if source["id"] == row["id"]
    ]
    assert (source["origin"], source["consensus"], source["rankers"]) == ("ranked", "weighted", 3)


def test_no_prompt_counts_more_than_another(project: Project, ada: Any, erin: Any) -> None:
    few, many = factories.prompt(project), factories.prompt(project)
    for prompt, texts in [(few, ["Good", "Bad"]), (many, ["Good", "Bad", "Worse", "Worst", "Poor"])]:
        made = factories.comparison(prompt, texts, rankings_needed=1, rankings_done=1)
        order = [[str(each.pk)] for each in made.candidates.all()]
        Ranking.objects.create(comparison=made, ranker=erin, order=order, shown=[each[0] for each in order])
    version = actions.freeze(kind="preferences", project=project, by=ada)
    weight: dict[str, float] = defaultdict(float)
    for row in rows(version):
        weight[row["prompt_id"]] += row["weight"]
    assert len(rows(version)) == 11
    assert {key: round(total, 3) for key, total in weight.items()} == {str(few.pk): 1.0, str(many.pk): 1.0}


def test_a_decision_and_a_known_answer_are_frozen_once_and_kept_by_training(
    project: Project, ada: Any, erin: Any, eve: Any, rita: Any
) -> None:
    first, second = comparisons(project, 2)
    judge(first, erin, "Bad")
    judge(first, eve, "Good")
    first.refresh_from_db()
    good, bad = ids(first)["Good"], ids(first)["Bad"]
    deciding.decide(comparison=first, by=rita, order=[[good], [bad]], strength=2, reason="It has the date.")
    known = ids(second)
    deciding.mark_known(comparison=second, by=rita, order=[[known["Good"]], [known["Bad"]]])
    version = actions.freeze(kind="preferences", project=project, by=ada)
    found = {row["origin"]: row for row in rows(version)}
    assert set(found) == {"decided", "known answer"}
    assert found["decided"]["chosen"][0]["content"].startswith("Good")
    assert (found["decided"]["votes"], found["decided"]["judged"], found["decided"]["rankers"]) == (1, 1, 2)
    assert version.statistics["origins"] == {"decided": 1, "known answer": 1}
    assert len(pairs.pick(rows(version), DPOParams()).rows) == 2


def test_training_keeps_a_pair_that_fewer_but_more_reliable_people_prefer() -> None:
    row = {"votes": 1, "judged": 3, "agreement": 0.333, "strength": 1.0}
    assert pairs.pick([row], DPOParams()).rows == [row]
    assert pairs.pick([row], DPOParams(min_agreement=0.6)).rows == []


def test_it_can_be_chosen_on_the_page_and_by_the_command(sign_in: Any, project: Project, ada: Any, crowd: Any) -> None:
    client = sign_in(ada)
    page = reverse("datasets", args=[project.pk])
    assert f"from {FEWEST_SHARED} comparisons on" in client.get(page).content.decode()
    made = client.post(page, {"kind": "preferences", "consensus": "majority", "description": ""})
    version = project.dataset_versions.get()
    assert version.statistics["consensus"] == "majority"
    html = client.get(made.url).content.decode()
    assert "Preferred by 3 rankers" in html
    call_command("freeze", project=project.name, kind="preferences", consensus="weighted", by="ada")
    assert project.dataset_versions.order_by("number").last().statistics["consensus"] == "weighted"


def test_versions_frozen_before_stay_readable(sign_in: Any, project: Project, ada: Any, crowd: Any) -> None:
    version = actions.freeze(kind="preferences", project=project, by=ada)
    lines = (version.directory / "train.jsonl").read_text()
    for name in ("probability", "weight", "consensus", "origin", "judged", "rankers"):
        assert f'"{name}"' in lines
    old = [
        {k: v for k, v in row.items() if k not in ("probability", "weight", "origin", "judged")}
        for row in rows(version)
    ]
    assert pairs.pick(old, DPOParams()).rows == old
