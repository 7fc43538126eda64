"""Settings that change nothing, because another one does not ask for them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

OF_AN_ORDER = frozenset({"curriculum_stages", "replay_share", "shuffled_baseline"})
OF_A_TEMPERATURE = frozenset({"mixing_temperature"})


def idle(params: Mapping[str, Any]) -> frozenset[str]:
    without_order = OF_AN_ORDER if params.get("curriculum", "none") == "none" else frozenset()
    without_half = frozenset() if params.get("best_half") else frozenset({"best_half"})
    without_mix = OF_A_TEMPERATURE if params.get("task_mixing") != "temperature" else frozenset()
    return without_order | without_half | without_mix
