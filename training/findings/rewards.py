"""What a round with rewards tells while it works: whether it writes better, or has only learned to score. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from training.progress import series

Events = Sequence[dict[str, Any]]

PREFIX = "eval_held_out/"
NAMES = {
    "reward": "All rewards",
    "reward_model": "Reward model",
    "format": "Headings kept",
    "date": "Date in its section",
    "facts": "Facts there",
    "supported": "Figures supported",
}
RULES = {
    "format": "keeps fewer of the headings",
    "date": "dates the section less often",
    "facts": "leaves out more of the dates and figures it should have",
    "supported": "has more figures that the prompt does not have",
}
ROSE = 0.02  # in points of the rewards: less is the chance of a few prompts
FELL = 0.05
LESS_ALIKE = 0.1  # of ROUGE-L
DRIFT = 0.5  # of the length
MANY_SAME, MANY_CUT = 0.5, 0.3
AROUND = 5  # steps whose mean is the start and the end


def rewarded(params: dict[str, Any]) -> set[str]:
    """The rules that count."""
    return {key for key in RULES if params.get(f"{key}_weight")}


def curves(events: Events) -> dict[str, list[tuple[str, str, str]]]:
    """Title to lines: label, event, name of the measurement."""
    of_steps = sorted({name for event in events for name in event if name.startswith("rewards/") and of_rollouts(name)})
    return {
        "Rewards by step": [("Training", "log", "reward"), ("Held-out prompts", "eval", f"{PREFIX}reward")],
        "Each reward, of 1": [(NAMES.get(name.split("/")[1], name), "log", name) for name in of_steps],
        "Distance from the model before (KL per token)": [("Training", "log", "kl")],
        "Words shared with the experts' answers (ROUGE-L)": [("Held-out prompts", "eval", f"{PREFIX}rouge_l")],
        "Length of an answer in tokens": [
            ("Training", "log", "completions/mean_length"),
            ("Held-out prompts", "eval", f"{PREFIX}length"),
        ],
        "Share of answers cut off, or the same as another": [
            ("Cut off", "log", "completions/clipped_ratio"),
            ("Repeated", "log", "same_in_group"),
        ],
    }


def summary(events: Events) -> dict[str, Any]:
    """First and last of everything that was measured: on held-out prompts, and of the answers learned from."""
    held_out = {}
    for name in sorted({name for event in events for name in event if name.startswith(PREFIX)}):
        points = sorted(series(events, "eval", name))
        held_out[name.removeprefix(PREFIX)] = {"before": points[0][1], "after": points[-1][1]}
    written = {}
    for name in sorted(
        {name for event in events if event.get("event") == "log" for name in event if of_rollouts(name)}
    ):
        values = [value for _step, value in series(events, "log", name)]
        if values:
            written[name] = {"first": _mean(values[:AROUND]), "last": _mean(values[-AROUND:])}
    return {"held_out": held_out, "written": written}


def of_rollouts(name: str) -> bool:
    """Whether this is measured of the answers that a step has written."""
    if name.startswith("rewards/"):
        return name.endswith("/mean")
    return name in ("reward", "kl", "same_in_group", "completions/mean_length", "completions/clipped_ratio")


def _mean(values: Sequence[float]) -> float:
    return round(statistics.fmean(values), 6)


def sentences(events: Events, params: dict[str, Any]) -> list[str]:
    """Empty for rounds of other methods, and before the first step."""
    found = summary(events)
    if not found["written"]:
        return []
    return [*_course(found), *warnings(events, params)]


def _course(found: dict[str, Any]) -> list[str]:
    before, after = _change(found, "reward")
    where = "on prompts it never learned from" if "reward" in found["held_out"] else "on its training prompts"
    if after - before > ROSE:
        return [f"Its rewards rose from {before:.2f} to {after:.2f} {where}."]
    if before - after > ROSE:
        return [f"Its rewards fell from {before:.2f} to {after:.2f} {where}: take a lower learning rate."]
    return [f"Its rewards have not changed yet ({before:.2f} to {after:.2f}) {where}."]


def _change(found: dict[str, Any], name: str) -> tuple[float, float]:
    if name in found["held_out"]:
        return found["held_out"][name]["before"], found["held_out"][name]["after"]
    written = found["written"].get(name, {"first": 0.0, "last": 0.0})
    return written["first"], written["last"]


def warnings(events: Events, params: dict[str, Any]) -> list[str]:
    found = summary(events)
    if not found["written"]:
        return []
    said = (_hacked(found, params), _length(found), _distance(events, params), _same(found), _cut(found, params))
    return [sentence for sentence in said if sentence]


def _hacked(found: dict[str, Any], params: dict[str, Any]) -> str:
    """The reward is a stand-in: what it does not count shows whether the model writes better or only scores."""
    held_out = found["held_out"]
    before, after = _change(found, "reward")
    if after - before <= ROSE or not held_out:
        return ""
    worse = [
        f"{says} ({held_out[key]['before']:.2f} to {held_out[key]['after']:.2f})"
        for key, says in RULES.items()
        if key in held_out and key not in rewarded(params) and held_out[key]["before"] - held_out[key]["after"] > FELL
    ]
    alike = held_out.get("rouge_l")
    if alike and alike["after"] < (1 - LESS_ALIKE) * alike["before"]:
        worse.append(
            f"shares fewer words with the experts' answers (ROUGE-L {alike['before']:.2f} to {alike['after']:.2f})"
        )
    if not worse:
        return ""
    return (
        f"The model found a way to score without writing better: its rewards rose from {before:.2f} to {after:.2f}, "
        f"but it {' and '.join(worse)}. Read what it writes before you use it; then let what got worse count, or take "
        "a higher beta."
    )


def _length(found: dict[str, Any]) -> str:
    key = "length" if "length" in found["held_out"] else "completions/mean_length"
    before, after = _change(found, key)
    if not before or abs(after - before) <= DRIFT * before:
        return ""
    way = "longer" if after > before else "shorter"
    return (
        f"Its answers became {100 * abs(after - before) / before:.0f} % {way} ({before:.0f} to {after:.0f} tokens): it "
        "may have found that length pays. Read some of them."
    )


def _distance(events: Events, params: dict[str, Any]) -> str:
    limit, last = params.get("kl_limit"), [value for _step, value in series(events, "log", "kl")][-3:]
    if not limit or not last or statistics.fmean(last) <= limit:
        return ""
    return (
        "It has moved further from the model it started from than allowed, where rewards mean little (KL "
        f"{statistics.fmean(last):.2f} per token, limit {limit:g}). Training stops there: take a higher beta or a "
        "lower learning rate."
    )


def _same(found: dict[str, Any]) -> str:
    _first, last = _change(found, "same_in_group")
    if last <= MANY_SAME:
        return ""
    return (
        f"{100 * last:.0f} % of the answers to a prompt repeat another one, so there is little left to compare: raise "
        "the temperature."
    )


def _cut(found: dict[str, Any], params: dict[str, Any]) -> str:
    _first, last = _change(found, "completions/clipped_ratio")
    if last <= MANY_CUT:
        return ""
    return (
        f"{100 * last:.0f} % of its answers were cut off at {params.get('max_new_tokens')} tokens, so what stands at "
        "their end was never rewarded: raise the longest answer in tokens."
    )
