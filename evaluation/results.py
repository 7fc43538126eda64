"""The comparison as a table and as JSON: the page, the command and the API show the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.texts import counted
from evaluation import charts, measures, verdicts
from evaluation.comparison import Column, Comparison, Pair, compare
from evaluation.measures import Measure
from evaluation.models import Evaluation
from evaluation.slices import Slice, by_task_type
from evaluation.statistics import Estimate


@dataclass(frozen=True)
class Cell:
    """`key` and `contestant` lead to the outputs behind the number."""

    contestant: Any
    key: str
    text: str
    interval: str
    n: int
    reason: str


@dataclass(frozen=True)
class TableRow:
    label: str
    help: str
    better: int
    cells: list[Cell]


@dataclass(frozen=True)
class Group:
    label: str
    rows: list[TableRow]

    @property
    def silence(self) -> str:
        """Why the whole group says nothing yet, so that it is said once; empty where a number stands."""
        cells = [cell for row in self.rows for cell in row.cells]
        reasons = {cell.reason for cell in cells if cell.reason}
        return reasons.pop() if len(reasons) == 1 and not any(cell.n for cell in cells) else ""


def groups(comparison: Comparison) -> list[Group]:
    found = _groups(comparison.measures, comparison.columns)
    found[measures.PEOPLE] += _win_rates(comparison)
    return [Group(label, rows) for label, rows in found.items()]


def groups_of(slice: Slice) -> list[Group]:
    """Of one task type; what nobody could measure on it is left out."""
    found = _groups(slice.measures, slice.columns)
    told = {label: [row for row in rows if any(cell.n for cell in row.cells)] for label, rows in found.items()}
    return [Group(label, rows) for label, rows in told.items() if rows]


def _groups(some: Sequence[Measure], columns: Sequence[Column]) -> dict[str, list[TableRow]]:
    found: dict[str, list[TableRow]] = {}
    for measure in some:
        cells = [_cell(column, measure, column.estimates[measure.key]) for column in columns]
        found.setdefault(measure.group, []).append(TableRow(measure.label, measure.help, measure.better, cells))
    return found


def _cell(column: Column, measure: Measure, estimate: Estimate) -> Cell:
    reason = estimate.reason if column.answered else "This contestant has no answers."
    return Cell(
        column.contestant.pk,
        measure.key,
        measure.show(estimate.value),
        charts.interval(measure, estimate),
        estimate.n,
        reason,
    )


WINS = Measure(
    measures.UTILITY.key, "", measures.PEOPLE, "", 1, measures.UTILITY.row, style="share", highest=1
)  # links to the utility scores, which decide who wins


def _win_rates(comparison: Comparison) -> Iterator[TableRow]:
    """One row for each opponent; of a pair, the one held against the other has the number."""
    opponents = dict.fromkeys(pair.second.contestant.pk for pair in comparison.pairs)
    for opponent in opponents:
        pairs = {pair.first.contestant.pk: pair for pair in comparison.pairs if pair.second.contestant.pk == opponent}
        name = next(iter(pairs.values())).second.name
        cells = [_wins(column, pairs.get(column.contestant.pk)) for column in comparison.columns]
        help = f"Share of the prompts on which it has the higher utility than {name}; a tie counts as half."
        yield TableRow(f"Wins against {name}", help, 1, cells)


def _wins(column: Column, pair: Pair | None) -> Cell:
    if pair is None:
        return Cell(column.contestant.pk, WINS.key, "", "", 0, "")
    estimate = pair.wins.estimate
    return _cell(column, WINS, estimate)


# --- As text and as JSON --------------------------------------------------------------------------------------


def results_table(evaluation: Evaluation) -> str:
    """The whole comparison in Markdown: sentences first, then every number with its interval and n."""
    comparison = compare(evaluation)
    sentences = [f"- {finding.text}" for verdict in verdicts.verdicts(comparison) for finding in verdict.findings]
    heads = [column.label for column in comparison.columns]
    lines = [f"| Measure | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for group in groups(comparison):
        lines.append(f"| **{group.label}** |{' |' * len(heads)}")
        lines += [f"| {row.label} | {' | '.join(_markdown(cell) for cell in row.cells)} |" for row in group.rows]
    note = (
        f"{comparison.prompts} prompts; {comparison.reviews_in} of {comparison.reviews_wanted} blind reviews. "
        "In brackets: 95 % interval and the number of prompts."
    )
    return "\n".join([*sentences, "", *lines, "", note, *_by_task_type(comparison, heads)])


def _by_task_type(comparison: Comparison, heads: Sequence[str]) -> Iterator[str]:
    for each in by_task_type(comparison):
        yield from ("", f"Task type {each.name}: {counted(each.prompts, 'prompt')}", "")
        yield from (f"| Measure | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}")
        for group in groups_of(each):
            yield from (f"| {row.label} | {' | '.join(_markdown(cell) for cell in row.cells)} |" for row in group.rows)


def _markdown(cell: Cell) -> str:
    if cell.interval:
        return f"{cell.text} ({cell.interval}; {cell.n})"
    return f"{cell.text} ({cell.n})" if cell.n and cell.text != "–" else cell.text


def as_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "prompts": comparison.prompts,
        "reviews_wanted": comparison.reviews_wanted,
        "reviews_in": comparison.reviews_in,
        "verdicts": [
            {
                "first": verdict.first,
                "second": verdict.second,
                "findings": [{"tone": finding.tone, "text": finding.text} for finding in verdict.findings],
            }
            for verdict in verdicts.verdicts(comparison)
        ],
        "contestants": [_contestant_json(column) for column in comparison.columns],
        "pairs": [_pair_json(pair) for pair in comparison.pairs],
        "task_types": [_slice_json(each) for each in by_task_type(comparison)],
    }


def _slice_json(slice: Slice) -> dict[str, Any]:
    return {
        "task_type": slice.task_type,
        "prompts": slice.prompts,
        "contestants": [
            {
                "id": str(column.contestant.pk),
                "measures": {key: estimate.as_json() for key, estimate in column.estimates.items()},
            }
            for column in slice.columns
        ],
    }


def _contestant_json(column: Column) -> dict[str, Any]:
    contestant = column.contestant
    return {
        "id": str(contestant.pk),
        "label": column.label,
        "adapter": contestant.adapter_id and str(contestant.adapter_id),
        "base_model": str(contestant.base_model_id),
        "status": contestant.status,
        "failure_message": contestant.failure_message,
        "rows_learned": column.version and column.version.train_rows,
        "outputs": len(column.outputs),
        "measures": {key: estimate.as_json() for key, estimate in column.estimates.items()},
    }


def _pair_json(pair: Pair) -> dict[str, Any]:
    return {
        "first": str(pair.first.contestant.pk),
        "second": str(pair.second.contestant.pk),
        "win_rate": pair.wins.as_json(),
        "differences": {
            each.measure.key: {
                "first": each.first,
                "second": each.second,
                "difference": each.estimate.as_json(),
                "side": each.side,
            }
            for each in pair.differences
        },
    }
