"""Two versions beside each other: from the index, so that a version of any size takes a page's time and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, QuerySet

from annotation import diff
from annotation.models import ConsensusRule, name_of
from training.freezing import filters, index
from training.models import DatasetVersion, FreezeRun, Leak, VersionRow

KINDS = {
    "added": "Only in the second",
    "removed": "Only in the first",
    "changed": "With other words",
    "moved": "On the other side",
}
TEXTS = {
    "prompt": "Asked",
    "completion": "Answered",
    "chosen": "Preferred",
    "rejected": "Not preferred",
    "text": "Text",
}


@dataclass(frozen=True)
class Difference:
    """One row; `texts` are what is asked and answered, each with what changed word by word."""

    row: str
    prompt: str
    erased: bool
    texts: list[tuple[str, list[diff.Piece]]]

    def as_json(self) -> dict[str, Any]:
        texts = {label: [{"kind": piece.kind, "text": piece.text} for piece in pieces] for label, pieces in self.texts}
        return {"row": self.row, "prompt": self.prompt, "erased": self.erased, "texts": texts}


@dataclass(frozen=True)
class Figure:
    label: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        return self.first != self.second


def rows_of(first: DatasetVersion, second: DatasetVersion, kind: str) -> QuerySet[VersionRow]:
    """Those of a kind, in the order of the version that has them."""
    base, other = (first, second) if kind == "removed" else (second, first)
    rows = VersionRow.objects.filter(version=base)
    same = VersionRow.objects.filter(version=other, row=OuterRef("row"))
    if kind == "changed":
        return rows.filter(Exists(same.exclude(sha256=OuterRef("sha256"))))
    if kind == "moved":
        return rows.filter(Exists(same.exclude(part=OuterRef("part"))))
    return rows.filter(~Exists(same))


def counts(first: DatasetVersion, second: DatasetVersion) -> dict[str, int]:
    return {kind: rows_of(first, second, kind).count() for kind in KINDS}


def differences(first: DatasetVersion, second: DatasetVersion, kind: str, start: int, number: int) -> list[Difference]:
    rows = list(rows_of(first, second, kind)[start : start + number])
    if kind in ("added", "removed"):
        version, side = (second, "added") if kind == "added" else (first, "removed")
        return [_alone(version, row, side) for row in rows]
    before = {row.row: row for row in first.rows.filter(row__in=[row.row for row in rows])}
    return [_changed(first, before[row.row], second, row) for row in rows]


def _alone(version: DatasetVersion, row: VersionRow, side: str) -> Difference:
    said = _texts(version, row)
    pieces: list[tuple[str, list[diff.Piece]]] = [
        (label, [diff.Piece("added" if side == "added" else "removed", text)]) for label, text in said.items()
    ]
    return Difference(row.row, str(row.prompt or ""), row.erased, pieces)


def _changed(first: DatasetVersion, before: VersionRow, second: DatasetVersion, after: VersionRow) -> Difference:
    old, new = _texts(first, before), _texts(second, after)
    labels = dict.fromkeys([*old, *new])
    pieces = [(label, diff.words(old.get(label, ""), new.get(label, ""))) for label in labels]
    return Difference(after.row, str(after.prompt or ""), before.erased or after.erased, pieces)


def _texts(version: DatasetVersion, row: VersionRow) -> dict[str, str]:
    content = index.at(version, row)
    return {label: _said(content[name]) for name, label in TEXTS.items() if name in content}


def _said(value: Any) -> str:
    return value if isinstance(value, str) else "\n\n".join(message["content"] for message in value)


def figures(first: DatasetVersion, second: DatasetVersion) -> list[Figure]:
    """Settings and numbers of both, those that differ first."""
    leaking = dict(
        Leak.objects.filter(version__in=[first, second])
        .order_by()
        .values_list("version")
        .annotate(rows=Count("row_id", distinct=True))
    )
    one, other = (_figures(each, leaking.get(each.pk, 0)) for each in (first, second))
    found = [Figure(label, one.get(label, "–"), other.get(label, "–")) for label in dict.fromkeys([*one, *other])]
    return sorted(found, key=lambda figure: not figure.differs)


def _figures(version: DatasetVersion, leaking: int) -> dict[str, str]:
    told = version.statistics
    spread = told.get("response_words") or told.get("text_words") or {}
    return {
        "Rows taken": in_words(version),
        "Consensus": ConsensusRule(version.consensus).label if version.consensus else "As the project's settings say",
        "Rows to learn from": f"{version.train_rows:,}",
        "Rows to check with": f"{version.validation_rows:,}",
        "Prompts": f"{told.get('prompts', 0):,}",
        "Groups": f"{told.get('groups', 0):,}",
        "People": f"{told.get('people', 0):,}",
        "Words per answer, median": f"{spread.get('median', 0):,}",
        "Guidelines": ", ".join(f"version {number} ({rows:,})" for number, rows in told.get("guidelines", {}).items())
        or "Not recorded",
        "Task types": ", ".join(f"{name} ({rows:,})" for name, rows in told.get("task_types", {}).items()) or "–",
        "Too close to held-out prompts": f"{leaking:,}",
        "Erased since": f"{version.erased_rows:,}",
    }


def in_words(asked: DatasetVersion | FreezeRun) -> str:
    """Its filter, with the names of people."""
    chosen = filters.of_json(asked.filter)
    people = User.objects.filter(pk__in=chosen.people) if chosen.people else []
    return filters.sentence(chosen, {user.pk: name_of(user) for user in people})
