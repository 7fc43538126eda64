"""Held-out loss of each task type, before a round and after it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

NO_TYPE = "without a task type"
FEW = 6  # rows below which a loss says little


@dataclass(frozen=True)
class Line:
    name: str
    rows: int | None  # held out
    before: float | None
    now: float | None

    def __str__(self) -> str:
        """“intake summary: 2.394 before, 1.746 now (10 rows)”."""
        known = ((self.before, "before"), (self.now, "now"))
        measured = ", ".join(f"{loss:.3f} {when}" for loss, when in known if loss is not None)
        rows = f" ({self.rows} {'row' if self.rows == 1 else 'rows'})" if self.rows else ""
        return f"{self.name}: {measured}{rows}"


def losses(events: Iterable[Mapping[str, Any]], best_step: int | None = None) -> dict[str, dict[str, float | None]]:
    """By task type: `before`, of the starting model, and `now`, of the last measurement or of the kept one.

    Empty when the held-out rows are all of one type.
    """
    measured = [
        (event["step"], event["tasks"]) for event in events if event.get("event") == "eval" and "tasks" in event
    ]
    if not measured:
        return {}
    before: Mapping[str, float] = next((tasks for step, tasks in reversed(measured) if step == 0), {})
    later = [tasks for step, tasks in measured if step and (not best_step or step == best_step)]
    now: Mapping[str, float] = later[-1] if later else {}
    return {name: {"before": before.get(name), "now": now.get(name)} for name in sorted({*before, *now})}


def lines(found: Mapping[str, Mapping[str, float | None]], rows: Mapping[str, int]) -> list[Line]:
    """For a table, the type with the most held-out rows first. `rows`: held out, by task type."""
    ordered = sorted(found, key=lambda name: (-rows.get(name, 0), name))
    return [
        Line(name or NO_TYPE, rows.get(name), found[name].get("before"), found[name].get("now")) for name in ordered
    ]
