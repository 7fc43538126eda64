from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation import parts
from annotation.actions import Refused, exporting
from annotation.exports.job import CHANGED
from annotation.exports.kinds import FROZEN
from annotation.models import Event, Export, Project
from annotation.tasks import ring_after_commit
from annotation.texts import counted
from training import freezing_run
from training.freezing import choosing, datasets, filters
from training.freezing.filters import EVERYTHING, Filter
from training.leaks import leaving_out
from training.models import DatasetVersion, FreezeRun

Kind = DatasetVersion.Kind
# What is frozen while one waits; a few seconds. A comparison is more to read than a response.
AT_ONCE = {Kind.DEMONSTRATIONS: 2_000, Kind.PREFERENCES: 500, Kind.JUDGEMENTS: 500, Kind.CORPUS: 500}
FEWEST_TO_HALVE = 2
UNDER_WAY = "Something is being frozen in this project already. Wait for it, or stop it."
HALVING = (
    "{version} has many rows, so its best half is being frozen in the background; Dataset versions shows how far it "
    "is. Launch the round again when it is there."
)


def freeze(
    *,
    project: Project,
    kind: str,
    by: User,
    description: str = "",
    consensus: str = "",
    chosen: Filter = EVERYTHING,
    without_leaks_of: DatasetVersion | None = None,
) -> DatasetVersion:
    """A new version, or the one there is when nothing has changed since (`is_new` says which); one waits for it.

    `consensus` is what counts of several people's rankings; empty: what the project's settings say. `chosen` says
    which rows; without a description its words are one. Rows in which `without_leaks_of` gives something away, or
    that it left out already, are left out; the version says which.
    """
    asked = _asked(kind, description, consensus, chosen, without_leaks_of)
    return _at_once(_ordered(project, by, **asked))


def start_freezing(
    *,
    project: Project,
    kind: str,
    by: User,
    description: str = "",
    consensus: str = "",
    chosen: Filter = EVERYTHING,
    without_leaks_of: DatasetVersion | None = None,
    only_look: bool = False,
) -> FreezeRun:
    """As `freeze`; what is much is left to the worker, and the run has no version yet. `only_look`: in any case."""
    asked = _asked(kind, description, consensus, chosen, without_leaks_of)
    if only_look or is_much(project, kind):
        return _ordered(project, by, ring=True, only_look=only_look, **asked)
    run = _ordered(project, by, **asked)
    _at_once(run)
    return run


def is_much(project: Project, kind: str) -> bool:
    return choosing.how_many(project)[kind] > AT_ONCE[Kind(kind)]


def asked_again(version: DatasetVersion) -> dict[str, Any]:
    """What freezing is told to ask anew for what a version asked for: what was erased is not there any more."""
    return {
        "project": version.project,
        "kind": version.kind,
        "consensus": version.consensus,
        "chosen": filters.of_json(version.filter),
        "description": f"{version} without what was erased",
    }


def asked_without_leaks(version: DatasetVersion) -> dict[str, Any]:
    rows = counted(version.leaks.values("row_id").distinct().count(), "row")
    described = f"{version} without {rows} too close to held-out prompts"
    return {**asked_again(version), "description": described, "without_leaks_of": version}


def _asked(
    kind: str, description: str, consensus: str, chosen: Filter, without_leaks_of: DatasetVersion | None
) -> dict[str, Any]:
    choosing.refuse(kind, chosen)
    return {
        "kind": kind,
        "description": description.strip(),
        "consensus": consensus,
        "filter": chosen.as_json(),
        "without_leaks_of": without_leaks_of,
    }


def _ordered(project: Project, by: User, ring: bool = False, **asked: Any) -> FreezeRun:
    if without := asked.get("without_leaks_of"):
        leaving_out.refuse(project, asked["kind"], without)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        _refuse_two(project)
        run = FreezeRun.objects.create(project=project, created_by=by, **asked)
        if ring:
            Event.record("started to freeze", run, by=by, project=project, kind=run.kind)
            ring_after_commit(run)
    return run


def _refuse_two(project: Project) -> None:
    if FreezeRun.objects.filter(project=project).unfinished().exists():
        raise ValidationError({"kind": UNDER_WAY})


def _at_once(run: FreezeRun) -> DatasetVersion:
    """What did not come to a version leaves nothing but its refusal."""
    parts.run(run, freezing_run.do)
    if run.version is None:
        run.delete()
        raise ValidationError({run.state.get("field", "kind"): [run.problem or "It was stopped."]})
    run.version.is_new = run.is_new
    return run.version


def stop_freezing(*, run: FreezeRun, by: User) -> None:
    if not run.ask_to_stop():
        raise Refused("This is over already.")
    Event.record("stopped freezing", run, by=by, project=run.project, kind=run.kind)


def resume_freezing(*, run: FreezeRun, by: User) -> None:
    """It reads everything again, as it is now."""
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=run.project_id)
        _refuse_two(run.project)
        if not run.resume():
            raise Refused("Only what was stopped or failed can be begun again.")
        Event.record("began to freeze again", run, by=by, project=run.project, kind=run.kind)
        ring_after_commit(run)


def freeze_best_half(*, version: DatasetVersion, by: User) -> DatasetVersion:
    """The same version with the better half of its rows to learn from, by the quality they had when it was frozen.

    Of a large version the worker makes it, and this is refused until it is there.
    """
    chosen = filters.of_json(version.filter)
    refused = ""
    if version.kind != Kind.DEMONSTRATIONS:
        refused = "Only responses have a quality, so there is no best half of these rows."
    elif chosen.best_share is not None:
        refused = f"{version} is the best share of its rows already. Choose the version with all of them."
    elif version.train_rows < FEWEST_TO_HALVE:
        refused = f"{version} has too few rows to halve."
    if refused:
        raise ValidationError({"best_half": [refused]})
    halves = DatasetVersion.objects.filter(freezings__best_half_of=version, erased_rows=0)
    if made := halves.filter(freezings__status=FreezeRun.Status.DONE).first():
        return made
    asked: dict[str, Any] = {
        "kind": version.kind,
        "description": f"The best half of {version}, by quality",
        "consensus": version.consensus,
        "best_half_of": version,
    }
    try:
        if version.train_rows + version.validation_rows <= AT_ONCE[Kind.DEMONSTRATIONS]:
            return _at_once(_ordered(version.project, by, **asked))
        if not version.halvings.unfinished().exists():
            _ordered(version.project, by, ring=True, **asked)
    except ValidationError as refusal:
        raise ValidationError({"best_half": refusal.messages}) from None
    raise ValidationError({"best_half": [HALVING.format(version=version)]})


def take_out(
    *,
    version: DatasetVersion,
    by: User,
    shape: str = "",
    format: str = "jsonl",
    part: str = "",
    ring: bool = True,
) -> Export:
    """An export of its rows, as exporting.start makes one of what there is now."""
    if not datasets.intact(version):
        raise Refused(CHANGED)
    return exporting.start_frozen(
        project=version.project,
        kind=version.kind,
        frozen=version.pk,
        name=str(version),
        shape=shape or FROZEN,
        format=format,
        part=part,
        by=by,
        ring=ring,
    )


def record_manifest(*, version: DatasetVersion, by: User) -> None:
    """Who took what out is part of the history."""
    Event.record("exported", version, by=by, project=version.project, part="manifest")
