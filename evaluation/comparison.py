"""An evaluation as numbers: contestants by measures, and pairs of contestants. Three queries, then arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from annotation.rubric import DEFAULT_CRITERIA
from evaluation import measures, statistics
from evaluation.measures import Facts, Measure, Row
from evaluation.models import Contestant, Evaluation, Output, Review
from evaluation.statistics import Estimate, WinRate
from training.jobs import Status
from training.models import DatasetVersion

SCORES = tuple(criterion.key for criterion in DEFAULT_CRITERIA)


@dataclass
class Column:
    """One contestant with the numbers of its outputs."""

    contestant: Contestant
    outputs: list[Facts] = field(default_factory=list)
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    estimates: dict[str, Estimate] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """As a heading: "SFT adapter of round 1"."""
        return str(self.contestant)

    @property
    def name(self) -> str:
        """In the middle of a sentence."""
        return f"the {self.label}" if self.contestant.adapter_id else "the base model"

    @property
    def version(self) -> DatasetVersion | None:
        """What it learned from."""
        return self.contestant.adapter.round.dataset_version if self.contestant.adapter else None

    @property
    def answered(self) -> bool:
        return self.contestant.status == Status.SUCCEEDED

    @property
    def reviews(self) -> int:
        return sum(len(output.reviews) for output in self.outputs)

    def utilities(self) -> dict[str, float]:
        return {prompt: row[0] for prompt, row in self.rows[measures.UTILITY.key].items()}


@dataclass(frozen=True)
class Difference:
    """One measure of two contestants, on the prompts that both have."""

    measure: Measure
    first: float | None
    second: float | None
    estimate: Estimate

    @property
    def side(self) -> int:
        """1: clearly better, -1: clearly worse, 0: cannot be told, whichever way the measure points."""
        return self.estimate.side * self.measure.better


@dataclass(frozen=True)
class Pair:
    """A contestant against the one it is held against: the base model, or the adapter it was trained from."""

    first: Column
    second: Column
    differences: list[Difference]
    wins: WinRate

    @property
    def asks_for_order(self) -> bool:
        """Whether the second is the first one's shuffled baseline."""
        return _is_baseline(self.second, self.first) and self.first.version == self.second.version

    @property
    def asks_for_half(self) -> bool:
        """Whether the second learned from the best half of the first one's rows."""
        return _is_baseline(self.second, self.first) and self.first.version != self.second.version

    def of(self, key: str) -> Difference:
        return next(difference for difference in self.differences if difference.measure.key == key)


@dataclass
class Comparison:
    evaluation: Evaluation
    measures: tuple[Measure, ...]
    columns: list[Column]
    prompts: int
    reviews_wanted: int
    reviews_in: int

    @property
    def reviews_missing(self) -> int:
        return self.reviews_wanted - self.reviews_in

    @property
    def answered(self) -> list[Column]:
        return [column for column in self.columns if column.answered]

    @cached_property
    def pairs(self) -> list[Pair]:
        return [self.pair(first, second) for first, second in self._opponents()]

    def _opponents(self) -> Iterator[tuple[Column, Column]]:
        """Each contestant against the base model, its parent (or else the one before it) and what was launched beside
        it."""
        answered = self.answered
        base = next((column for column in answered if column.contestant.adapter_id is None), None)
        by_adapter = {column.contestant.adapter_id: column for column in answered}
        for index, column in enumerate(answered):
            adapter = column.contestant.adapter
            if adapter is None:
                continue
            before = by_adapter.get(adapter.round.parent_adapter_id) or (answered[index - 1] if index else None)
            if before and _is_baseline(column, before):
                before = None  # they are held against each other the other way round
            beside = [other for other in answered if _is_baseline(other, column)]
            against = dict.fromkeys(id(other) for other in (base, before, *beside) if other and other is not column)
            yield from ((column, other) for key in against for other in answered if id(other) == key)

    def pair(self, first: Column, second: Column) -> Pair:
        same_base = first.contestant.base_model_id == second.contestant.base_model_id
        return Pair(
            first,
            second,
            [self._difference(measure, first, second, same_base) for measure in self.measures],
            statistics.win_rate(first.utilities(), second.utilities()),
        )

    @staticmethod
    def _difference(measure: Measure, first: Column, second: Column, same_base: bool) -> Difference:
        rows, others = first.rows[measure.key], second.rows[measure.key]
        if measure.same_tokens and not same_base:
            reason = "They sit on different base models, which count tokens differently."
            return Difference(measure, None, None, Estimate(None, None, None, 0, reason))
        return Difference(
            measure,
            measures.on_shared(measure, rows, others),
            measures.on_shared(measure, others, rows),
            measures.difference(measure, rows, others),
        )

    def column_of(self, adapter_id: object) -> Column | None:
        return next((column for column in self.answered if column.contestant.adapter_id == adapter_id), None)


def _is_baseline(column: Column, of: Column) -> bool:
    one, other = column.contestant.adapter, of.contestant.adapter
    return one is not None and other is not None and one.round.baseline_of_id == other.round_id


def compare(evaluation: Evaluation, contestants: Sequence[Contestant] | None = None) -> Comparison:
    """Everything that is known by now."""
    if contestants is None:
        contestants = list(evaluation.contestants.select_related(*NAMED).order_by("position"))
    found = measures.all_measures(evaluation.project.dated_section)
    outputs = list(_outputs(evaluation))
    reviews = _reviews(evaluation)
    columns = [Column(contestant) for contestant in contestants]
    for column in columns:
        column.outputs = [
            _facts(output, reviews) for output in outputs if output["contestant_id"] == column.contestant.pk
        ]
        column.rows = {measure.key: measure.rows(column.outputs) for measure in found}
        column.estimates = {measure.key: measure.estimate(column.rows[measure.key]) for measure in found}
    up_for_review = [output for output in outputs if output["for_review"]]
    return Comparison(
        evaluation,
        found,
        columns,
        prompts=len({output["prompt_id"] for output in outputs}),
        reviews_wanted=len(up_for_review) * evaluation.reviews_per_output,
        reviews_in=sum(output["reviews_done"] for output in up_for_review),
    )


NAMED = ("adapter__round__dataset_version", "base_model")  # what a contestant is called, and what it learned from

OUTPUT_FIELDS = (
    "pk",
    "contestant_id",
    "prompt_id",
    "metrics",
    "reference_nll",
    "reference_tokens",
    "for_review",
    "reviews_done",
    "prompt__external_id",
    "prompt__position",
    "prompt__task_type",
)


def _outputs(evaluation: Evaluation) -> Iterable[dict[str, Any]]:
    answered = Output.objects.filter(contestant__evaluation=evaluation, contestant__status=Status.SUCCEEDED)
    return answered.order_by("prompt__position").values(*OUTPUT_FIELDS)


def _reviews(evaluation: Evaluation) -> dict[Any, list[dict[str, int]]]:
    """The scores by output."""
    found: dict[Any, list[dict[str, int]]] = defaultdict(list)
    given = Review.objects.filter(output__contestant__evaluation=evaluation).order_by("created_at")
    for review in given.values("output_id", *SCORES):
        found[review["output_id"]].append(review)
    return found


def _facts(output: dict[str, Any], reviews: Mapping[Any, list[dict[str, int]]]) -> Facts:
    return Facts(
        id=str(output["pk"]),
        prompt_id=str(output["prompt_id"]),
        metrics=output["metrics"],
        reference_nll=output["reference_nll"],
        reference_tokens=output["reference_tokens"],
        reviews=tuple(reviews.get(output["pk"], ())),
        prompt=output["prompt__external_id"] or f"prompt {output['prompt__position']}",
        task_type=output["prompt__task_type"],
    )


def summary(outputs: Sequence[Facts], dated_section: str) -> dict[str, Any]:
    """The automatic measures of one contestant, kept with it."""
    return {
        measure.key: measure.estimate(measure.rows(outputs)).as_json()
        for measure in measures.all_measures(dated_section)
        if measure.group != measures.PEOPLE
    }
