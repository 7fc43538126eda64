"""An estimate, what became of it, and a dry round, in words for pages and commands. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from training.estimating.estimates import LAST, size
from training.progress import duration


def figures(estimate: Mapping[str, Any]) -> list[dict[str, str]]:
    """Label, value and note of each number a person decides by."""
    where = "The GPU has" if estimate["device"] == "cuda" else "This machine has"
    total, free = size(estimate["memory_total_bytes"]), size(estimate["memory_free_bytes"])
    shown = [
        {"label": "Time", "value": f"about {duration(estimate['seconds'])}", "note": _count(estimate["steps"], "step")},
        {
            "label": "Memory",
            "value": f"about {size(estimate['memory_bytes'])}",
            "note": f"{where} {total}, {free} free when this was checked",
        },
        {"label": "On disk", "value": size(estimate["disk_bytes"]), "note": "Checkpoints and the result, at most"},
    ]
    if estimate.get("cost") is not None:
        note = f"At your price of {estimate['price_per_hour']:.2f} an hour"
        shown.insert(1, {"label": "Cost", "value": f"{estimate['cost']:.2f}", "note": note})
    return shown


def basis(estimate: Mapping[str, Any]) -> str:
    """Why one may believe it."""
    rounds, dry = estimate["rounds"], estimate["dry_rounds"]
    if rounds:
        earlier = "the last round" if rounds == 1 else f"the last {rounds} rounds"
        return f"Learned from {earlier} of this kind on this machine."
    if dry:
        return f"Learned from {'a dry round' if dry == 1 else f'{dry} dry rounds'} on this machine."
    return "A rough guess: no round of this kind has run on this machine yet. A dry round measures it."


def crowded(estimate: Mapping[str, Any]) -> str:
    """What else uses the machine may leave too little; that is no reason to refuse, it may be gone tomorrow."""
    if estimate["memory_bytes"] <= estimate["memory_free_bytes"]:
        return ""
    return (
        f"Only {size(estimate['memory_free_bytes'])} of memory were free when this was checked. "
        "Other programs on this machine may have to end first."
    )


def compared(estimate: Mapping[str, Any]) -> str:
    """“Estimated 9 min, took 10 min.”; the first half alone while nothing is known of the second."""
    said, happened = estimate.get("said") or {}, estimate.get("happened") or {}
    if not said:
        return ""
    before = f"Estimated {duration(said['seconds'])}"
    if not happened.get("seconds"):
        return f"{before}."
    early = ", as it ended early" if happened.get("share") != 1.0 else ""
    return f"{before}, took {duration(happened['seconds'])}{early}."


def memory_compared(estimate: Mapping[str, Any]) -> str:
    said, happened = estimate.get("said") or {}, estimate.get("happened") or {}
    if not said or not happened.get("memory_bytes"):
        return ""
    return f"Memory: estimated {size(said['memory_bytes'])}, used {size(happened['memory_bytes'])}."


def sentences(estimate: Mapping[str, Any]) -> list[str]:
    return [said for said in (compared(estimate), memory_compared(estimate)) if said]


def off_by(median: float | None, rounds: int) -> str:
    if median is None:
        return ""
    share = f"off by {100 * median:.0f} %"
    if rounds == 1:
        return f"The estimated time of the last round was {share}."
    return f"The estimated times of the last {min(rounds, LAST)} rounds were {share} (median)."


def dry_figures(dry: Mapping[str, Any]) -> list[dict[str, str]]:
    speed, memory = dry["tokens_per_second"], dry["memory_bytes"]
    took = f" in {duration(dry['train_seconds'])}" if dry["train_seconds"] else ""
    return [
        {
            "label": "Speed",
            "value": f"{speed:,.0f} tokens per second" if speed else "not measured",
            "note": f"{_count(dry['steps'], 'step')} on {_count(dry['rows'], 'row')}{took}",
        },
        {"label": "Peak memory", "value": size(memory) if memory else "not measured", "note": "Of the whole process"},
        {"label": "Loss", "value": _loss(dry), "note": "After the last step"},
    ]


def dry_notes(dry: Mapping[str, Any]) -> list[str]:
    notes = []
    if not dry["ended"]:
        notes.append("Its two minutes were over before all of these rows were read.")
    if dry.get("beside_round"):
        notes.append("A round was training at the same time, so the speed is too low and nothing is learned from it.")
    return notes


def lines(report: Mapping[str, Any]) -> list[str]:
    """For a shell: the dry round, then the estimate."""
    said = []
    if dry := report.get("dry"):
        measured = ", ".join(f"{each['label'].lower()} {each['value']}" for each in dry_figures(dry))
        said.append(" ".join([f"Dry round: {measured}.", *dry_notes(dry)]))
    if estimate := report.get("estimate"):
        measured = ", ".join(f"{each['label'].lower()} {each['value']}" for each in figures(estimate))
        said.append(" ".join(filter(None, [f"Estimate: {measured}.", basis(estimate), crowded(estimate)])))
    return said


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _loss(dry: Mapping[str, Any]) -> str:
    if not dry["steps"]:
        return "not measured"
    return f"{dry['loss']:.3f}" if dry["finite"] else "not a number"
