"""What a recipe's events say, for the row, the page and the command. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

KEPT = {
    "phase": {"message": "phase"},
    "start": {"max_steps": "max_steps", "rows": "rows", "trainable_parameters": "trainable_parameters"},
    "log": {name: name for name in ("step", "max_steps", "epoch", "loss", "tokens_per_second", "seconds_left")}
    | {"rewards/accuracies": "reward_accuracy", "rewards/margins": "reward_margin"}
    | {"reward": "reward", "kl": "kl", "completions/mean_length": "answer_length"},
    "step": {name: name for name in ("step", "max_steps", "seconds_left")},
    "eval": {"eval_loss": "eval_loss", "eval_rewards/accuracies": "eval_reward_accuracy"},
    "checkpoint": {"step": "checkpoint_step"},
    "progress": {name: name for name in ("done", "total", "unit", "tokens_per_second", "seconds_left")},
}


def as_one(attempts: Iterable[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The events of a round that was interrupted, as if it had not been: of each attempt what the next built on.

    A measurement that was made again on the way, as that of the starting point, is there once.
    """
    story: list[dict[str, Any]] = []
    for events in attempts:
        begins = next((event["step"] for event in events if event.get("event") == "start" and "step" in event), None)
        if begins is not None:
            story = [event for event in story if event.get("step", 0) <= begins]
        known = {(event["event"], event["step"]) for event in story if "step" in event}
        story += [event for event in events if (event.get("event"), event.get("step")) not in known]
    return story


def summarise(events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The last value of everything a person would ask for while waiting."""
    summary: dict[str, Any] = {}
    for event in events:
        for name, kept_as in KEPT.get(str(event.get("event")), {}).items():
            if event.get(name) is not None:
                summary[kept_as] = event[name]
    return summary


def series(events: Iterable[dict[str, Any]], event: str, name: str) -> list[tuple[float, float]]:
    """The points (step, value) of one measurement; a value that was not finite is left out."""
    return [
        (float(item["step"]), float(item[name]))
        for item in events
        if item.get("event") == event and item.get(name) is not None and item.get("step") is not None
    ]


@dataclass(frozen=True)
class Bar:
    """How far it is, for a progress bar; `maximum` 0 when nobody can say yet."""

    value: int
    maximum: int
    text: str


def bar(progress: dict[str, Any]) -> Bar:
    if progress.get("total"):
        done, total, unit = progress.get("done", 0), progress["total"], progress.get("unit", "answers")
    else:
        done, total, unit = progress.get("step", 0), progress.get("max_steps") or 0, "steps"
    if not total or total < 0:
        return Bar(0, 0, str(progress.get("phase") or "Starting"))
    left = progress.get("seconds_left")
    text = f"{done} of {total} {unit}" + (f" · {duration(left)} left" if left is not None and done < total else "")
    return Bar(int(done), int(total), text)


def duration(seconds: float) -> str:
    """As people say it: "40 s", "3 min", "2 h 10 min"."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
