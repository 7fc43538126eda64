"""What a finished round says about the next one, in plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training.findings import judging
from training.progress import series

Point = tuple[float, float]
Events = Sequence[dict[str, Any]]

CLEARLY = 0.02  # of the loss; less than this is the chance of a few held-out rows
ENOUGH_TO_TELL = 3  # measurements, before it can be said whether more passes would help
LATE = 0.75  # of the steps: what has changed since then shows whether it would still change
KEPT, A_LITTLE = 1.1, 1.5  # how much higher perplexity may be to have forgotten nothing, or only a little


def lessons(events: Events, result: dict[str, Any], params: dict[str, Any]) -> list[str]:
    """For a round that has succeeded: until then its curve may go anywhere."""
    kept_best = int(result.get("best_step") or 0) if params.get("early_stopping_patience") else 0
    said = (judging.verdict(result), fit(events, kept_best), forgetting(result))
    return [sentence for sentence in said if sentence]


def fit(events: Events, kept_best: int = 0) -> str:
    """Whether the rows were learned by heart. `kept_best`: the step that early stopping went back to; 0: none."""
    held_out = sorted(dict(series(events, "eval", "eval_loss")).items())
    if len(held_out) < 2:
        return ""
    best, last = min(held_out, key=_loss), held_out[-1]
    if _above(last, best):
        falling = _still_falling(series(events, "log", "loss"), best[0])
        return _past_its_best(events, best, last, falling, kept_best)
    if len(held_out) < ENOUGH_TO_TELL:
        return ""
    earlier = [point for point in held_out if point[0] <= LATE * last[0] or point is held_out[0]][-1]
    if _above(earlier, last):
        return (
            f"It was still gaining at the end: held-out loss went from {_shown(earlier)} at step {earlier[0]:.0f} to "
            f"{_shown(last)} at step {last[0]:.0f}. Another pass, or more rows, would likely make it better."
        )
    if not _above(held_out[0], best):
        return (
            f"Held-out loss has hardly moved (from {_shown(held_out[0])} to {_shown(last)}): what these rows teach "
            "does not show on rows it has not seen. Try more rows, or a higher learning rate."
        )
    return (
        f"Held-out loss levelled off at about {_shown(last)}: the passes were enough. More rows would help more than "
        "more passes."
    )


def _past_its_best(events: Events, best: Point, last: Point, falling: bool, kept_best: int) -> str:
    when = "before the round" if best[0] == 0 else f"at step {best[0]:.0f} of {last[0]:.0f}"
    rose = f"Held-out loss was best {when} ({_shown(best)}) and rose to {_shown(last)}"
    if not falling:
        return f"{rose}, and training loss did not fall after it either: take a lower learning rate."
    why = f"{rose} while training loss kept falling: the model learned these rows by heart."
    if kept_best:
        return f"{why} Early stopping kept the adapter of step {kept_best}."
    if best[0] == 0:
        return f"{why} Take a lower learning rate and, if you can, more rows."
    fewer = _passes(events, best[0])
    return f"{why} Next time make {fewer}, or turn on early stopping (patience 2), which keeps the best."


def _still_falling(training: Sequence[Point], since: float) -> bool:
    """The training loss at the end against that around the best measurement, over as many logs on either side."""
    before = [loss for step, loss in training if step <= since]
    after = [loss for step, loss in training if step > since]
    if not before:
        middle = len(after) // 2
        before, after = after[:middle], after[middle:]
    if not before or not after:
        return False
    window = max(1, min(len(before), len(after) // 2))
    return sum(after[-window:]) / window < sum(before[-window:]) / window


def _passes(events: Events, step: float) -> str:
    seen = [epoch for at, epoch in series(events, "log", "epoch") if at <= step]
    if not seen:
        return "fewer passes"
    passes = max(0.25, round(seen[-1] * 4) / 4)
    return f"fewer passes (about {passes:g})"


def _above(higher: Point, lower: Point) -> bool:
    return higher[1] - lower[1] > CLEARLY * abs(lower[1])


def _loss(point: Point) -> float:
    return point[1]


def _shown(point: Point) -> str:
    return _figure(point[1])


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def forgetting(result: dict[str, Any]) -> str:
    before, after = result.get("general_perplexity_before"), result.get("general_perplexity")
    if before is None or after is None:
        return ""
    verdict = (
        "It has kept what it knew."
        if after <= KEPT * before
        else "It has forgotten a little of what it knew."
        if after <= A_LITTLE * before
        else "It has forgotten much of what it knew: take fewer passes or a lower learning rate, if it is to do more "
        "than this task."
    )
    return (
        "On general questions that have nothing to do with the task, the right answers surprise the model "
        f"{_change(before, after)} (perplexity {_figure(before)} before the round, {_figure(after)} after). {verdict}"
    )


def _change(before: float, after: float) -> str:
    if _figure(before) == _figure(after):
        return "as much as before"
    return "more than before" if after > before else "less than before"
