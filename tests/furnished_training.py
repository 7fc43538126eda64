"""What the furnished project has trained and sampled, in every state."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from annotation.actions import deciding, looking_again
from annotation.models import Comparison, Doubt, Project, SecondLook
from tests import factories
from tests.furnished_work import Page
from training import actions
from training.models import (
    Adapter,
    BaseModel,
    DatasetVersion,
    Package,
    Preflight,
    Sampling,
    TrainingRound,
)
from training.params import DPOParams, GenerateParams, SFTParams, to_json
from training.run_dir import append_row, write_json
from training.suspects import found as suspects

LONG_AFTER = timedelta(days=2)


def workers(round: TrainingRound) -> None:
    """One at work with a graphics card, one gone."""
    job = {"id": str(round.pk), "name": str(round), "project": str(round.project_id)}
    card = {"name": "NVIDIA H200", "memory_bytes": 150 * 10**9, "memory_free_bytes": 97 * 10**9}
    factories.worker(host="trainer-1", running=[job, {**job, "project": str(uuid4())}], devices=[card])
    factories.worker(host="trainer-2", seen_at=timezone.now() - timedelta(hours=2))


def rounds(project: Project, pk: str, ada: User, sft: Adapter, dpo: Adapter) -> list[Page]:
    run_of(sft.round, 12)
    run_of(dpo.round, 12)
    TrainingRound.objects.filter(pk=sft.round.pk).update(
        result={"eval_loss_before": 2.61, "eval_loss": 1.42, "train_loss": 1.3},
        started_at=timezone.now(),
        estimate={"said": SAID, "happened": HAPPENED},
    )
    versions = {kind: project.dataset_versions.filter(kind=kind).first() for kind in DatasetVersion.Kind.values}
    pages = [
        Page("round", [pk, str(sft.round.pk)], state="succeeded"),
        Page("round", [pk, str(dpo.round.pk)], state="succeeded DPO"),
        Page("adapter", [pk, str(sft.pk)]),
        Page("adapter_lineage", [pk, str(sft.pk)]),
        Page("adapter", [pk, str(dpo.pk)], state="with a parent"),
        Page("adapter_comparison", [pk]),
    ]
    _packages(sft, ada)
    pages += _suspects(project, pk, ada, sft.round)
    pages += _suspect_pairs(project, pk, ada, dpo.round)
    for status, method in [("failed", "sft"), ("cancelled", "sft"), ("running", "dpo"), ("queued", "sft")]:
        kind = "preferences" if method == "dpo" else "demonstrations"
        round = _round(project, ada, versions[kind], status, method, sft if method == "dpo" else None)
        pages.append(Page("round", [pk, str(round.pk)], state=status))
    pages.append(Page("round_suspects", [pk, str(round.pk)], state="not measured"))
    return [*pages, *_preflights(project, pk, ada, versions["demonstrations"])]


def _suspects(project: Project, pk: str, ada: User, sft: TrainingRound) -> list[Page]:
    """Twelve responses that stood out; people were asked about three of them."""
    approved = project.demonstrations.approved().order_by("pk")[:12]
    listed = [{"id": str(each.pk), "surplus": 1.6 - 0.1 * place, "passes": 3} for place, each in enumerate(approved)]
    write_json(sft.root / suspects.FILE, {"rows": 136, "suspects": listed})
    actions.send_suspects(round=sft, by=ada, first=3)
    kept, corrected, open_ = SecondLook.objects.filter(project=project).select_related(
        "demonstration__prompt", "person"
    )
    looking_again.keep(look=kept, by=kept.person)
    corrected.demonstration.project = project
    looking_again.correct(
        look=corrected, by=corrected.person, text="As it should be.", version=corrected.demonstration.version
    )
    return [
        Page("round_suspects", [pk, str(sft.pk)], state="twelve"),
        Page("second_look", [pk, str(open_.pk)], open_.person.username, "to answer"),
        Page("second_look", [pk, str(corrected.pk)], corrected.person.username, "answered"),
        Page("second_look_next", [pk], open_.person.username),
        Page("second_look_next", [pk], "rita", "nothing asked"),
        Page("swapped_copy_next", [pk], "rita"),
    ]


def _suspect_pairs(project: Project, pk: str, ada: User, dpo: TrainingRound) -> list[Page]:
    """Five comparisons that stood out; two were asked about, and one of these is decided."""
    ranked = Comparison.objects.originals().fully_ranked().filter(project=project, gold=None, adjudication=None)
    listed = []
    others = ranked.filter(rankings_done__gt=0).exclude(rankings__ranker=ada)  # nobody decides on their own
    for place, one in enumerate(others.order_by("prompt__position", "pk")[:5]):
        better, worse = one.rankings.all()[0].order[:2]
        listed.append({"id": f"{one.pk}:{better[0]}:{worse[0]}", "surplus": 2.1 - 0.3 * place, "passes": 2})
    write_json(dpo.root / suspects.FILE, {"rows": 136, "suspects": listed})
    actions.send_suspects(round=dpo, by=ada, first=2)
    decided, open_ = Doubt.objects.filter(project=project).order_by("pk")
    order = [[str(each)] for each in (decided.worse_id, decided.better_id)]
    deciding.decide(comparison=decided.comparison, by=ada, order=order, reason="Read again, the other one is right.")
    return [
        Page("round_suspects", [pk, str(dpo.pk)], state="pairs"),
        Page("disagreement", [pk, str(open_.comparison_id)], "rita", "in doubt"),
        Page("disagreements", [pk], "rita", "something in doubt"),
        Page("decide_next", [pk], "rita"),
    ]


def _round(
    project: Project, ada: User, version: DatasetVersion, status: str, method: str, parent: Adapter | None
) -> TrainingRound:
    """Its lease outlasts the tests, so that no worker takes it over, nor starts the one that waits behind it."""
    made = TrainingRound.objects.create(
        project=project,
        number=project.rounds.next_number(),
        method=method,
        base_model=BaseModel.objects.default(),
        parent_adapter=parent,
        dataset_version=version,
        params=to_json(DPOParams() if method == "dpo" else SFTParams()),
        status=status,
        attempt=0 if status == "queued" else 1,
        lease_owner=uuid4() if status == "running" else None,
        lease_expires_at=timezone.now() + LONG_AFTER if status == "running" else None,
        failure_code="diverged" if status == "failed" else "",
        failure_message="The loss is no longer a number." if status == "failed" else "",
        started_at=timezone.now(),
        note="A question to answer",
        created_by=ada,
    )
    if status != "queued":
        run_of(made, 5)
    return made


def run_of(round: TrainingRound, steps: int, log: str = "Loading the base model\nTraining\n") -> None:
    """The files that a recipe leaves, after so many of twelve steps."""
    TrainingRound.objects.filter(pk=round.pk, attempt=0).update(attempt=1)
    round.refresh_from_db()
    run_dir = round.run_dir()
    run_dir.path.mkdir(parents=True)
    run_dir.log.write_text(log)
    run_dir.append_event("phase", message="Training")
    run_dir.append_event("start", max_steps=12, rows=100, trainable_parameters=4_884_480)
    for step in range(1, steps + 1):
        values = {"rewards/accuracies": 0.5 + step / 30, "rewards/margins": step / 10} if round.method == "dpo" else {}
        measured = {"loss": 2.5 - step / 10, "tokens_per_second": 310.0, "seconds_left": 12 - step}
        run_dir.append_event("log", step=step, max_steps=12, **measured, **values)
        if step % 3 == 0:
            run_dir.append_event("eval", step=step, eval_loss=2.6 - step / 10)


SAID = {
    "machine": "a processor, threads: 2",
    "device": "cpu",
    "seconds": 540.0,
    "steps": 75,
    "memory_bytes": 3 * 1024**3,
    "memory_total_bytes": 24 * 1024**3,
    "memory_free_bytes": 18 * 1024**3,
    "disk_bytes": 338_000_000,
    "price_per_hour": 2.5,
    "cost": 0.375,
    "rounds": 3,
    "dry_rounds": 0,
}

HAPPENED = {"seconds": 601.0, "train_seconds": 560.0, "memory_bytes": 3 * 1024**3, "share": 1.0}

DRY = {
    "rows": 16,
    "steps": 4,
    "train_seconds": 22.0,
    "memory_bytes": 3 * 1024**3,
    "tokens_per_second": 391.4,
    "loss": 2.152,
    "finite": True,
    "ended": True,
    "beside_round": True,
}

COUNTS = {
    "rows": 100,
    "tokens": {"min": 120, "median": 300, "p95": 420, "max": 431},
    "total_tokens": 30_000,
    "trained_tokens": 12_000,
    "trained_share": 0.4,
    "truncated": {"count": 1, "ids": ["housing-001"]},
    "empty": {"count": 0, "ids": []},
}


def preflight(
    project: Project,
    ada: User,
    version: DatasetVersion,
    token: str = "Parties",
    reasons: tuple[str, ...] = (),
    found: dict[str, Any] | None = None,
    **fields: Any,
) -> Preflight:
    tokens = [{"text": "<|im_start|>", "trained": False}, {"text": token, "trained": True}]
    report = {
        "train": COUNTS,
        "validation": {**COUNTS, "rows": 10},
        "max_length": 1024,
        "examples": [{"id": "housing-001", "tokens": tokens}],
        "reasons": list(reasons),
        "estimate": SAID,
        **(found or {}),
    }
    defaults = {"report": report, "status": "succeeded", "attempt": 1, "created_by": ada}
    return Preflight.objects.create(
        project=project,
        dataset_version=version,
        base_model=BaseModel.objects.default(),
        method="sft",
        params=to_json(SFTParams()),
        **{**defaults, **fields},
    )


def _packages(adapter: Adapter, ada: User) -> None:
    """One download is ready, one is being packed, one has failed."""
    live = {"lease_owner": uuid4(), "lease_expires_at": timezone.now() + LONG_AFTER}
    states: dict[str, dict[str, Any]] = {
        "adapter": {"status": "succeeded", "result": {"file": "adapter.zip", "size_bytes": 9, "sha256": "a" * 64}},
        "merged": {"status": "running", "progress": {"done": 1, "total": 3, "unit": "steps"}, **live},
        "gguf": {"status": "failed", "failure_message": "There was not enough memory."},
    }
    for format, fields in states.items():
        common = {"project": adapter.project, "adapter": adapter, "format": format, "created_by": ada, "attempt": 1}
        made = Package.objects.create(**common, **fields)
        (made.run_dir().path / "package").mkdir(parents=True)
        (made.run_dir().path / "package" / "adapter.zip").write_bytes(b"a package")


def _preflights(project: Project, pk: str, ada: User, version: DatasetVersion) -> list[Page]:
    too_long = "1 row is longer than 256 tokens and would lose its end: raise the limit."
    too_large = "It needs about 31 GB of memory, and this machine has 24 GB. It would fit with 4-bit base weights."
    proposal = {"params": {"load_in_4bit": True}, "memory_bytes": 12 * 1024**3}
    live = {"lease_owner": uuid4(), "lease_expires_at": timezone.now() + LONG_AFTER}
    states = {
        "passed": preflight(project, ada, version),
        "refused": preflight(project, ada, version, reasons=(too_long,)),
        "too large": preflight(project, ada, version, reasons=(too_large,), found={"proposal": proposal}),
        "tried": preflight(project, ada, version, found={"dry": DRY}, dry=True),
        "failed": preflight(project, ada, version, status="failed", report={}, failure_message="It left no report."),
        "running": preflight(project, ada, version, status="running", report={}, **live),
    }
    return [Page("preflight", [pk, str(made.pk)], state=state) for state, made in states.items()]


def sampling(project: Project, pk: str, ada: User, adapter: Adapter) -> list[Page]:
    pages = []
    for purpose, name in [("ranking", "sampling"), ("playground", "playground_result")]:
        for status in ("succeeded", "running", "failed"):
            made = sampled(project, ada, adapter, purpose, status)
            pages.append(Page(name, [pk, str(made.pk)], state=status))
    return pages


def sampled(
    project: Project, ada: User, adapter: Adapter, purpose: str, status: str, text: str = factories.RESPONSE
) -> Sampling:
    sources = [{"label": "a", "adapter_id": None}, {"label": "b", "adapter_id": str(adapter.pk)}]
    question = {"instruction": "Summarise.", "input": "A note.", "prompt": [{"role": "user", "content": "Summarise."}]}
    made = Sampling.objects.create(
        project=project,
        purpose=purpose,
        base_model=adapter.base_model,
        sources=sources,
        prompts=[{"id": "playground", **question}],
        params=to_json(GenerateParams()),
        status=status,
        attempt=1,
        lease_owner=uuid4() if status == "running" else None,
        lease_expires_at=timezone.now() + LONG_AFTER if status == "running" else None,
        started_at=timezone.now(),
        failure_message="The machine ran out of memory." if status == "failed" else "",
        result={"comparisons": 3, "left_out": 1} if status == "succeeded" else {},
        created_by=ada,
    )
    run_dir = made.run_dir()
    run_dir.path.mkdir(parents=True)
    run_dir.log.write_text("Writing answers\n")
    run_dir.append_event("progress", done=1, total=2, tokens_per_second=80.0, seconds_left=4)
    for source in ("a", "b") if status == "succeeded" else ("a",):
        row = {"source": source, "id": "playground", "index": 0, "text": text, "tokens": 90}
        append_row(run_dir.outputs, {**row, "seconds": 1.2, "finish": "stop"})
    return made
