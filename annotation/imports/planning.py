"""What will become of a file's records in a project, before anything does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import Any

from django.db.models import Q

from annotation import splits
from annotation.imports import verdicts
from annotation.imports.records import Record
from annotation.imports.rows import Problem
from annotation.models import Candidate, Priority, Project, Split
from annotation.shapes import Item, Ranked
from annotation.splits import Shares
from annotation.texts import fingerprint

PROBLEMS_KEPT = 50


@dataclass(frozen=True)
class Planned:
    """What will become of one record.

    `known` says that the project has this prompt already, `differs` that it has it with another text, which it keeps.
    `ranked` are answers that arrive to be compared, and `compares` says whether they become a comparison.
    """

    record: Record
    group: str
    split: str
    text_sha256: str
    known: bool
    differs: bool = False
    ranked: Ranked | None = None
    compares: bool = False

    @property
    def name(self) -> str:
        """What tells its prompt from the others of a file."""
        return self.record.external_id or self.text_sha256

    @property
    def said(self) -> str:
        """What becomes of answers to compare, for the preview."""
        if self.ranked is None:
            return ""
        if self.split == Split.EVALUATION:
            return "Held out: the best answer is kept as a reference, and nobody compares them."
        return verdicts.in_words(self.ranked)

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
    comparisons: int = 0
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
        self.comparisons += item.compares
        self.differs += item.differs
        if item.known:
            self.known += not item.compares
            return
        self.new += 1
        self.responses += bool(item.record.response) and not item.ranked
        setattr(self, item.split, getattr(self, item.split) + 1)

    def numbers(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name != "first_problems"}


class Planner:
    """Says of each record where it goes, in the file's order, asking the database once for each stretch.

    A group that the project has already keeps its split, and so does a text: what is held out stays held out. So does
    a comparison: the same answers to the same prompt are one.
    """

    def __init__(self, project: Project, shares: Shares) -> None:
        self.project = project
        self.shares = shares
        self.seen: set[bytes] = set()

    def planned(self, items: Iterable[Item | Problem]) -> list[Planned | Problem]:
        items = list(items)
        records = [item for item in items if not isinstance(item, Problem)]
        shas = {id(record): _fingerprint(record) for record in records}
        there = _there(self.project, records, set(shas.values()))
        return [item if isinstance(item, Problem) else self._one(item, shas[id(item)], there) for item in items]

    def _one(self, item: Item, sha: str, there: _There) -> Planned | Problem:
        name = item.external_id or sha
        known = name in there.named or self._was_seen(name)
        differs = bool(item.external_id) and there.named.get(name, sha) != sha
        side = there.sides.get(item.group) or there.texts.get(sha)
        if side and item.split and side != item.split and not known:
            what = f"The group “{item.group}”" if item.group else "This text"
            return Problem(item.line, f"{what} is in the project already as {side}; the file says {item.split}.")
        split = side or _split(item, sha, self.shares)
        group = item.group or item.external_id or sha[:16]
        if isinstance(item, Record):
            return Planned(item, group, split, sha, known, differs)
        if wrong := verdicts.unfit(item):
            return Problem(item.line, wrong)
        record = _prompt_of(item, verdicts.best(item) if split == Split.EVALUATION else "")
        compares = split != Split.EVALUATION and not differs and self._is_new(name, item, there)
        return Planned(record, group, split, sha, known, differs, item, compares)

    def _was_seen(self, name: str) -> bool:
        key = _digest(name)
        if key in self.seen:
            return True
        self.seen.add(key)
        return False

    def _is_new(self, name: str, ranked: Ranked, there: _There) -> bool:
        answers = _digest(name, *sorted(candidate.text.strip() for candidate in ranked.candidates))
        return answers not in there.compared and not self._was_seen(answers.hex())


@dataclass(frozen=True)
class _There:
    """What the project has of some records: `named` by external id or fingerprint, with the fingerprint."""

    named: dict[str, str]
    texts: dict[str, str]
    sides: dict[str, str]
    compared: set[bytes]


def _there(project: Project, records: list[Item], shas: set[str]) -> _There:
    prompts = project.prompts.order_by()
    by_id = prompts.filter(external_id__in={each.external_id for each in records if each.external_id})
    ids = dict(by_id.values_list("external_id", "text_sha256"))
    of_groups = prompts.filter(group__in={each.group for each in records if each.group})
    texts = dict(prompts.filter(text_sha256__in=shas).values_list("text_sha256", "split"))
    return _There(
        named={**{sha: sha for sha in texts}, **ids},
        texts=texts,
        sides=dict(of_groups.values_list("group", "split").distinct()),
        compared=_compared(project, records, shas) if any(isinstance(each, Ranked) for each in records) else set(),
    )


def _compared(project: Project, records: list[Item], shas: set[str]) -> set[bytes]:
    """The comparisons of these prompts, under each name that a file may call the prompt by."""
    ids = {each.external_id for each in records if each.external_id}
    of_them = Q(comparison__prompt__external_id__in=ids) | Q(comparison__prompt__text_sha256__in=shas)
    asked = Candidate.objects.filter(of_them, comparison__prompt__project=project).order_by("comparison_id")
    rows = asked.values_list(
        "comparison_id", "comparison__prompt__external_id", "comparison__prompt__text_sha256", "text"
    )
    found: set[bytes] = set()
    for (_pk, external_id, sha), those in groupby(rows.iterator(), key=lambda row: row[:3]):
        texts = sorted(row[3].strip() for row in those)
        found |= {_digest(name, *texts) for name in (external_id, sha) if name}
    return found


def _prompt_of(ranked: Ranked, reference: str) -> Record:
    return Record(
        line=ranked.line,
        instruction=ranked.instruction,
        input=ranked.input,
        response=reference,
        external_id=ranked.external_id,
        group=ranked.group,
        task_type=ranked.task_type,
        split=ranked.split,
        history=ranked.history,
    )


def _digest(*parts: str) -> bytes:
    return sha256("\x00".join(parts).encode()).digest()[:16]


def _fingerprint(record: Item) -> str:
    return fingerprint(record.instruction, record.input, *(text for _role, text in record.history))


def _split(record: Item, sha: str, shares: Shares) -> str:
    key = record.group or sha
    if not record.split:
        return splits.split_for(key, shares)
    return splits.within_teaching(key, shares) if record.split == Split.TRAIN else record.split
