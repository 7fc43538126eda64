"""What a reward model's held-out pairs say about training with it. Pure: numbers in, sentences out."""

from __future__ import annotations

from typing import Any

from annotation.intervals import wilson
from annotation.texts import counted

WRITES_NOTHING = "A reward model gives marks and writes nothing itself: choose an adapter that writes."
WEAK = 0.6  # a share of pairs below which the marks mislead more than they guide
CHANCE = 0.5


def likely(result: dict[str, Any]) -> tuple[float, float] | None:
    """Where the share of pairs told right lies. The pairs of one prompt share answers, so they count as one try."""
    share, prompts = result.get("eval_reward_accuracy"), result.get("held_out_prompts")
    return None if share is None or not prompts else wilson(share * prompts, prompts)


def likely_in_words(result: dict[str, Any]) -> str:
    found = likely(result)
    return f"Likely {_percent(found[0])} to {_percent(found[1])}" if found else ""


def verdict(result: dict[str, Any]) -> str:
    """Empty for a round that made no reward model."""
    if "held_out_prompts" not in result:
        return ""
    found, share = likely(result), result.get("eval_reward_accuracy")
    if found is None or share is None:
        return (
            "No pairs were held out, so nobody knows how well this reward model judges: rank the candidates of more "
            "prompts before you train with it."
        )
    pairs, prompts = counted(result["held_out_pairs"], "pair"), counted(result["held_out_prompts"], "prompt")
    said = (
        f"It gives the preferred answer the higher mark in {_percent(share)} of {pairs} of {prompts} it never learned "
        f"from; with so many prompts the true share lies between about {_percent(found[0])} and {_percent(found[1])}."
    )
    return f"{said} {_advice(share, found[0])}"


def _advice(share: float, low: float) -> str:
    if share < WEAK:
        return (
            f"Below {_percent(WEAK)} it is too weak to train with: a model would learn its mistakes. Have more "
            "candidates ranked, and look whether the rankers agree."
        )
    if low <= CHANCE:
        return (
            "That may still be chance. Have the candidates of more prompts ranked before you train with it, or use "
            "rule rewards beside it."
        )
    return "That is enough to train with, as long as people look at what the trained model writes."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
