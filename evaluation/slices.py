"""A comparison again for each task type alone: an adapter can gain on one kind of prompt and lose on another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from evaluation.comparison import Column, Comparison
from evaluation.measures import Measure

NO_TYPE = "without a task type"


@dataclass(frozen=True)
class Slice:
    """The prompts of one task type; its columns stand in the order of the comparison's."""

    task_type: str
    prompts: int
    measures: tuple[Measure, ...]
    columns: list[Column]

    @property
    def name(self) -> str:
        return self.task_type or NO_TYPE


def by_task_type(comparison: Comparison) -> list[Slice]:
    """The type with the most prompts first; nothing where all prompts are of one type."""
    types = {output.prompt_id: output.task_type for column in comparison.columns for output in column.outputs}
    counted = Counter(types.values())
    if len(counted) < 2:
        return []
    told = tuple(measure for measure in comparison.measures if measure.in_verdict)
    return [
        Slice(
            task_type,
            prompts,
            told,
            [
                _of_type(column, told, {pk for pk, kind in types.items() if kind == task_type})
                for column in comparison.columns
            ],
        )
        for task_type, prompts in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]


def _of_type(column: Column, measures: tuple[Measure, ...], prompts: set[str]) -> Column:
    found = Column(column.contestant, [output for output in column.outputs if output.prompt_id in prompts])
    for measure in measures:
        found.rows[measure.key] = {pk: row for pk, row in column.rows[measure.key].items() if pk in prompts}
        found.estimates[measure.key] = measure.estimate(found.rows[measure.key])
    return found
