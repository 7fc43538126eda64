"""What rankings say beyond which answer is better: how sure the pair is, and what is bad altogether."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.models import Adjudication, Comparison, Project, Ranking, Split
from tests import factories
from training import actions
from training.freezing import datasets, preferences
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, Preflight, TrainingRound

pytestmark = pytest.mark.django_db


def everything(version: DatasetVersion) -> list[dict[str, Any]]:
    return [*datasets.training_rows(version), *datasets.validation_rows(version)]


def ranked(
    prompt: Any, orders: dict[Any, list[list[str]]], *, all_bad: bool = False, line: int | None = None
) -> Comparison:
    """A comparison of the named candidates with one ranking for each person; above the line, so many groups."""
    names = sorted({name for order in orders.values() for group in order for name in group})
    made = factories.comparison(prompt, names, rankings_needed=len(orders), rankings_done=len(orders))
    ids = {candidate.text: str(candidate.pk) for candidate in made.candidates.all()}
    for ranker, order in orders.items():
        groups = [[ids[name] for name in group] for group in order]
        Ranking.objects.create(comparison=made, ranker=ranker, order=groups, all_bad=all_bad, acceptable=line)
    return made


def test_it_freezes_how_sure_each_pair_is(project: Project, ada: Any, erin: Any, eve: Any, rita: Any) -> None:
    orders = {
        erin: [["Good"], ["Fair"], ["Poor"]],
        eve: [["Good"], ["Fair", "Poor"]],
        rita: [["Fair"], ["Good"], ["Poor"]],
    }
    ranked(factories.prompt(project), orders)
    rows = everything(actions.freeze(kind="preferences", project=project, by=ada))
    found = {
        (row["chosen"][0]["content"], row["rejected"][0]["content"]): (row["votes"], row["agreement"], row["strength"])
        for row in rows
    }
    assert found == {
        ("Good", "Fair"): (2, 0.667, 1.0),
        ("Good", "Poor"): (3, 1.0, 1.333),
        ("Fair", "Poor"): (2, 0.667, 1.5),
    }


@pytest.fixture
def judged(taught: Project, ada: Any, erin: Any, eve: Any) -> DatasetVersion:
    """Twelve approved demonstrations and two candidates that both rankers call bad."""
    prompt = taught.prompts.first()
    ranked(prompt, {each: [["Wrong"], ["Empty"]] for each in (erin, eve)}, all_bad=True)
    return actions.freeze(kind="judgements", project=taught, by=ada)


def test_it_freezes_demonstrations_as_good_and_candidates_that_are_all_bad_as_bad(judged: DatasetVersion) -> None:
    rows = everything(judged)
    assert [row["completion"][0]["content"] for row in rows if not row["label"]] == ["Empty", "Wrong"] or [
        row["completion"][0]["content"] for row in rows if not row["label"]
    ] == ["Wrong", "Empty"]
    assert sum(row["label"] for row in rows) == 12
    assert (judged.statistics["good"], judged.statistics["bad"]) == (12, 2)
    assert str(judged) == "Judgements v1"


def test_it_takes_no_answer_as_good_and_bad_at_once_nor_what_few_call_bad(
    judged: DatasetVersion, ada: Any, erin: Any, eve: Any
) -> None:
    project = judged.project
    prompts = list(project.prompts.all())
    ranked(prompts[1], {erin: [[factories.RESPONSE], ["Vague"]]}, all_bad=True)
    divided = ranked(prompts[2], {each: [["Fine"], ["Odd"]] for each in (erin, eve)})
    divided.rankings.filter(ranker=eve).update(all_bad=True)
    held_out = factories.prompt(project, split=Split.EVALUATION)
    ranked(held_out, {erin: [["Secret"], ["Hidden"]]}, all_bad=True)
    rows = everything(actions.freeze(kind="judgements", project=project, by=ada))
    assert {row["completion"][0]["content"] for row in rows if not row["label"]} == {"Wrong", "Empty", "Vague"}


FOUR = [["Best"], ["Sound", "Usable"], ["Poor"]]
PAIR = [["Better"], ["Worse"]]


def labels(project: Project) -> dict[str, bool]:
    """Of what candidates became, by their texts."""
    rows = preferences.judgement_rows(project)
    return {text: row.content["label"] for row in rows if (text := row.content["completion"][0]["content"]) != "Bad"}


@pytest.mark.parametrize(
    ("order", "line", "all_bad", "found"),
    [
        (PAIR, None, False, {}),
        (PAIR, None, True, {"Better": False, "Worse": False}),
        (PAIR, 0, True, {"Better": False, "Worse": False}),
        (FOUR, None, False, {}),
        (FOUR, 0, True, dict.fromkeys(["Best", "Sound", "Usable", "Poor"], False)),
        (FOUR, 1, False, {"Best": True, "Sound": False, "Usable": False, "Poor": False}),
        (FOUR, 2, False, {"Best": True, "Sound": True, "Usable": True, "Poor": False}),
        (FOUR, 3, False, dict.fromkeys(["Best", "Sound", "Usable", "Poor"], True)),
    ],
    ids=[
        "pair",
        "pair, both bad",
        "pair, none good",
        "list",
        "list, all bad",
        "line first",
        "line middle",
        "line last",
    ],
)
def test_it_takes_what_stands_above_the_line_as_good_and_what_stands_below_as_bad(
    project: Project, erin: Any, order: list[list[str]], line: int | None, all_bad: bool, found: dict[str, bool]
) -> None:
    answered = factories.prompt(project)
    factories.demonstration(answered, erin, text="Approved", status="approved")
    ranked(answered, {erin: [["Bad"]]}, all_bad=True)
    ranked(factories.prompt(project), {erin: order}, all_bad=all_bad, line=line)
    assert labels(project) == {"Approved": True, **found}


def test_two_thirds_of_the_judges_say_on_which_side_of_the_line_a_candidate_stands(
    project: Project, erin: Any, eve: Any, rita: Any
) -> None:
    order = [["Best"], ["Disputed"], ["Poor"]]
    made = ranked(factories.prompt(project), dict.fromkeys((erin, eve, rita), order))
    for person, line in ((erin, 1), (eve, 2), (rita, None)):
        made.rankings.filter(ranker=person).update(acceptable=line)
    assert labels(project) == {"Best": True, "Poor": False}
    made.rankings.filter(ranker=rita).update(acceptable=0, all_bad=True)
    assert labels(project) == {"Best": True, "Disputed": False, "Poor": False}


def test_a_text_called_good_here_and_bad_there_is_neither(project: Project, erin: Any, eve: Any) -> None:
    prompt = factories.prompt(project)
    factories.demonstration(prompt, erin, text="Approved", status="approved")
    ranked(prompt, {erin: [["Fine"], ["Odd"]]}, line=1)
    ranked(prompt, {eve: [["Fine"], ["Odd"], ["Approved"]]}, all_bad=True)
    assert labels(project) == {"Approved": True, "Odd": False}
    assert len(preferences.judgement_rows(project)) == 2


def test_a_decision_stands_in_place_of_the_line(project: Project, ada: Any, erin: Any) -> None:
    made = ranked(factories.prompt(project), {erin: [["Best"], ["Poor"]]}, line=1)
    assert labels(project) == {"Best": True, "Poor": False}
    Adjudication.objects.create(
        comparison=made, order=made.rankings.get().order, all_bad=True, reason="Both invent a date.", decided_by=ada
    )
    factories.demonstration(factories.prompt(project), erin, text="Approved", status="approved")
    assert labels(project) == {"Approved": True, "Best": False, "Poor": False}


@pytest.mark.parametrize("missing", ["good", "bad"])
def test_it_needs_good_and_bad_answers(project: Project, ada: Any, erin: Any, missing: str) -> None:
    prompt = factories.prompt(project)
    if missing == "bad":
        factories.demonstration(prompt, erin)
    else:
        ranked(prompt, {erin: [["Wrong"], ["Empty"]]}, all_bad=True)
    with pytest.raises(ValidationError) as refused:
        actions.freeze(kind="judgements", project=project, by=ada)
    assert "good answers and bad ones" in refused.value.message_dict["kind"][0]


def test_it_shows_which_answers_were_judged_bad(client: Any, judged: DatasetVersion, ada: Any) -> None:
    client.force_login(ada)
    page = client.get(reverse("dataset", args=[judged.project_id, judged.pk])).content.decode()
    assert "Answered, judged good" in page
    last = client.get(reverse("dataset", args=[judged.project_id, judged.pk]), {"page": 3}).content.decode()
    assert "Answered, judged bad" in page + last


def test_it_launches_from_the_form_the_command_and_the_api(
    client: Any, judged: DatasetVersion, base_model: BaseModel, ada: Any, rung: list[Any]
) -> None:
    client.force_login(ada)
    url = reverse("round_create", args=[judged.project_id])
    page = client.get(url, {"method": "kto"}).content.decode()
    assert "Judgements (KTO)" in page
    assert "Weight of bad answers" in page
    sent = {"method": "kto", "dataset_version": judged.pk, "preset": "standard", "start_from_base": "on"}
    assert client.post(url, sent).status_code == 302
    assert Preflight.objects.get().params["desirable_weight"] == 0
    refused = client.post(url, {**sent, "per_device_train_batch_size": 1})
    assert refused.status_code == 422
    assert "KTO compares answers within a step" in refused.content.decode()

    arguments = ["--project", str(judged.project_id), "--by", "ada", "--method", "kto", "--start-from-base"]
    call_command("launch_round", *arguments, "--param", "beta=0.2", stdout=StringIO())
    assert TrainingRound.objects.get().params["beta"] == 0.2

    api = APIClient()
    api.force_authenticate(ada)
    body = {"method": "kto", "dataset_version": str(judged.pk), "start_from_base": True}
    answer = api.post(f"/api/v1/projects/{judged.project_id}/rounds/", body, format="json")
    assert answer.status_code == 201, answer.content
    assert TrainingRound.objects.first().method == "kto"


def test_it_asks_for_a_parent_unless_the_base_model_is_meant(
    judged: DatasetVersion, base_model: BaseModel, ada: Any, rung: list[Any]
) -> None:
    with pytest.raises(ValidationError, match="KTO improves a model that can already do the task"):
        actions.launch_round(
            project=judged.project, method="kto", dataset_version=judged, params={}, parent_adapter=None, by=ada
        )
    assert not Adapter.objects.exists()


def test_it_says_what_was_left_out_on_the_page_of_the_check(
    client: Any, dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: list[Any]
) -> None:
    preflight = actions.start_preflight(
        project=dataset.project, method="sft", dataset_version=dataset, params={}, by=ada
    )
    note = "12 of 96 pairs left out: fewer than 80 % agreed."
    part = {"rows": 84, "trained_tokens": 9, "total_tokens": 20, "trained_share": 0.4, "tokens": {"min": 1, "max": 2}}
    report = {"train": part, "validation": {"rows": 0}, "notes": [note], "reasons": [], "examples": []}
    Preflight.objects.filter(pk=preflight.pk).update(status=Status.SUCCEEDED, report=report)
    client.force_login(ada)
    page = client.get(reverse("preflight", args=[dataset.project_id, preflight.pk])).content.decode()
    assert note in page
