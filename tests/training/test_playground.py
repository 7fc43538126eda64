"""Asking models the same thing, by command and by API; the page has its tests among the other pages."""

from __future__ import annotations

import json
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from annotation.models import Project
from training import actions
from training.jobs import Status
from training.management import waiting
from training.management.columns import side_by_side
from training.models import Adapter, BaseModel, DatasetVersion, Sampling, TrainingRound
from training.run_dir import write_rows

pytestmark = pytest.mark.django_db
QUESTION = {"instruction": "Summarise.", "input": "The roof leaks."}


@pytest.fixture
def adapters(dataset: DatasetVersion, base_model: BaseModel, ada: Any, rung: Any) -> list[Adapter]:
    """Of rounds 1 and 2; the second is the newest."""
    project = dataset.project
    for _number in range(2):
        round = actions.launch_round(project=project, method="sft", dataset_version=dataset, params={}, by=ada)
        Adapter.objects.create(
            project=project, round=round, base_model=base_model, sha256=f"{round.number}" * 64, size_bytes=9
        )
    TrainingRound.objects.update(status=Status.SUCCEEDED)
    return list(project.adapters.order_by("round__number"))


def answer(sampling: Sampling, **texts: str) -> None:
    """What the worker leaves: a text for each source, by its place."""
    Sampling.objects.filter(pk=sampling.pk).update(status=Status.SUCCEEDED, attempt=1)
    sampling.refresh_from_db()
    sampling.run_dir().path.mkdir(parents=True)
    common = {"id": "playground", "index": 0, "tokens": 7, "seconds": 0.5, "finish": "stop"}
    rows = [
        {"source": source["label"], "text": texts.get(f"n{n}", f"Answer {n}."), **common}
        for n, source in enumerate(sampling.sources)
    ]
    write_rows(sampling.run_dir().outputs, rows)


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The texts that are written while a command waits."""
    texts: dict[str, str] = {}
    monkeypatch.setattr(waiting.time, "sleep", lambda _s: answer(Sampling.objects.latest("created_at"), **texts))
    return texts


def ask(project: Project, *more: str) -> str:
    out = StringIO()
    arguments = ["Summarise.", "--input", "The roof leaks.", "--project", str(project.pk), "--by", "ada"]
    call_command("ask", *arguments, *more, stdout=out, stderr=StringIO())
    return out.getvalue().rstrip("\n")


def test_it_asks_base_model_and_newest_adapter_and_prints_both(
    adapters: list[Adapter], answered: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "63")
    answered["n1"] = "Repair the roof of the house before it rains."
    assert ask(adapters[0].project).split("\n") == [
        "Base model Toy                 │ SFT adapter of round 2",
        "────────────────────────────── │ ──────────────────────────────",
        "Answer 0.                      │ Repair the roof of the house",
        "                               │ before it rains.",
    ]
    sampling = Sampling.objects.get()
    assert sampling.purpose == Sampling.Purpose.PLAYGROUND
    assert sampling.prompts[0]["prompt"] == [{"role": "user", "content": "Summarise.\n\nThe roof leaks."}]
    assert (sampling.params["temperature"], sampling.params["max_new_tokens"]) == (0.0, 384)


def test_it_asks_whom_it_is_told_to(adapters: list[Adapter], answered: Any) -> None:
    project = adapters[0].project
    more = ["--adapter", "1", "--adapter", "latest", "--no-base", "--temperature", "0.7", "--max-new-tokens", "9"]
    told = json.loads(ask(project, *more, "--json"))
    assert [(each["model"], each["text"]) for each in told["answers"]] == [
        ("SFT adapter of round 1", "Answer 0."),
        ("SFT adapter of round 2", "Answer 1."),
    ]
    sampling = Sampling.objects.get(pk=told["id"])
    assert (sampling.params["temperature"], sampling.params["max_new_tokens"]) == (0.7, 9)
    with pytest.raises(CommandError, match="no adapter of round 9"):
        ask(project, "--adapter", "9")


def test_it_asks_the_base_model_alone_where_there_is_no_adapter(
    taught: Project, base_model: BaseModel, ada: Any, rung: Any, answered: Any
) -> None:
    assert ask(taught).startswith("Base model Toy\n")
    with pytest.raises(CommandError, match="at least one model"):
        ask(taught, "--no-base")


def test_it_refuses_what_makes_no_question(
    taught: Project, base_model: BaseModel, ada: Any, rita: Any, rung: Any
) -> None:
    asking = ["--project", str(taught.pk), "--by", "ada"]
    with pytest.raises(CommandError, match="Say what the models are asked"):
        call_command("ask", "  ", *asking)
    with pytest.raises(CommandError, match="Temperature"):
        call_command("ask", "Summarise.", *asking, "--temperature", "9")
    with pytest.raises(CommandError, match="may not do this"):
        call_command("ask", "Summarise.", *asking[:3], "rita")
    assert not Sampling.objects.exists()


def test_it_fails_when_nobody_answers(
    taught: Project, base_model: BaseModel, ada: Any, rung: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"status": Status.FAILED, "failure_message": "It ran out of memory."}
    monkeypatch.setattr(waiting.time, "sleep", lambda _s: Sampling.objects.update(**failed))
    with pytest.raises(CommandError, match="Sampling for 1 prompt has failed"):
        ask(taught)


def test_it_sets_texts_side_by_side_as_long_as_they_can_be_read() -> None:
    both = [("A", "One\n\ntwo\tthree"), ("B", "A word " * 12)]
    wide = side_by_side(both, 60).split("\n")
    assert [line[:4].rstrip() for line in wide[2:5]] == ["One", "", "two"]
    assert {len(line) for line in wide} <= set(range(61))
    narrow = side_by_side(both, 40)
    assert " │ " not in narrow
    assert narrow.index("two") < narrow.index("B\n")
    assert side_by_side([("A", "")], 60) == "A\n" + "─" * 60 + "\n"


def test_it_lets_no_answer_steer_the_terminal() -> None:
    assert "\x1b" not in side_by_side([("A", "\x1b[2Jgone\x9b31m"), ("B\r", "x")], 80)


# --- The API ----------------------------------------------------------------------------------------------------


@pytest.fixture
def api(ada: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(ada)
    return client


def at(project: Project, path: str = "") -> str:
    return f"/api/v1/projects/{project.pk}/playground/{path}"


def test_it_asks_and_answers_by_api(adapters: list[Adapter], api: APIClient) -> None:
    project, first = adapters[0].project, adapters[0]
    made = api.post(at(project), {**QUESTION, "adapters": [str(first.pk)] * 2, "temperature": 0.5}, format="json")
    assert made.status_code == 201
    asked = made.json()
    assert (asked["instruction"], asked["input"], asked["params"]["temperature"]) == (*QUESTION.values(), 0.5)
    assert [(each["model"], each["text"]) for each in asked["answers"]] == [
        ("Base model Toy", None),
        ("SFT adapter of round 1", None),
    ]
    answer(Sampling.objects.get())
    found = api.get(at(project, f"{asked['id']}/")).json()
    assert found["status"] == "succeeded"
    assert found["answers"][1] == {
        "model": "SFT adapter of round 1",
        "adapter": str(first.pk),
        "text": "Answer 1.",
        "tokens": 7,
        "seconds": 0.5,
        "finish": "stop",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"instruction": " "}, "instruction"),
        ({"input": "x" * 20_001}, "input"),
        ({"adapters": [str(uuid.uuid4())]}, "adapters"),
        ({"adapters": "all"}, "adapters"),
        ({"base": False}, "sources"),
        ({"temperature": 3}, "temperature"),
        ({"max_new_tokens": 0}, "max_new_tokens"),
    ],
)
def test_it_names_by_api_what_is_wrong_with_the_question(
    taught: Project, base_model: BaseModel, api: APIClient, rung: Any, changes: dict[str, Any], field: str
) -> None:
    response = api.post(at(taught), {**QUESTION, **changes}, format="json")
    assert response.status_code == 400
    assert field in response.json()
    assert not Sampling.objects.exists()


def test_it_finds_questions_of_this_playground_only(
    taught: Project, base_model: BaseModel, api: APIClient, ada: Any, oscar: Any, rung: Any
) -> None:
    ranking = actions.start_sampling(
        project=taught, sources=[None], prompts=taught.prompts.all()[:2], params={"num_candidates": 2}, by=ada
    )
    assert api.get(at(taught, f"{ranking.pk}/")).status_code == 404
    asked = api.post(at(taught), QUESTION, format="json").json()["id"]
    api.force_authenticate(oscar)
    assert api.get(at(Project.objects.get(name="Another project"), f"{asked}/")).status_code == 404
