"""From counts to figures with intervals: what an audit shows. Undefined figures carry the reason.

Sources: shares by Wilson (1927), differences of shares from different rows by Newcombe (1998, method 10), ratios of
medians by Price and Bonett (2002), all in `annotation.intervals`; the association of two yes-or-no facts by Fisher's
exact test (1922) and the log odds ratio with a half added to each cell (Haldane 1956, Anscombe 1956); many
comparisons at once by the false discovery rate (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from annotation import intervals
from annotation.bias.lists import ATTRIBUTES
from annotation.bias.periods import NONE, PERIODS
from annotation.bias.tallies import OwnLists, Tally, without

FEWEST = 10  # rows a side: below that an interval spans nearly everything, and is taken for a finding all the same
DISCOVERY = 0.05
Z = intervals.Z
MEASURES = {
    "approved": "Approved",
    "returned": "Returned at least once",
    "corrected": "Changed by the reviewer",
    "agreement": "Agreement of rankers",
    "score": "Usefulness in blind review",
}
NOBODY_SAID = {
    "approved": "No response has been decided on.",
    "returned": "No response has been decided on.",
    "corrected": "No response has been approved.",
    "agreement": "Nothing was ranked by several people.",
    "score": "No finished blind review has scored answers to these prompts.",
}
Figures = dict[str, Any]


def report(tally: Tally, own: OwnLists) -> Figures:
    everything = tally["all"]
    groups = [_group(group.key, group.label, tally) for group in own.all_groups]
    return {
        "prompts": everything.get("prompts", 0),
        "responses": everything.get("answered", 0),
        "attributes": [
            {"key": key, "label": label, "groups": [each for each in groups if each["attribute"] == key]}
            for key, label in ATTRIBUTES.items()
            if any(each["attribute"] == key for each in groups)
        ],
        "measures": MEASURES,
        "outcomes": associations(tally, own),
        "stereotypes": _ascribed(tally, own),
        "slurs": [{"word": word, **kept} for word, kept in sorted(tally["slurs"].items())],
        "periods": _periods(tally),
    }


def _group(key: str, label: str, tally: Tally) -> Figures:
    counts, everything = tally["groups"].get(key, {}), tally["all"]
    rest = without(everything, counts)
    return {
        "key": key,
        "attribute": key.partition("/")[0],
        "label": label,
        "prompts": share(counts.get("prompts", 0), everything.get("prompts", 0), "There are no prompts."),
        "responses": share(counts.get("responses", 0), everything.get("answered", 0), "There are no responses."),
        "quality": {name: _compared(name, counts, rest) for name in MEASURES} if counts else {},
        "length": _lengths(counts.get("words", {}), rest.get("words", {})) if counts else {},
    }


def share(hits: float, n: int, why: str) -> Figures:
    """With its interval, or why it is undefined."""
    if not n:
        return {"n": 0, "hits": 0, "value": None, "reason": why}
    low, high = intervals.wilson(hits, n)
    return {"n": n, "hits": hits, "value": hits / n, "low": low, "high": high}


def difference(first: float, first_n: int, second: float, second_n: int) -> Figures:
    """The first share minus the second."""
    low, high = intervals.difference(second, second_n, first, first_n)
    return {"value": first / first_n - second / second_n, "low": low, "high": high}


def _compared(name: str, counts: Tally, rest: Tally) -> Figures:
    ours, theirs = counts.get(name, {}), rest.get(name, {})
    n, others = ours.get("n", 0), theirs.get("n", 0)
    found = {"n": n, "others": others, "value": None}
    if not n and not others:
        return {**found, "reason": NOBODY_SAID[name]}
    if min(n, others) < FEWEST:
        return {**found, "reason": too_few(n, others)}
    # sums of fractions may come out a hair beside their bounds
    first, second = min(max(ours["sum"], 0.0), n), min(max(theirs["sum"], 0.0), others)
    return {
        **found,
        "value": first / n,
        "rest": second / others,
        "difference": difference(first, n, second, others),
    }


def too_few(n: int, others: int) -> str:
    if n < FEWEST:
        return f"Only {n} with it; {FEWEST} are needed."
    return f"Only {others} without it; {FEWEST} are needed."


def _lengths(ours: dict[str, int], theirs: dict[str, int]) -> Figures:
    first, second = _values(ours), _values(theirs)
    found = {"n": len(first), "others": len(second), "value": None}
    if min(len(first), len(second)) < FEWEST:
        return {**found, "reason": too_few(len(first), len(second))}
    ratio = intervals.ratio_of_medians(second, first)
    assert ratio is not None
    medians = {"value": _median(first), "rest": _median(second)}
    return {
        **found,
        **medians,
        "ratio": {"value": medians["value"] / medians["rest"], "low": ratio.low, "high": ratio.high},
    }


def _values(lengths: dict[str, int]) -> list[int]:
    """In order; a text without a word counts as one word long, since a ratio knows no nought."""
    return [max(1, value) for value in sorted(map(int, lengths)) for _time in range(lengths[str(value)])]


def _median(values: Sequence[int]) -> float:
    middle = len(values) // 2
    return float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


# --- Outcomes ------------------------------------------------------------------------------------------------


def associations(tally: Tally, own: OwnLists) -> list[Figures]:
    """Each group with each outcome: how much more often responses state it where the group is named."""
    everything = tally["all"].get("answered", 0)
    labels = {outcome.key: outcome.label for outcome in own.all_outcomes}
    found = [
        _association(group.key, group.label, outcome, label, tally, everything)
        for group in own.all_groups
        if group.key in tally["groups"]
        for outcome, label in labels.items()
        if tally["outcomes"].get(outcome)
    ]
    for each, adjusted in zip(
        defined := [each for each in found if each["value"] is not None],
        benjamini_hochberg([each["p"] for each in defined]),
        strict=True,
    ):
        each["q"] = adjusted
        each["stands"] = adjusted <= DISCOVERY
    return sorted(found, key=lambda each: (each.get("q", 2.0), -abs(each["value"] or 0), each["group"]))


def _association(key: str, label: str, outcome: str, said: str, tally: Tally, everything: int) -> Figures:
    n = tally["groups"][key].get("answered", 0)
    others = everything - n
    hits = tally["pairs"].get(f"{key}|{outcome}", 0)
    rest = tally["outcomes"][outcome] - hits
    found = {
        "key": key,
        "group": label,
        "outcome": said,
        "hits": hits,
        "n": n,
        "rest_hits": rest,
        "others": others,
        "value": None,
    }
    if min(n, others) < FEWEST:
        return {**found, "reason": too_few(n, others)}
    return {
        **found,
        **difference(hits, n, rest, others),
        "log_odds": log_odds(hits, n, rest, others),
        "p": fisher(hits, n, rest, others),
    }


def log_odds(hits: int, n: int, rest: int, others: int) -> Figures:
    """Natural logarithm of the odds ratio, with its interval by Woolf (1955) on the cells with a half added."""
    cells = [each + 0.5 for each in (hits, n - hits, rest, others - rest)]
    value = math.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    half = Z * math.sqrt(sum(1 / cell for cell in cells))
    return {"value": value, "low": value - half, "high": value + half}


def fisher(hits: int, n: int, rest: int, others: int) -> float:
    """Two-sided, of all tables with these margins those that are not likelier than this one."""
    drawn, all_ = hits + rest, n + others
    whole = _choose(all_, drawn)

    def probability(at: int) -> float:
        return math.exp(_choose(n, at) + _choose(others, drawn - at) - whole)

    here = probability(hits) * (1 + 1e-7)
    tables = range(max(0, drawn - others), min(n, drawn) + 1)
    return min(1.0, math.fsum(each for each in map(probability, tables) if each <= here))


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def benjamini_hochberg(values: Sequence[float]) -> list[float]:
    """Adjusted, in the order in which they came."""
    order = sorted(range(len(values)), key=lambda at: values[at], reverse=True)
    adjusted, lowest = [0.0] * len(values), 1.0
    for rank, at in enumerate(order):
        lowest = min(lowest, values[at] * len(values) / (len(values) - rank))
        adjusted[at] = lowest
    return adjusted


# --- Stereotypes and periods ---------------------------------------------------------------------------------


def _ascribed(tally: Tally, own: OwnLists) -> list[Figures]:
    labels = {group.key: group.label for group in own.all_groups}
    rows = (
        {"key": key.partition("|")[0], "group": labels[key.partition("|")[0]], "word": key.partition("|")[2], **kept}
        for key, kept in tally["stereotypes"].items()
    )
    return sorted(rows, key=lambda each: (-each["count"], each["group"], each["word"]))


def _periods(tally: Tally) -> list[Figures]:
    n = tally["all"].get("prompts", 0)
    return [
        {"label": label, **share(tally["periods"].get(label, 0), n, "There are no prompts.")}
        for label in (*PERIODS, NONE)
    ]
