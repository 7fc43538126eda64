"""The worker's part of an export: rows into a file of its own, from that the file wanted, and only then its name.

After a break it begins anew: rows of before and after would not be of one moment.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from annotation.exports import files, frozen
from annotation.exports.card import About, card
from annotation.exports.frozen import Frozen
from annotation.exports.kinds import ENDINGS
from annotation.exports.rows import Row, rows, swapped_copies
from annotation.models import Demonstration, Export, Ranking, Role
from annotation.parts import Unable
from annotation.shapes import Refused

TOLD_EVERY = 500
CHANGED = "The files of this version are missing or changed, so nothing can be taken out of it."
FORMER = "former member"


def do(work: Export) -> None:
    folder = Path(settings.EXPORTS_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _clear(work, folder)
    with work.part():
        work.done, work.total, work.state = 0, _expected(work), {}
    source, made = (folder / f".{work.pk}-{work.attempt}.{ending}" for ending in ("rows", "made"))
    try:
        _collect(work, source)
        finished = _in_format(work, source, made)
        target = folder / f"{work.pk}-{work.attempt}{ENDINGS[work.format]}"
        size, sha256 = finished.stat().st_size, _sha256(finished)
        files.publish(finished, target)
        with work.part():
            work.file_name, work.size, work.sha256, work.total = target.name, size, sha256, work.done
    except OSError as error:
        raise Unable(f"The file cannot be written: {error.strerror}. Make room, then let it go on.") from None
    finally:
        source.unlink(missing_ok=True)
        made.unlink(missing_ok=True)


def delete_file(work: Export) -> None:
    if path := work.path:
        path.unlink(missing_ok=True)
    Export.objects.filter(pk=work.pk).update(file_name="")


def delete_old() -> int:
    """The files of exports that ended longer ago than they are kept."""
    before = timezone.now() - timedelta(days=settings.EXPORTS_KEPT_DAYS)
    old = list(Export.objects.exclude(file_name="").filter(finished_at__lt=before))
    for work in old:
        delete_file(work)
    return len(old)


def _clear(work: Export, folder: Path) -> None:
    """What an attempt that was killed has left."""
    for left in (*folder.glob(f".{work.pk}-*"), *folder.glob(f"{work.pk}-*")):
        left.unlink(missing_ok=True)


def _expected(work: Export) -> int | None:
    """As far as a count can tell."""
    if work.frozen:
        return _frozen(work).total(work.frozen_part)
    if work.kind == "prompts":
        return work.project.prompts.count()
    if work.kind == "demonstrations":
        return Demonstration.objects.approved().filter(project=work.project).count()
    return None


def _frozen(work: Export) -> Frozen:
    assert work.frozen is not None
    found = frozen.find(work.frozen)
    if found is None:
        raise Unable(CHANGED)
    return found


def _rows(work: Export) -> Iterator[Row | Refused]:
    if work.frozen:
        return frozen.rows(_frozen(work), work.kind, work.shape, work.frozen_part)
    return rows(work.project, work.kind, work.shape, work.as_written)


def _collect(work: Export, source: Path) -> None:
    left_out: Counter[str] = Counter()
    written = 0
    with source.open("w", encoding="utf-8", newline="\n") as file:
        for number, row in enumerate(_rows(work), start=1):
            if isinstance(row, Refused):
                left_out[str(row)] += 1
            else:
                file.write(files.line_of(row))
                written += 1
            if number % TOLD_EVERY == 0:
                _tell(work, written, left_out)
    _tell(work, written, left_out)


def _tell(work: Export, written: int, left_out: Counter[str]) -> None:
    with work.part():
        work.done, work.state = written, {"left_out": dict(left_out)}


def _in_format(work: Export, source: Path, made: Path) -> Path:
    """The rows themselves where they are the file."""
    if work.format == "jsonl":
        return source
    told = _still_there(work)
    if work.format in ("csv", "csv_spreadsheet"):
        files.write_csv(made, source, told, spreadsheet=work.format == "csv_spreadsheet")
        return made
    from annotation.exports import tables  # not in the web server's memory

    try:
        if work.format == "parquet":
            tables.write_parquet(made, source, told, tables.schema_of(source))
        else:
            about = _about(work)
            tables.write_hugging_face(
                made, source, told, lambda features, splits: card(about, features, splits), work.frozen_part or "train"
            )
    except tables.Uneven:
        raise Unable("These rows do not fit into one table. Take them out as JSON Lines.") from None
    return made


def _still_there(work: Export) -> Callable[[], None]:
    """Between stretches: whether somebody asked it to stop, or another attempt has it."""

    def told() -> None:
        with work.part():
            pass

    return told


def _about(work: Export) -> About:
    return About(
        project=work.project.name,
        kind=work.frozen_name or work.get_kind_display(),
        shape=work.shape_title,
        made_on=work.created_at.date().isoformat(),
        people=_people(work),
        guidelines=work.project.guidelines.count(),
        left_out=work.left_out,
        as_written=work.as_written,
        swapped_copies=0 if work.frozen else swapped_copies(work.project, work.kind, work.as_written),
        frozen=_frozen(work).told() if work.frozen else [],
    )


def _people(work: Export) -> dict[str, int]:
    """Who wrote and approved, or ranked, by the role they have today."""
    roles = dict(work.project.memberships.values_list("user", "role"))
    counts = Counter(roles.get(pk, FORMER) for pk in _who(work))
    return {role: counts[role] for role in (*Role.values, FORMER)}


def _who(work: Export) -> Collection[int]:
    if work.frozen:
        return _frozen(work).people()
    written = Demonstration.objects.approved().filter(project=work.project)
    given = Ranking.objects.filter(project=work.project, in_training=False)
    if work.kind in ("preferences", "rankings"):
        people = User.objects.filter(pk__in=given.order_by().values("ranker"))
    else:
        people = User.objects.filter(
            Q(pk__in=written.order_by().values("author")) | Q(pk__in=written.order_by().values("reviewed_by"))
        )
    return list(people.values_list("pk", flat=True))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
