"""A project in which every page has something to show: one of everything, in every state."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone

from annotation import parts
from annotation.actions import looking_again, swapped_copies
from annotation.actions.corpus import import_documents
from annotation.actions.uploads import upload
from annotation.corpus import Text
from annotation.models import Demonstration, Project, Prompt, SecondLook, SwappedCopy
from evaluation import scoring
from evaluation.models import Contestant, Evaluation, Promotion
from tests import factories, furnished_cleaning, furnished_files, furnished_halves, furnished_work
from tests.evaluation import factories as judged
from tests.furnished_work import Page
from training import actions
from training.erasing import carrying_out
from training.freezing.filters import Filter
from training.jobs import Status
from training.models import (
    Adapter,
    BaseModel,
    BiasAudit,
    DatasetVersion,
    Erasure,
    Package,
    Preflight,
    Sampling,
    TrainingRound,
)
from training.params import DPOParams, GenerateParams, SFTParams, to_json
from training.run_dir import append_row, write_json
from training.suspects import found as suspects

LONG_AFTER = timedelta(days=2)


def furnish(project: Project, *, erin: User, rita: User, ada: User) -> list[Page]:
    """Fill the demo project and list its pages."""
    base = BaseModel.objects.default()
    assert base is not None
    pk = str(project.pk)
    sft = judged.adapter(project, base_model=base)
    dpo = judged.adapter(project, "dpo", parent=sft, base_model=base)
    _workers(sft.round)
    return [
        *furnished_work.writing(project, pk, erin, rita, ada),
        *furnished_work.ranking(project, pk, [erin, rita, ada]),
        *furnished_work.quality(project, pk, erin, rita, ada),
        *furnished_work.talk(project, pk, erin, rita, ada),
        *_data(project, pk, ada),
        *_rounds(project, pk, ada, sft, dpo),
        *_sampling(project, pk, ada, sft),
        *_judging(project, pk, erin, rita, ada, [sft, dpo]),
        *_promotion(project, pk, ada, [sft, dpo]),
        *furnished_halves.halves(project, pk, ada, rita, project.dataset_versions.get(description="The first ones")),
        *furnished_cleaning.cleaned(project, pk, erin, rita, ada),
    ]


def _workers(round: TrainingRound) -> None:
    """One at work with a graphics card, one gone."""
    job = {"id": str(round.pk), "name": str(round), "project": str(round.project_id)}
    card = {"name": "NVIDIA H200", "memory_bytes": 150 * 10**9, "memory_free_bytes": 97 * 10**9}
    factories.worker(host="trainer-1", running=[job, {**job, "project": str(uuid4())}], devices=[card])
    factories.worker(host="trainer-2", seen_at=timezone.now() - timedelta(hours=2))


def plain_pages(project: Project) -> list[Page]:
    """Pages that need nothing but the project."""
    pk = str(project.pk)
    of_project = ["project", "members", "project_settings", "guidelines", "guidelines_edit", "prompts", "import_start"]
    more = [
        "who_gets_what",
        "prompt_kinds",
        "progress",
        "export",
        "datasets",
        "rounds",
        "round_create",
        "adapters",
        "sampling_create",
        "playground",
        "workers",
        "audits",
        "bias_lists",
    ]
    talk = ["remarks", "flags", "guidelines_recheck"]
    judging = ["evaluations", "evaluation_create", "promotions"]
    return [
        Page("home"),
        Page("home", who="erin", state="expert"),
        Page("account"),
        Page("base_models"),
        Page("installation_workers"),
        Page("project_create"),
        *(Page(name, [pk]) for name in [*of_project, *more, *talk, *judging]),
        Page("project", [pk], "erin", "expert"),
        Page("guidelines", [pk], "erin", "expert"),
        Page("guidelines_version", [pk, "1"]),
        Page("evaluations", [pk], "rita", "reviewer"),
        Page("promotions", [pk], "rita", "reviewer"),
    ]


def empty_pages(project: Project) -> list[Page]:
    """What a project of which nothing has come yet says on pages that list or hand out things."""
    names = ["project", "prompts", "write_next", "approve_next", "rank_next", "score_next", "datasets", "rounds"]
    more = [
        "audits",
        "cleaning",
        "corpus",
        "round_create",
        "adapters",
        "playground",
        "evaluations",
        "evaluation_create",
        "promotions",
    ]
    return [Page(name, [str(project.pk)], state="empty") for name in [*names, *more, "audits"]]


def _data(project: Project, pk: str, ada: User) -> list[Page]:
    lines = b'{"id": "17", "input": "A note.", "output": "Parties: none"}\n{"id": "17", "input": "Twice."}\nbroken\n'
    row = upload(
        project=project,
        file=ContentFile(lines),
        file_name="notes.jsonl",
        format="jsonl",
        columns=["id", "input", "output"],
        by=ada,
    )
    row.mapping = {**row.mapping, "fixed_instruction": "Summarise."}
    row.save()
    texts = [
        Text(f"Letter {number}", f"Dear client, this is letter {number}.", "", "letters.zip") for number in range(12)
    ]
    import_documents(project=project, texts=texts, by=ada)
    corpus = actions.freeze(kind="corpus", project=project, by=ada)
    demonstrations = actions.freeze(kind="demonstrations", project=project, by=ada, description="The first ones")
    preferences = actions.freeze(kind="preferences", project=project, by=ada)
    reworked = _reworked(project, ada)
    found = Erasure.objects.create(project=project, kind="group", name=reworked.group, created_by=ada)
    parts.run(found, carrying_out.do)
    return [
        *_leaking(project, ada),
        Page("dataset_comparison", [pk]),
        Page("lineage", [pk, "prompt", str(reworked.pk)]),
        Page("erasures", [pk]),
        Page("erasure", [pk, str(found.pk)], state="found"),
        Page("import_map", [pk, str(row.pk)]),
        Page("dataset", [pk, str(demonstrations.pk)]),
        Page("dataset_export", [pk, str(demonstrations.pk)]),
        Page("dataset", [pk, str(preferences.pk)], state="preferences"),
        Page("corpus", [pk]),
        Page("document", [pk, str(project.documents.all()[0].pk)]),
        Page("dataset", [pk, str(corpus.pk)], state="corpus"),
        *_audits(project, pk, ada, demonstrations),
        *furnished_files.arriving(project, pk, ada),
        *furnished_files.leaving(project, pk, ada, corpus),
    ]


HELD_OUT = (
    "Ms Okafor moved out on the fourteenth of February and handed back both keys; the landlord has kept her deposit "
    "of 1,450 dollars without sending the list of damages that the law of the state asks for within thirty days."
)
TAUGHT = (
    "The landlord kept the deposit of 2,100 dollars without sending the list of damages that the law of the state "
    "asks for within thirty days. Mr Reyes moved out on the third of March and handed back both keys."
)


def _leaking(project: Project, ada: User) -> list[Page]:
    """A version that gives a held-out prompt away, and the one that was frozen without the row."""
    held_out = factories.prompt(project, input=HELD_OUT, split="evaluation", external_id="housing-104")
    taught = factories.prompt(project, input=TAUGHT, external_id="housing-211")
    for each in (held_out, taught):
        factories.demonstration(each, ada)
    leaking = actions.freeze(kind="demonstrations", project=project, by=ada)
    apart = actions.freeze(kind="demonstrations", project=project, by=ada, without_leaks_of=leaking)
    taught.demonstrations.all().delete()
    pk = str(project.pk)
    return [
        Page("dataset_leaks", [pk, str(leaking.pk)]),
        Page("dataset_leaks", [pk, str(apart.pk)], state="left out"),
        Page("dataset", [pk, str(leaking.pk)], state="leaking"),
    ]


def _audits(project: Project, pk: str, ada: User, version: DatasetVersion) -> list[Page]:
    done = actions.start_audit(project=project, by=ada, wait=True)
    frozen = actions.start_audit(project=project, by=ada, dataset_version=version, wait=True)
    stopped = actions.start_audit(project=project, by=ada)
    actions.stop_audit(audit=stopped, by=ada)
    states = {"": done, "of a version": frozen, "stopped": stopped}
    pages = [Page("audit", [pk, str(audit.pk)], state=state) for state, audit in states.items()]
    return [*pages, *_copies(pk, ada, done)]


def _copies(pk: str, ada: User, audit: BiasAudit) -> list[Page]:
    """One to decide on, one dismissed."""
    actions.propose_copies(audit=audit, by=ada, kind="gender", most=3, wait=True)
    open_, dismissed = SwappedCopy.objects.filter(project=pk)[:2]
    swapped_copies.dismiss(copy=dismissed, by=ada, reason="The law differs here.")
    return [
        Page("swapped_copy", [pk, str(open_.pk)], "rita", "to decide"),
        Page("swapped_copy", [pk, str(dismissed.pk)], "rita", "dismissed"),
    ]


def _reworked(project: Project, ada: User) -> Prompt:
    """A newer version, in which one response says something else."""
    one = Demonstration.objects.approved().filter(project=project, prompt__split="train").exclude(prompt__group="")[0]
    Demonstration.objects.filter(pk=one.pk).update(text=f"{one.text.replace('the', 'that')}\nReviewed again.")
    actions.freeze(kind="demonstrations", project=project, by=ada, chosen=Filter(since=date(2020, 1, 1)))
    return one.prompt


# --- Training -----------------------------------------------------------------------------------------------


def _rounds(project: Project, pk: str, ada: User, sft: Adapter, dpo: Adapter) -> list[Page]:
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
    pages += _suspects(project, pk, ada, sft.round, dpo.round)
    for status, method in [("failed", "sft"), ("cancelled", "sft"), ("running", "dpo"), ("queued", "sft")]:
        kind = "preferences" if method == "dpo" else "demonstrations"
        round = _round(project, ada, versions[kind], status, method, sft if method == "dpo" else None)
        pages.append(Page("round", [pk, str(round.pk)], state=status))
    return [*pages, *_preflights(project, pk, ada, versions["demonstrations"])]


def _suspects(project: Project, pk: str, ada: User, sft: TrainingRound, dpo: TrainingRound) -> list[Page]:
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
        Page("round_suspects", [pk, str(dpo.pk)], state="not measured"),
        Page("second_look", [pk, str(open_.pk)], open_.person.username, "to answer"),
        Page("second_look", [pk, str(corrected.pk)], corrected.person.username, "answered"),
        Page("second_look_next", [pk], open_.person.username),
        Page("second_look_next", [pk], "rita", "nothing asked"),
        Page("swapped_copy_next", [pk], "rita"),
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


def _sampling(project: Project, pk: str, ada: User, adapter: Adapter) -> list[Page]:
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


# --- Judging ------------------------------------------------------------------------------------------------


def evaluation(
    project: Project, ada: User, adapters: list[Adapter | None], text: str | None = None, **fields: Any
) -> Evaluation:
    """As judged.evaluation makes one, but the base model is the one that is there."""
    made = judged.evaluation(project, [], **fields)
    texts = [judged.POOR, judged.FAIR, judged.GOOD]
    for position, adapter in enumerate(adapters):
        one = contestant(made, ada, position, adapter)
        judged.answer(one, text or texts[position % 3])
    return made


def contestant(made: Evaluation, ada: User, position: int, adapter: Adapter | None, **fields: Any) -> Contestant:
    return Contestant.objects.create(
        evaluation=made,
        position=position,
        adapter=adapter,
        base_model=BaseModel.objects.default(),
        params={"max_new_tokens": 256},
        created_by=ada,
        **{"status": Status.SUCCEEDED, **fields},
    )


def _judging(project: Project, pk: str, erin: User, rita: User, ada: User, adapters: list[Adapter]) -> list[Page]:
    done = evaluation(project, ada, [None, *adapters], name="Before the promotion", reviewed_prompts=6)
    judged.review_all(done, rita)
    blind = evaluation(project, ada, [None, adapters[0]], name="Under review", reviewed_prompts=4)
    at_work = evaluation(project, ada, [None], name="At work", reviewed_prompts=4)
    live = {"lease_owner": uuid4(), "lease_expires_at": timezone.now() + LONG_AFTER}
    contestant(at_work, ada, 1, adapters[0], status="running", progress={"done": 3, "total": 12}, **live)
    contestant(at_work, ada, 2, adapters[1], status="failed", failure_message="The machine ran out of memory.")
    lease = scoring.next_to_score(project, erin)
    assert lease
    return [
        Page("evaluation", [pk, str(done.pk)], state="complete"),
        Page("evaluation", [pk, str(done.pk)], "rita", "complete, reviewer"),
        Page("evaluation", [pk, str(blind.pk)], state="under review"),
        Page("evaluation", [pk, str(at_work.pk)], state="at work"),
        Page("evaluation_outputs", [pk, str(done.pk)]),
        Page("evaluation_outputs", [pk, str(blind.pk)], state="closed"),
        Page("score", [pk, str(lease.pk)], "erin"),
    ]


def _promotion(project: Project, pk: str, ada: User, adapters: list[Adapter]) -> list[Page]:
    now = timezone.now()
    common = {"project": project, "promoted_by": ada, "reason": "It keeps the dates and invents nothing."}
    ended = {"ended_by": ada, "ended_at": now, "promoted_at": now - timedelta(days=3)}
    Promotion.objects.create(adapter=adapters[0], **common, **ended)
    Promotion.objects.create(adapter=adapters[1], promoted_at=now, **common)
    return [Page("promotions", [pk], state="something in use")]
