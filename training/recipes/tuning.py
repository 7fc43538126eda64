"""The prompts that a round which finds its own settings sets aside: what the model writes to them decides. No torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from training.recipes.preferred import texts_of

LARGEST_SHARE = 1 / 3  # of the prompts
FEWEST = 4  # fewer say nothing


def group_of(row: dict[str, Any]) -> str:
    return str(row.get("group") or json.dumps(row["prompt"]))


def divide(rows: Sequence[dict[str, Any]], wanted: int, seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Pairs to learn from and pairs set aside: whole groups, so that no source is on both sides."""
    prompts: dict[str, set[str]] = {}
    for row in rows:
        prompts.setdefault(group_of(row), set()).add(texts_of(row)[0])
    most = min(wanted, int(LARGEST_SHARE * sum(map(len, prompts.values()))))
    aside: set[str] = set()
    taken = 0
    for group in sorted(prompts, key=lambda name: hashlib.sha256(f"{seed}\0{name}".encode()).digest()):
        if taken + len(prompts[group]) <= most:
            aside.add(group)
            taken += len(prompts[group])
    if taken < FEWEST:
        return list(rows), []
    return [row for row in rows if group_of(row) not in aside], [row for row in rows if group_of(row) in aside]


def prompts_of(aside: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each prompt once, with every answer that was chosen for it."""
    found: dict[str, dict[str, Any]] = {}
    for row in aside:
        prompt, chosen, _rejected = texts_of(row)
        entry = found.setdefault(prompt, {"id": f"tuning-{len(found)}", "prompt": row["prompt"], "chosen": []})
        if chosen not in entry["chosen"]:
            entry["chosen"].append(chosen)
    return list(found.values())
