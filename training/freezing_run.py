"""The worker's part in freezing: it reads what was asked for, has the version made of it, and looks it over.

Before its version is there it begins again after a break, since rows of before and after are not of one moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from annotation.models import Project
from annotation.models.in_parts import Stopped, TakenOver
from annotation.parts import Unable
from training.freezing import choosing, datasets, filters, index, scores
from training.freezing.cleaning import cleaned
from training.freezing.keeping import Taken, keep
from training.leaks import gate, leaving_out
from training.models import DatasetVersion, FreezeRun

PROMPTS_CHANGED = "A prompt of these rows is held out by now. Freeze again, without it."
TOLD_EVERY = 500
Step = FreezeRun.Step
T = TypeVar("T")


def do(work: FreezeRun) -> None:
    known = {} if work.version else _make(work)
    if work.version:
        _look_over(work, work.version, known)


def _make(work: FreezeRun) -> dict[str, int]:
    """`work.version`, or only the numbers of its rows. The rows' scores, where they have any."""
    try:
        _let_stand(work)
        taken = _halved(work, work.best_half_of) if work.best_half_of else _taken(work)
        if work.only_look:
            with work.part():
                work.state = {**work.state, "train": len(taken.train), "validation": len(taken.validation)}
            return {}
        keep(work, taken)
    except TakenOver:
        raise  # who goes on with it needs what is noted
    except ValidationError as refused:
        _let_go(work, *refused.message_dict)
        raise Unable(" ".join(refused.messages)) from None
    except IntegrityError:
        _let_go(work)
        raise Unable(PROMPTS_CHANGED) from None
    except BaseException:
        _let_go(work)
        raise
    return {row.id: row.score for row in taken.rows if row.score is not None}


def _taken(work: FreezeRun) -> Taken:
    project, chosen = work.project, filters.of_json(work.filter)
    left_out = leaving_out.rows_of(work.without_leaks_of)
    with work.part():
        work.step, work.done, work.total = Step.READ, 0, choosing.how_many(project)[work.kind]
    found = list(_told(work, choosing.rows_now(project, work.kind, work.consensus, chosen)))
    with work.part():
        work.step, work.done = Step.CLEAN, 0
    rows, cleaning = cleaned(project, [row for row in found if row.id not in left_out])
    train, validation = choosing.divided(rows, chosen)
    if not train and not work.only_look:
        why = choosing.why_nothing(work.kind, chosen, found=bool(found), cleaned_away=bool(cleaning))
        raise ValidationError({"kind": why})
    left = [left_out[row.id] for row in found if row.id in left_out]
    return Taken(chosen, train, validation, cleaning, left)


def _halved(work: FreezeRun, version: DatasetVersion) -> Taken:
    """What was written or approved since then is in neither: a round on each differs in nothing but the rows left
    out."""
    known = scores.of_version(version)
    train, validation = datasets.frozen_rows(version, known)
    half = scores.best(train, filters.HALF)
    chosen = replace(filters.of_json(version.filter), best_share=filters.HALF)
    return Taken(chosen, half, validation, template=datasets.template_of(version))


def _told(work: FreezeRun, rows: Iterable[T]) -> Iterator[T]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % TOLD_EVERY == 0:
            with work.part():
                work.done = number


def _look_over(work: FreezeRun, version: DatasetVersion, known: Mapping[str, int]) -> None:
    """It is there: who asks it to stop comes too late."""

    def tell(step: str, done: int) -> None:
        with suppress(Stopped), work.part():
            work.step, work.done, work.total = step, done, version.train_rows + version.validation_rows

    tell(Step.LOOK_UP, 0)
    index.of_version(version, known, lambda done: tell(Step.LOOK_UP, done))
    tell(Step.COMPARE, 0)
    gate.look(version)


# --- From before its rows are read on, nobody takes a judgement back that a version holds -------------------------


def _let_stand(work: FreezeRun) -> None:
    """Of all the project's rankings: those that only check people are in no version, and must not show it."""
    if "began_at" in work.state or work.only_look or work.best_half_of or work.kind not in choosing.FROM_RANKINGS:
        return
    now, rows = timezone.now(), Project.objects.filter(pk=work.project_id)
    with work.part():
        before = rows.values_list("rankings_frozen_at", flat=True).get()
        work.state = {"began_at": now.isoformat(), "before": before.isoformat() if before else None}
        rows.update(rankings_frozen_at=now)


def _let_go(work: FreezeRun, *field: str) -> None:
    """There is no version: as it was before, and which field of the form the refusal is about."""
    with suppress(Stopped, TakenOver), work.part():
        if "began_at" in work.state:
            began_at, before = (_time(work.state[name]) for name in ("began_at", "before"))
            rows = Project.objects.filter(pk=work.project_id, rankings_frozen_at=began_at)
            rows.update(rankings_frozen_at=before)
        work.state = {"field": field[0]} if field else {}


def _time(said: str | None) -> datetime | None:
    return datetime.fromisoformat(said) if said else None
