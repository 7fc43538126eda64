"""A version's rows in the database, read from its folder: the folder is the truth, this finds things in it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import inserts
from annotation.ids import as_uuid
from annotation.inserts import BREATH, Insert, insert_of
from annotation.models import Demonstration, Prompt, Ranking, Split
from training.freezing import datasets
from training.freezing.row import row_sha256
from training.models import DatasetVersion, VersionPerson, VersionPrompt, VersionRow

AT_ONCE = 500
KINDS = {
    DatasetVersion.Kind.DEMONSTRATIONS: "demonstration",
    DatasetVersion.Kind.PREFERENCES: "comparison",
    DatasetVersion.Kind.CORPUS: "document",
}


def of_version(
    version: DatasetVersion,
    scores: Mapping[str, int] | None = None,
    told: Callable[[int], None] = lambda _rows: None,
) -> None:
    """With the scores of its rows, where they are known. `told` hears how many rows are in it after each part.

    Once; part by part, so that nobody else waits for the database. What was cut off begins again.
    """
    if version.indexed_at or not version.directory.is_dir():
        return
    VersionRow.objects.filter(version=version).delete()
    counts: Counter[int] = Counter()
    done = 0
    rows = (row for row, _content in read(version))
    free_since = time.monotonic()
    while some := list(islice(rows, AT_ONCE)):
        for row in some:
            row.score = (scores or {}).get(row.row)
        counts.update(person for row in some for person in row.people)
        ready = _ready(version, some)
        time.sleep(max(0.0, free_since + BREATH - time.monotonic()))
        with transaction.atomic():
            inserts.run(ready)
        done += len(some)
        told(done)
        free_since = time.monotonic()
    known = set(User.objects.filter(pk__in=list(counts)).values_list("pk", flat=True))
    with transaction.atomic():
        VersionPerson.objects.filter(version=version).delete()
        VersionPerson.objects.bulk_create(
            VersionPerson(version=version, person_id=person, count=count)
            for person, count in counts.items()
            if person in known
        )
        version.indexed_at = timezone.now()
        version.save(update_fields=["indexed_at"])


def _ready(version: DatasetVersion, rows: list[VersionRow]) -> list[Insert]:
    """Freezing has named the prompts already; older versions may hold what is held out by now, which no row points
    to."""
    prompts = dict(Prompt.objects.filter(pk__in={row.prompt for row in rows if row.prompt}).values_list("pk", "split"))
    held_out = {key for key, split in prompts.items() if split == Split.EVALUATION}
    for row in rows:
        row.prompt = None if row.prompt in held_out else row.prompt
    taught = [{"version_id": version.pk, "prompt_id": key} for key in prompts if key not in held_out]
    columns = [field.attname for field in VersionRow._meta.concrete_fields if not field.primary_key]
    found = [{name: getattr(row, name) for name in columns} for row in rows]
    return [*insert_of(VersionPrompt, taught, once=True), *insert_of(VersionRow, found, once=True)]


def catch_up() -> None:
    """Versions that were frozen before there was an index, or whose indexing was cut off."""
    for version in DatasetVersion.objects.filter(indexed_at=None):
        of_version(version)


def read(version: DatasetVersion) -> Iterator[tuple[VersionRow, dict[str, Any]]]:
    """Every row as the index has it, and its content: from the files and the manifest."""
    manifest = json.loads((version.directory / datasets.MANIFEST).read_text(encoding="utf-8"))
    for part, name in (("train", datasets.TRAIN), ("validation", datasets.VALIDATION)):
        sources = iter(manifest["rows"][part])
        for pairs in _chunks(zip(lines(version.directory / name), sources, strict=False)):
            told = _people_of_old(version, [source for _line, source in pairs])
            for (place, row), source in pairs:
                yield _row(version, part, place, row, source, told), row


def lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's row, and where it begins; one pass, one line at a time."""
    place = 0
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield place, json.loads(line)
            place += len(line)


def at(version: DatasetVersion, row: VersionRow) -> dict[str, Any]:
    """The frozen row itself."""
    (found,) = contents(version, [row])
    return found


def contents(version: DatasetVersion, rows: Iterable[VersionRow]) -> list[dict[str, Any]]:
    """The frozen rows themselves, of one part or the other."""
    found = []
    with ExitStack() as stack:
        names = {"train": datasets.TRAIN, "validation": datasets.VALIDATION}
        files = {part: stack.enter_context((version.directory / name).open("rb")) for part, name in names.items()}
        for row in rows:
            files[row.part].seek(row.place)
            found.append(json.loads(files[row.part].readline()))
    return found


def _row(
    version: DatasetVersion,
    part: str,
    place: int,
    row: dict[str, Any],
    source: dict[str, Any],
    told: dict[str, list[int]],
) -> VersionRow:
    names = [as_uuid(piece) for piece in str(row["id"]).split(":")]
    kind = _kind(version, source)
    answer = names[1] if source.get("origin") in ("edited", "better") and len(names) == 3 else None
    return VersionRow(
        version=version,
        row=row["id"],
        part=part,
        place=place,
        sha256=source.get("sha256") or row_sha256(row),
        prompt=as_uuid(row.get("prompt_id", "")),
        demonstration=names[0] if kind == "demonstration" else answer,
        comparison=names[0] if kind == "comparison" else None,
        document=names[0] if kind == "document" else None,
        group=row.get("group", ""),
        revisions=source.get("revisions", []),
        people=source.get("people", told.get(str(names[0]), [])),
        erased=bool(row.get("erased")),
    )


def _kind(version: DatasetVersion, source: dict[str, Any]) -> str:
    """Judgements are of both: candidates carry where the judgement came from."""
    if version.kind == DatasetVersion.Kind.JUDGEMENTS:
        return "comparison" if "origin" in source else "demonstration"
    return KINDS[DatasetVersion.Kind(version.kind)]


def _people_of_old(version: DatasetVersion, sources: list[dict[str, Any]]) -> dict[str, list[int]]:
    """Manifests of the first format do not say who: those who have written or ranked the row since then do."""
    if version.kind == DatasetVersion.Kind.CORPUS or all("people" in source for source in sources):
        return {}
    found: dict[str, set[int]] = {}
    keys = [key for source in sources if (key := as_uuid(str(source["id"]).split(":")[0]))]
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        wrote = Demonstration.objects.filter(pk__in=some).values_list("pk", "author_id")
        ranked = Ranking.objects.filter(comparison__in=some).values_list("comparison_id", "ranker_id")
        for key, person in [*wrote, *ranked]:
            found.setdefault(str(key), set()).add(person)
    return {key: sorted(people) for key, people in found.items()}


def _chunks(pairs: Iterable[Any]) -> Iterator[list[Any]]:
    waiting = iter(pairs)
    while some := list(islice(waiting, AT_ONCE)):
        yield some
