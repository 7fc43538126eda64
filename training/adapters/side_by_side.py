"""Two adapters side by side: which settings differ, what one learned from and the other did not, what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from training.adapters.model_card import MEASURED, shown
from training.freezing import datasets
from training.methods import METHODS
from training.models import Adapter, DatasetVersion
from training.params import LABELS, full
from training.params import shown as shown_setting

IDS_LISTED = 200


@dataclass(frozen=True)
class Line:
    """One thing, as it is with the first and with the second; None where there is none."""

    label: str
    first: str | None
    second: str | None

    @property
    def differs(self) -> bool:
        return self.first != self.second


@dataclass(frozen=True)
class Rows:
    """Rows to learn from, by id: those of both, of the second alone (added), of the first alone (removed)."""

    both: int
    added: list[str]
    removed: list[str]
    changed: list[str]  # of both, but with another text
    prompts: dict[str, str]  # of each of these, the prompt it answers

    @property
    def same(self) -> bool:
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True)
class SideBySide:
    first: Adapter
    second: Adapter
    settings: list[Line]
    data: list[Line]
    rows: Rows | None  # None: they learned from different kinds of rows, or files are missing
    no_rows: str
    results: list[Line]
    measured_alike: bool
    evaluations: list[dict[str, Any]] = field(default_factory=list)

    @property
    def different(self) -> list[Line]:
        return [line for line in self.settings if line.differs]

    def as_json(self) -> dict[str, Any]:
        def lines(some: list[Line]) -> list[dict[str, Any]]:
            return [{"name": line.label, "first": line.first, "second": line.second} for line in some]

        rows = self.rows and {
            "both": self.rows.both,
            "added": self.rows.added,
            "removed": self.rows.removed,
            "changed": self.rows.changed,
        }
        return {
            "first": str(self.first.pk),
            "second": str(self.second.pk),
            "settings": lines(self.different),
            "data": lines(self.data),
            "rows": rows,
            "no_rows": self.no_rows,
            "results": lines(self.results),
            "measured_on_the_same_rows": self.measured_alike,
            "evaluations": self.evaluations,
        }


def compare(first: Adapter, second: Adapter) -> SideBySide:
    versions = first.round.dataset_version, second.round.dataset_version
    no_rows = _no_rows(*versions)
    kinds = [METHODS[one.round.method] for one in (first, second)]
    return SideBySide(
        first=first,
        second=second,
        settings=_settings(first, second),
        data=_data(*versions),
        rows=None if no_rows else rows(*(datasets.training_rows(version) for version in versions)),
        no_rows=no_rows,
        results=_results(first.round.result, second.round.result),
        measured_alike=kinds[0] == kinds[1] and not no_rows and _validation(versions[0]) == _validation(versions[1]),
        evaluations=_shared_evaluations(first, second),
    )


def _settings(first: Adapter, second: Adapter) -> list[Line]:
    def parent(adapter: Adapter) -> str:
        return str(adapter.round.parent_adapter or "the base model")

    ones, others = full.meant(first.round.params), full.meant(second.round.params)
    return [
        Line("Way of learning", first.round.method_name, second.round.method_name),
        Line("Base model", str(first.base_model), str(second.base_model)),
        Line("Built on", parent(first), parent(second)),
        *(
            Line(LABELS.get(name, name), _shown(ones, name), _shown(others, name))
            for name in dict.fromkeys([*ones, *others])
        ),
    ]


def _shown(params: dict[str, Any], name: str) -> str | None:
    return shown_setting(name, params[name]) if name in params else None


def _data(first: DatasetVersion, second: DatasetVersion) -> list[Line]:
    return [
        Line("Dataset version", str(first), str(second)),
        Line("Rows to learn from", f"{first.train_rows:,}", f"{second.train_rows:,}"),
        Line("Rows to check with", f"{first.validation_rows:,}", f"{second.validation_rows:,}"),
    ]


def _no_rows(first: DatasetVersion, second: DatasetVersion) -> str:
    if first.kind != second.kind:
        return "They learned from different kinds of rows, so their rows cannot be compared one by one."
    missing = next((version for version in (first, second) if not datasets.intact(version)), None)
    return f"The files of {missing} are missing or changed." if missing else ""


def rows(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> Rows:
    before, after = ({str(row["id"]): row for row in some} for some in (first, second))
    both = [name for name in after if name in before]
    return Rows(
        both=len(both),
        added=[name for name in after if name not in before],
        removed=[name for name in before if name not in after],
        changed=[name for name in both if before[name] != after[name]],
        prompts={name: str(row["prompt_id"]) for name, row in {**before, **after}.items() if row.get("prompt_id")},
    )


def _validation(version: DatasetVersion) -> dict[str, dict[str, Any]]:
    return {str(row["id"]): row for row in datasets.validation_rows(version)}


def _results(first: dict[str, Any], second: dict[str, Any]) -> list[Line]:
    names = {"train_loss": "Loss on training rows", **MEASURED}
    lines = [
        Line(
            label,
            *(None if result.get(name) is None else shown(name, result[name]) for result in (first, second)),
        )
        for name, label in names.items()
    ]
    return [line for line in lines if line.first or line.second]


def _shared_evaluations(first: Adapter, second: Adapter) -> list[dict[str, Any]]:
    """Where both answered the same held-out prompts. Asked through the adapters, as evaluations are not known here."""
    theirs = [
        {str(pk): name for pk, name in adapter.contestants.values_list("evaluation_id", "evaluation__name")}
        for adapter in (first, second)
    ]
    return [{"id": pk, "name": name} for pk, name in theirs[0].items() if pk in theirs[1]]
