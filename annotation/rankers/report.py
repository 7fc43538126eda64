"""Everything that can be said about one ranker, from plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.rankers import alarm, bias, consistency, pace
from annotation.rankers.alarm import Alarm
from annotation.rankers.figures import Figure
from annotation.rankers.judgements import Judgement


@dataclass(frozen=True)
class Report:
    """`judged` is how many judgements it rests on; the alarm is None while there is no cause for one."""

    judged: int
    figures: tuple[Figure, ...]
    alarm: Alarm | None

    @property
    def needs_attention(self) -> bool:
        return self.alarm is not None or any(figure.attention for figure in self.figures)

    def __getitem__(self, name: str) -> Figure:
        return next(figure for figure in self.figures if figure.name == name)


def report(
    judgements: Sequence[Judgement],
    *,
    longer_wins_overall: float | None = None,
    pass_mark: float = consistency.PASS_MARK,
    before: int = 0,
) -> Report:
    """On one person's judgements. They are put in order of time first, as drift and the alarm need it.

    `longer_wins_overall`: how often the longer one wins in everybody else's judgements, for want of shared ones.
    `before`: how many judgements came before these.
    """
    ordered = sorted(judgements, key=lambda each: each.judged_at)
    figures = (
        bias.position_in_pairs(ordered),
        bias.position_in_lists(ordered),
        bias.position_in_lists(ordered, last=True),
        bias.longer_wins(ordered),
        bias.length_bias(ordered, longer_wins_overall),
        consistency.self_consistency(ordered),
        consistency.circles(ordered),
        consistency.gold_accuracy(ordered, pass_mark),
        pace.seconds(ordered),
        pace.unread(ordered),
        pace.drift_of_agreement(ordered),
        pace.drift_of_speed(ordered),
    )
    return Report(len(ordered), figures, alarm.raised(ordered, before))
