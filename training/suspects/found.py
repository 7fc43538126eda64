"""A round's suspects: worked out once it has succeeded, and what became of each."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Count

from annotation.models import Demonstration, Doubt, Prompt, SecondLook, name_of
from training.methods import DPO, SFT
from training.models import TrainingRound
from training.run_dir import RunDir, read_rows, write_json
from training.suspects import losses, pairs
from training.suspects.pairs import FoundPair
from training.suspects.rows import Row, changed_since
from training.suspects.standing_out import suspects

FILE = "suspects.json"
STATES = {
    "open": "Not asked about",
    "asked": "With {person}",
    "kept": "Kept by {person}",
    "corrected": "Corrected by {person}",
    "dropped": "Taken back",
    "changed": "Changed since",
}


@dataclass(frozen=True)
class Found:
    row: Row
    response: Demonstration
    look: SecondLook | None
    untouched: str  # its state where nobody was asked

    @property
    def state(self) -> str:
        if self.look and self.look.settled_at is None:
            return "asked"
        return self.look.outcome if self.look else self.untouched

    @property
    def prompt(self) -> Prompt:
        return self.response.prompt

    @property
    def person(self) -> User | None:
        return self.look.person if self.look else None

    @property
    def said(self) -> str:
        """What became of it, in words."""
        return STATES[self.state].format(person=name_of(self.person) if self.person else "")


def carried(run_dir: RunDir) -> Iterator[str]:
    """Names of the files that the next attempt of a round goes on with."""
    for process in range(max(1, settings.ACCELERATE_PROCESSES)):
        yield losses.file_of(run_dir.path, process).name


def keep(round: TrainingRound, run_dir: RunDir) -> None:
    if round.method not in (SFT.key, DPO.key):
        return
    measured = list(losses.readings(run_dir.path))
    if not measured:  # it took over a result, or was trained before rows were watched
        return
    rows = read_rows(run_dir.train)
    found = suspects(measured, [row.get("task_type", "") for row in rows])
    listed = [{"id": rows[each.row]["id"], "surplus": each.surplus, "passes": each.passes} for each in found]
    if of_pairs(round):
        kept = pairs.one_of_each(round.project, [each["id"] for each in listed])
        listed = [each for each in listed if each["id"] in kept]
    write_json(_file(round), {"rows": len(rows), "suspects": listed})


def of_pairs(round: TrainingRound) -> bool:
    return round.method == DPO.key


def count(round: TrainingRound) -> int | None:
    """None where nothing was measured: a round of another kind, or of before rows were watched."""
    return len(_kept(round)["suspects"]) if _file(round).exists() else None


def rows_of(round: TrainingRound) -> list[Row]:
    if not _file(round).exists():
        return []
    return [
        Row(place, each["id"], _rounded(math.exp(each["surplus"])), each["passes"])
        for place, each in enumerate(_kept(round)["suspects"], start=1)
    ]


def _rounded(times: float) -> float:
    return round(times, 1) if times < 10 else float(round(times))


def source_of(round: TrainingRound) -> str:
    return f"round {round.pk}"


def with_states(round: TrainingRound, rows: Sequence[Row]) -> Sequence[Found | FoundPair]:
    """Those whose texts are still there."""
    read_at = round.dataset_version.created_at
    if of_pairs(round):
        return pairs.with_states(round.project, rows, read_at, source_of(round))
    wanted = [row.id for row in rows]
    responses = Demonstration.objects.filter(project=round.project_id).select_related("prompt", "author")
    there = {str(each.pk): each for each in responses.filter(pk__in=wanted)}
    looks = SecondLook.objects.filter(demonstration_id__in=list(there), source=source_of(round))
    asked = {str(look.demonstration_id): look for look in looks.select_related("person").order_by("asked_at")}
    return [
        Found(row, there[row.id], asked.get(row.id), changed_since(there[row.id], read_at))
        for row in rows
        if row.id in there
    ]


def _kept(round: TrainingRound) -> dict[str, Any]:
    return json.loads(_file(round).read_text(encoding="utf-8"))


def _file(round: TrainingRound) -> Path:
    return round.root / FILE


def tally(round: TrainingRound) -> dict[str, int]:
    """How many were asked about, by what came of it; "asked": not answered yet."""
    numbers: Counter[str] = Counter()
    for asked in (SecondLook, Doubt) if of_pairs(round) else (SecondLook,):
        rows = asked.objects.filter(project=round.project_id, source=source_of(round)).order_by()
        numbers.update(dict(rows.values_list("outcome").annotate(number=Count("pk"))))
    return {outcome or "asked": number for outcome, number in numbers.items()}
