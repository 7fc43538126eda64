"""What rounds teach the next one: stored with the row, on the pages, in the commands and in the API."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from annotation.models import Project
from tests.training.test_estimate_words import DRY, ESTIMATE, GB
from training import actions
from training.estimating import experience
from training.jobs import Status
from training.models import BaseModel, DatasetVersion, Preflight, TrainingRound
from training.params import SFTParams, to_json
from training.run_dir import write_json

pytestmark = pytest.mark.django_db
SAID = {**ESTIMATE, "plain": {"start_seconds": 20.0, "train_seconds": 500.0, "memory_bytes": 2 * GB}}
RESULT = {"train_seconds": 575.0, "peak_memory_bytes": 3 * GB, "global_step": 75, "max_steps": 75}
PART = {
    "rows": 11,
    "tokens": {"min": 120, "median": 300, "p95": 420, "max": 431},
    "total_tokens": 30_000,
    "trained_tokens": 12_000,
    "trained_share": 0.4,
    "truncated": {"count": 0, "ids": []},
}
REPORT = {"train": PART, "validation": PART, "max_length": 1024, "reasons": [], "estimate": SAID}


@pytest.fixture
def preflight(dataset: DatasetVersion, base_model: BaseModel, ada: User, rung: Any) -> Preflight:
    made = actions.start_preflight(
        project=dataset.project, method="sft", dataset_version=dataset, params=to_json(SFTParams()), by=ada
    )
    return left(made, report=REPORT)


def left(preflight: Preflight, **fields: Any) -> Preflight:
    """As the worker leaves it."""
    now = timezone.now()
    done = {"status": Status.SUCCEEDED, "attempt": 1, "started_at": now - timedelta(minutes=1), "finished_at": now}
    Preflight.objects.filter(pk=preflight.pk).update(**done | fields)
    preflight.refresh_from_db()
    return preflight


def done(preflight: Preflight, ada: User, seconds: float = 600, attempt: int = 1, **result: Any) -> TrainingRound:
    """The round that was checked, after it has run for so long."""
    round = actions.launch_round(
        project=preflight.project,
        method="sft",
        dataset_version=preflight.dataset_version,
        params=preflight.params,
        by=ada,
        preflight=preflight if not hasattr(preflight, "round") else None,
    )
    now = timezone.now()
    TrainingRound.objects.filter(pk=round.pk).update(
        status=Status.SUCCEEDED, attempt=attempt, started_at=now - timedelta(seconds=seconds), finished_at=now
    )
    round.refresh_from_db()
    run_dir = round.run_dir()
    run_dir.path.mkdir(parents=True)
    write_json(run_dir.preflight, REPORT)
    experience.record(round, run_dir, RESULT | result)
    preflight.refresh_from_db()
    return TrainingRound.objects.get(pk=round.pk)


def test_adapters_teach_nothing_about_whole_models(preflight: Preflight, ada: User) -> None:
    done(preflight, ada)
    assert len(experience.for_recipe(preflight)["history"]) == 1
    Preflight.objects.update(params=to_json(SFTParams(finetuning_type="full", learning_rate=5e-5)))
    preflight.refresh_from_db()
    assert experience.for_recipe(preflight)["history"] == []
    TrainingRound.objects.update(params=preflight.params)
    assert len(experience.for_recipe(preflight)["history"]) == 1
    TrainingRound.objects.update(params={"lora_r": 8})  # of a time when there were only adapters
    assert experience.for_recipe(preflight)["history"] == []


# --- What is stored ---------------------------------------------------------------------------------------------


def test_it_keeps_what_was_said_and_what_happened(preflight: Preflight, ada: User) -> None:
    launched = actions.launch_preflight(preflight=preflight, by=ada)
    assert launched.estimate == {"said": SAID}
    assert experience.said(launched) == SAID
    round = done(preflight, ada)
    assert round.estimate["happened"] == {
        "seconds": pytest.approx(600),
        "train_seconds": 575.0,
        "memory_bytes": 3 * GB,
        "share": 1.0,
    }
    assert round.estimate["teaches"] == {
        "machine": ESTIMATE["machine"],
        "dry": False,
        "start": pytest.approx(1.25),
        "train": pytest.approx(1.15),
        "memory": pytest.approx(1.5),
    }


def test_it_estimates_a_round_that_nobody_checked_by_the_check_it_makes_itself(preflight: Preflight, ada: User) -> None:
    done(preflight, ada)
    direct = done(preflight, ada)
    assert direct.preflight is None
    assert direct.estimate["said"] == SAID
    queued = actions.launch_round(
        project=preflight.project, method="sft", dataset_version=preflight.dataset_version, params={}, by=ada
    )
    assert experience.said(queued) == {}


def test_it_learns_no_time_from_a_round_that_was_interrupted(preflight: Preflight, ada: User) -> None:
    round = done(preflight, ada, attempt=2)
    assert round.estimate["happened"]["seconds"] is None
    assert round.estimate["teaches"] | {"machine": ""} == {
        "machine": "",
        "dry": False,
        "start": None,
        "train": None,
        "memory": pytest.approx(1.5),
    }
    assert experience.median_error(round.project) == (None, 0)


def test_it_publishes_a_round_also_when_nothing_was_estimated(preflight: Preflight, ada: User) -> None:
    round = done(preflight, ada)
    TrainingRound.objects.filter(pk=round.pk).update(estimate={})
    round.refresh_from_db()
    round.run_dir().preflight.write_text("torn")
    experience.record(round, round.run_dir(), RESULT)
    round.refresh_from_db()
    assert round.estimate == {}
    round.run_dir().preflight.unlink()
    experience.record(round, round.run_dir(), {})
    assert experience.said(round) == {}


def test_it_hands_the_recipe_the_rounds_of_its_own_kind_newest_first(
    preflight: Preflight, ada: User, settings: Any
) -> None:
    settings.PRICE_PER_HOUR = 2.5
    assert experience.for_recipe(preflight) == {"parameters": 1000, "history": [], "price_per_hour": 2.5}
    done(preflight, ada, seconds=600)
    done(preflight, ada, seconds=1200, train_seconds=1100.0)
    other = done(preflight, ada)
    TrainingRound.objects.filter(pk=other.pk).update(method="dpo")
    failed = done(preflight, ada)
    TrainingRound.objects.filter(pk=failed.pk).update(status=Status.FAILED)
    history = experience.for_recipe(preflight)["history"]
    assert [each["train"] for each in history] == [pytest.approx(2.2), pytest.approx(1.15)]


def test_it_learns_from_dry_rounds_that_had_the_machine_for_themselves(preflight: Preflight, ada: User) -> None:
    measured = {**DRY, "dry": True, "seconds": 40.0, "train_seconds": 10.0, "share": 1.0, "estimate": SAID}
    tried = actions.try_preflight(preflight=preflight, by=ada)
    assert (tried.dry, tried.params, tried.note) == (True, preflight.params, preflight.note)
    left(tried, report={**REPORT, "dry": measured})
    crowded = left(
        actions.try_preflight(preflight=preflight, by=ada), report={**REPORT, "dry": {**measured, "beside_round": True}}
    )
    (learned,) = experience.for_recipe(crowded)["history"]
    assert learned["dry"] is True
    assert learned["start"] == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("status", "started", "finished", "meanwhile"),
    [
        (Status.RUNNING, 30, None, True),
        (Status.RUNNING, 300, None, True),
        (Status.SUCCEEDED, 300, 30, True),
        (Status.SUCCEEDED, 300, 90, False),
        (Status.QUEUED, None, None, False),
        (Status.CANCELLED, None, 30, False),
    ],
)
def test_the_estimate_beside_a_dry_round_learns_from_it_unless_a_round_trained_meanwhile(
    preflight: Preflight, ada: User, status: str, started: int | None, finished: int | None, meanwhile: bool
) -> None:
    actions.launch_preflight(preflight=preflight, by=ada)
    times = {"started_at": started, "finished_at": finished}
    ago = {name: timezone.now() - timedelta(seconds=value) if value else None for name, value in times.items()}
    TrainingRound.objects.update(status=status, **ago)
    measured = {**DRY, "dry": True, "seconds": 40.0, "train_seconds": 10.0, "share": 0.01, "estimate": SAID}
    report = {**REPORT, "estimate": {**SAID, "price_per_hour": 3.6}, "dry": measured}
    experience.learn_from_dry_round(preflight, report)
    assert report["dry"]["beside_round"] is meanwhile
    assert report["estimate"]["seconds"] == (540.0 if meanwhile else 20.0 * 1.5 + 500.0 * 2)
    if not meanwhile:
        assert report["estimate"]["cost"] == pytest.approx(1.03)
        assert (report["estimate"]["rounds"], report["estimate"]["dry_rounds"]) == (0, 1)


# --- Disk -------------------------------------------------------------------------------------------------------


def test_it_refuses_a_round_that_the_disk_cannot_hold(
    preflight: Preflight, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=600 * 1024**2))
    with pytest.raises(ValidationError, match=r"needs up to \d+ MB on disk .* only 100 MB can be used"):
        actions.launch_preflight(preflight=preflight, by=ada)
    with pytest.raises(ValidationError, match="Make room"):
        actions.try_preflight(preflight=preflight, by=ada)
    assert not TrainingRound.objects.exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=100 * 1024**2))
    with pytest.raises(ValidationError, match="only less than 1 MB can be used"):
        actions.launch_preflight(preflight=preflight, by=ada)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=900 * 1024**2))
    assert actions.launch_preflight(preflight=preflight, by=ada)


# --- Pages ------------------------------------------------------------------------------------------------------


def page_of(preflight: Preflight) -> str:
    return reverse("preflight", args=[preflight.project_id, preflight.pk])


def test_it_shows_what_a_round_will_need(preflight: Preflight, ada: User, sign_in: Any) -> None:
    text = sign_in(ada).get(page_of(preflight)).text
    for shown in ("What the round will need", "about 9 min", "about 2.0 GB", "A rough guess", "Try it for two minutes"):
        assert shown in text
    assert "Cost" not in text
    left(preflight, report={**REPORT, "estimate": {**SAID, "cost": 0.375, "price_per_hour": 2.5}})
    assert "At your price of 2.50 an hour" in sign_in(ada).get(page_of(preflight)).text


def test_it_tries_a_round_from_its_page_and_shows_what_was_measured(
    preflight: Preflight, ada: User, sign_in: Any
) -> None:
    client = sign_in(ada)
    response = client.post(page_of(preflight), {"dry": "1"})
    tried = Preflight.objects.get(dry=True)
    assert response.url == page_of(tried)
    assert "up to two minutes and a half" in client.get(page_of(tried)).text
    left(tried, report={**REPORT, "dry": {**DRY, "beside_round": True}})
    text = client.get(page_of(tried)).text
    for shown in ("391 tokens per second", "4 steps on 16 rows in 12 s", "Try it again", "Launch the round"):
        assert shown in text
    assert "A round was training at the same time" in text
    assert not TrainingRound.objects.exists()


def test_it_opens_the_form_with_settings_that_fit(preflight: Preflight, ada: User, sign_in: Any) -> None:
    client = sign_in(ada)
    changes = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4, "load_in_4bit": True}
    reasons = ["It needs about 31 GB of memory, and this machine has 24 GB."]
    left(preflight, report={**REPORT, "reasons": reasons, "proposal": {"params": changes, "memory_bytes": 12 * GB}})
    text = client.get(page_of(preflight)).text
    assert "and this machine has 24 GB" in text
    assert "Launch the round" not in text
    assert "Try it" not in text
    form = reverse("round_create", args=[preflight.project_id]) + f"?like={preflight.pk}"
    assert f"{form}&amp;proposed=1" in text
    opened = client.get(f"{form}&proposed=1").context["form"].initial
    assert {name: opened[name] for name in changes} == changes
    as_it_was = client.get(form).context["form"].initial
    assert as_it_was["load_in_4bit"] is False
    left(preflight, report={**REPORT, "reasons": reasons, "proposal": None})
    assert "settings that fit" not in client.get(page_of(preflight)).text
    assert client.get(f"{form}&proposed=1").status_code == 200


def test_it_shows_on_both_pages_how_far_it_was_off(preflight: Preflight, ada: User, sign_in: Any) -> None:
    client = sign_in(ada)
    rounds = reverse("rounds", args=[preflight.project_id])
    actions.launch_preflight(preflight=preflight, by=ada)
    assert "Estimated 9 min." in client.get(rounds).text
    assert "off by" not in client.get(rounds).text
    first = done(preflight, ada)
    for seconds in (600, 450, 600):
        done(preflight, ada, seconds=seconds)
    text = client.get(rounds).text
    assert "Estimated 9 min, took 10 min." in text
    assert "The estimated times of the last 4 rounds were off by 10 % (median)." in text
    own = client.get(reverse("round", args=[preflight.project_id, first.pk])).text
    assert "Estimated 9 min, took 10 min. Memory: estimated 2.0 GB, used 3.0 GB." in own


# --- Commands and API -------------------------------------------------------------------------------------------


def told(name: str, *arguments: str) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_it_says_in_a_shell_what_a_round_needed(preflight: Preflight, ada: User) -> None:
    round = done(preflight, ada)
    arguments = ["--project", str(round.project_id), "--round", str(round.number)]
    assert "Estimated 9 min, took 10 min." in told("round_status", *arguments)
    assert json.loads(told("round_status", *arguments, "--json"))["estimate"]["happened"]["share"] == 1.0


def test_it_tries_a_round_from_a_shell(
    dataset: DatasetVersion, base_model: BaseModel, ada: User, rung: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.management import waiting

    after = {"status": Status.SUCCEEDED, "attempt": 1, "report": {**REPORT, "dry": DRY}}
    monkeypatch.setattr(waiting.time, "sleep", lambda _s: Preflight.objects.update(**after))
    said = told("preflight", "--project", str(dataset.project_id), "--by", "ada", "--method", "sft", "--dry")
    assert Preflight.objects.get().dry
    assert said.splitlines()[2:] == [
        "Dry round: speed 391 tokens per second, peak memory 1.7 GB, loss 1.234.",
        "Estimate: time about 9 min, memory about 2.0 GB, on disk 286 MB. A rough guess: no round of this kind has "
        "run on this machine yet. A dry round measures it.",
        "Everything is in order.",
    ]


def test_it_tries_and_compares_by_api(preflight: Preflight, ada: User) -> None:
    client = APIClient()
    client.force_authenticate(ada)
    project: Project = preflight.project
    sent = {"method": "sft", "dataset_version": str(preflight.dataset_version_id), "dry": True}
    made = client.post(reverse("api_preflights", args=[project.pk]), sent, format="json").json()
    assert made["dry"] is True
    assert client.get(reverse("api_preflight", args=[project.pk, preflight.pk])).json()["report"]["estimate"] == SAID
    round = done(preflight, ada)
    shown = client.get(reverse("api_round", args=[project.pk, round.pk])).json()
    assert shown["estimate"]["happened"]["train_seconds"] == 575.0
