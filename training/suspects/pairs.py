"""The suspects of a round that learned from pairs: comparisons that reviewers decide again, and better answers that
people read again, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from annotation.actions.doubting import Doubted
from annotation.models import (
    Candidate,
    Comparison,
    Demonstration,
    Doubt,
    Project,
    Prompt,
    SecondLook,
    name_of,
)
from training.suspects.rows import Row, changed_since

STATES = {
    "open": "Not asked about",
    "asked": "Waits for a decision",
    "kept": "Decided as before by {person}",
    "corrected": "Decided otherwise by {person}",
    "dropped": "Taken back",
    "changed": "Changed since",
    "known": "Its answer is known",
}
STATES_OF_RESPONSES = {
    "asked": "With {person}",
    "kept": "Kept by {person}",
    "corrected": "Corrected by {person}",
}


@dataclass(frozen=True)
class FoundPair:
    """`response`: the better answer, where somebody wrote it; None where both are candidates."""

    row: Row
    comparison: Comparison
    better: Candidate | Demonstration
    worse: Candidate
    asked: Doubt | SecondLook | None
    untouched: str  # its state where nobody was asked

    @property
    def response(self) -> Demonstration | None:
        return self.better if isinstance(self.better, Demonstration) else None

    @property
    def prompt(self) -> Prompt:
        return self.comparison.prompt

    @property
    def doubted(self) -> Doubted:
        return Doubted(self.comparison.pk, self.better.pk, self.worse.pk)

    @property
    def state(self) -> str:
        if self.asked and self.asked.settled_at is None:
            return "asked"
        return self.asked.outcome if self.asked else self.untouched

    @property
    def person(self) -> User | None:
        """Who is asked, where one person is, or who has settled it."""
        if isinstance(self.asked, Doubt):
            return self.asked.settled_by
        return self.asked.person if self.asked else None

    @property
    def said(self) -> str:
        """What became of it, in words."""
        words = STATES | STATES_OF_RESPONSES if self.response else STATES
        return words[self.state].format(person=name_of(self.person) if self.person else "")


def one_of_each(project: Project, names: Sequence[str]) -> set[str]:
    """Of rows by name, the most doubtful first, one for each thing that people can be asked about."""
    written = _written(project, (UUID(name.split(":")[1]) for name in names))
    first: dict[str, str] = {}
    for name in names:
        comparison, better, _worse = name.split(":")
        first.setdefault(better if UUID(better) in written else comparison, name)
    return set(first.values())


def _written(project: Project, better: Iterable[UUID]) -> dict[UUID, Demonstration]:
    rows = Demonstration.objects.filter(project=project, pk__in=list(better))
    return {each.pk: each for each in rows.select_related("author")}


def with_states(project: Project, rows: Sequence[Row], read_at: datetime, source: str) -> list[FoundPair]:
    """Those whose answers are still there."""
    ids = {row.id: tuple(UUID(part) for part in row.id.split(":")) for row in rows}
    comparisons = Comparison.objects.filter(project=project).select_related("prompt", "gold", "adjudication")
    there = comparisons.in_bulk([parts[0] for parts in ids.values()])
    texts: dict[UUID, Candidate | Demonstration] = {**_written(project, (parts[1] for parts in ids.values()))}
    candidates = Candidate.objects.filter(comparison__project=project)
    texts |= candidates.in_bulk([each for parts in ids.values() for each in parts[1:] if each not in texts])
    doubts, looks = _doubts(project, source), _looks(project, source)
    found = []
    for row in rows:
        comparison, better, worse = (there.get(ids[row.id][0]), *(texts.get(each) for each in ids[row.id][1:]))
        if comparison is None or better is None or not isinstance(worse, Candidate):
            continue
        written = isinstance(better, Demonstration)
        asked = looks.get(better.pk) if written else doubts.get(comparison.pk)
        untouched = changed_since(better, read_at) if isinstance(better, Demonstration) else _now(comparison, read_at)
        found.append(FoundPair(row, comparison, better, worse, asked, untouched))
    return found


def _doubts(project: Project, source: str) -> dict[UUID, Doubt]:
    """The last of each comparison."""
    rows = Doubt.objects.filter(project=project, source=source).select_related("settled_by")
    return {each.comparison_id: each for each in rows.order_by("asked_at", "pk")}


def _looks(project: Project, source: str) -> dict[UUID, SecondLook]:
    rows = SecondLook.objects.filter(project=project, source=source).select_related("person")
    return {each.demonstration_id: each for each in rows.order_by("asked_at", "pk")}


def _now(comparison: Comparison, read_at: datetime) -> str:
    if getattr(comparison, "gold", None):
        return "known"
    decided = getattr(comparison, "adjudication", None)
    if decided:
        return "changed" if decided.decided_at > read_at else "open"
    return "open" if comparison.rankings_done >= comparison.rankings_needed else "changed"
