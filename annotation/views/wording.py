"""A judgement in words: “A is much better”, “B, then A and C; only B is good enough”."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def in_words(judged: Any, names: Mapping[str, str]) -> str:
    """Of a ranking, a known answer or a decision, in the letters that `names` gives its candidates."""
    groups = [sorted(names.get(each, "?") for each in group) for group in judged.order if group]
    several = sum(map(len, groups)) > 2
    if judged.all_bad:
        return "All are bad" if several else "Both are bad"
    if several:
        return _list(groups, getattr(judged, "acceptable", None))
    if len(groups) < 2:
        return "Tie"
    much = "much better" if getattr(judged, "strength", None) == 2 else "better"
    return f"{groups[0][0]} is {much}"


def _list(groups: list[list[str]], acceptable: int | None) -> str:
    order = "All equal" if len(groups) == 1 else ", then ".join(_together(group) for group in groups)
    if acceptable is None or acceptable >= len(groups):
        return order
    good = [each for group in groups[:acceptable] for each in group]
    return f"{order}; only {_together(good)} {'is' if len(good) == 1 else 'are'} good enough"


def _together(letters: list[str]) -> str:
    return letters[0] if len(letters) == 1 else f"{', '.join(letters[:-1])} and {letters[-1]}"
