"""What will become of a file's records in a project, before anything does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from annotation import splits
from annotation.imports.rows import Problem
from annotation.models import Priority, Project, Split
from annotation.records import Record
from annotation.splits import Shares
from annotation.texts import fingerprint

PROBLEMS_KEPT = 50


@dataclass(frozen=True)
class Planned:
    """What will become of one record.

    `known` says that the project has this prompt already, `differs` that it has it with another text, which it keeps.
    """

    record: Record
    group: str
    split: str
    text_sha256: str
    known: bool
    differs: bool = False

    @property
    def priority(self) -> str:
        """Its name, for the preview, where it is not the usual one."""
        return Priority(self.record.priority).label.lower() if self.record.priority else ""


@dataclass
class Counts:
    records: int = 0
    new: int = 0
    known: int = 0
    differs: int = 0
    problems: int = 0
    responses: int = 0
    train: int = 0
    validation: int = 0
    evaluation: int = 0
    first_problems: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Counts:
        """From what a row keeps of them."""
        return cls(**{name: value for name, value in kept.items() if name in cls.__dataclass_fields__})

    def add(self, item: Planned | Problem) -> None:
        if isinstance(item, Problem):
            self.problems += 1
            if self.problems <= PROBLEMS_KEPT:
                self.first_problems.append(asdict(item))
            return
        self.records += 1
        if item.known:
            self.known += 1
            self.differs += item.differs
            return
        self.new += 1
        self.responses += bool(item.record.response)
        setattr(self, item.split, getattr(self, item.split) + 1)

    def numbers(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name != "first_problems"}


class Planner:
    """Says of each record where it goes, in the file's order, asking the database once for each stretch.

    A group that the project has already keeps its split, and so does a text: what is held out stays held out.
    """

    def __init__(self, project: Project, shares: Shares) -> None:
        self.project = project
        self.shares = shares
        self.seen: set[bytes] = set()

    def planned(self, items: Iterable[Record | Problem]) -> list[Planned | Problem]:
        items = list(items)
        records = [item for item in items if isinstance(item, Record)]
        shas = {id(record): _fingerprint(record) for record in records}
        prompts = self.project.prompts.order_by()
        named = prompts.filter(external_id__in={r.external_id for r in records if r.external_id})
        ids = dict(named.values_list("external_id", "text_sha256"))
        of_groups = prompts.filter(group__in={r.group for r in records if r.group})
        sides = dict(of_groups.values_list("group", "split").distinct())
        texts = dict(prompts.filter(text_sha256__in=set(shas.values())).values_list("text_sha256", "split"))
        found: list[Planned | Problem] = []
        for item in items:
            if isinstance(item, Problem):
                found.append(item)
                continue
            sha = shas[id(item)]
            key = bytes.fromhex(sha[:32])
            known = item.external_id in ids if item.external_id else sha in texts or key in self.seen
            self.seen.add(key)
            differs = ids.get(item.external_id, sha) != sha
            side = sides.get(item.group) or texts.get(sha)
            found.append(_planned(item, sha, known, differs, side, self.shares))
        return found


def _fingerprint(record: Record) -> str:
    return fingerprint(record.instruction, record.input, *(text for _role, text in record.history))


def _planned(
    record: Record, sha: str, known: bool, differs: bool, side: str | None, shares: Shares
) -> Planned | Problem:
    if side and record.split and side != record.split and not known:
        what = f"The group “{record.group}”" if record.group else "This text"
        return Problem(record.line, f"{what} is in the project already as {side}; the file says {record.split}.")
    split = side or _split(record, sha, shares)
    return Planned(record, record.group or record.external_id or sha[:16], split, sha, known, known and differs)


def _split(record: Record, sha: str, shares: Shares) -> str:
    key = record.group or sha
    if not record.split:
        return splits.split_for(key, shares)
    return splits.within_teaching(key, shares) if record.split == Split.TRAIN else record.split
