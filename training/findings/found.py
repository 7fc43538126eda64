"""How a round that finds its own settings went: each look at what the model wrote, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

DOES = {
    "go on": "Goes on",
    "half way": "Tries half of the way back",
    "back": "Goes back to the best, half the rate",
    "faster": "Goes on with twice the rate",
    "stop": "Ends",
}


@dataclass(frozen=True)
class Tried:
    step: int
    half_way: bool
    rate: str
    sft_weight: str
    wanted: str
    lost: list[str]
    kept: bool
    does: str


@dataclass(frozen=True)
class Found:
    says: str  # what the rankings prefer
    label: str
    prompts: int
    before: str
    guards: list[str]
    tried: list[Tried]


def found(events: Iterable[dict[str, Any]]) -> Found | None:
    """None for a round whose settings were given."""
    wanted: dict[str, Any] | None = None
    looks: list[dict[str, Any]] = []
    for event in events:
        if event.get("event") == "wanted":
            wanted, looks = event, []
        elif event.get("event") == "look":
            looks.append(event)
    if wanted is None:
        return None
    return Found(
        says=wanted["says"],
        label=wanted["label"],
        prompts=wanted["prompts"],
        before=amount(wanted["before"], wanted["unit"]),
        guards=[guard["label"] for guard in wanted["guards"]],
        tried=[_tried(look, wanted) for look in looks],
    )


def _tried(look: dict[str, Any], wanted: dict[str, Any]) -> Tried:
    lost = [_lost(guard, look["guards"]) for guard in wanted["guards"] if guard["key"] in look["lost"]]
    return Tried(
        step=look["step"],
        half_way=look["half_way"],
        rate=f"{look['learning_rate']:g}",
        sft_weight=f"{look['sft_weight']:g}",
        wanted=amount(look["wanted"], wanted["unit"]),
        lost=lost,
        kept=look["kept"],
        does=DOES.get(look["does"], ""),
    )


def _lost(guard: dict[str, Any], values: dict[str, float]) -> str:
    before, now = guard["before"], values[guard["key"]]
    unit = f" {guard['unit']}" if guard["unit"] else ""
    return f"{guard['label']} ({_figure(before)} to {_figure(now)}{unit})"


def _figure(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}"


def amount(value: float, unit: str) -> str:
    return f"{value:.0f} {unit}".rstrip()


def sentence(result: dict[str, Any]) -> str:
    """What came of it, for a round that has succeeded; empty for one whose settings were given."""
    kept = result.get("found")
    if not kept:
        return ""
    before, after = amount(kept["before"], kept["unit"]), amount(kept["after"], kept["unit"])
    return (
        f"Of what it writes to {kept['prompts']} prompts that it does not learn from, “{kept['wanted']}” went from "
        f"{before} to {after}; nothing that is guarded was lost."
    )
