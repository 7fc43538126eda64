"""Which frozen pairs a round learns from, and how much each of them counts. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from training.params import DPOParams, RewardParams
from training.recipes import tuning
from training.recipes.rows import Picked

FIGURES = ("votes", "agreement", "strength")
MOST_SMOOTHING = 0.45


def pick(every: list[dict[str, Any]], params: DPOParams | RewardParams) -> Picked:
    """The pairs that enough rankers agreed on and ranked far enough apart, and what is to say about the others."""
    if _asks_figures(params) and not all(name in row for row in every for name in FIGURES):
        old = "These pairs were frozen without their votes: freeze the preference pairs again, or leave "
        return Picked(every, reasons=[old + "least agreement, least rank gap and weight of a pair as they are."])
    # the least that can be asked keeps all: also a pair that fewer, but more reliable people prefer
    all_of_them = params.min_agreement <= DPOParams().min_agreement
    agreed = every if all_of_them else [row for row in every if row.get("agreement", 1.0) >= params.min_agreement]
    kept = [row for row in agreed if row.get("strength", params.min_gap) >= params.min_gap]
    notes = []
    if len(agreed) < len(every):
        notes.append(f"{_left_out(every, agreed)}: fewer than {100 * params.min_agreement:g} % agreed.")
    if len(kept) < len(agreed):
        notes.append(f"{_left_out(agreed, kept)}: fewer than {params.min_gap} places apart.")
    if every and not kept:
        return Picked(kept, notes, ["Every pair was left out: lower the least agreement or the least rank gap."])
    notes = [*notes, *(_smoothing(kept, params) if isinstance(params, DPOParams) else [])]
    if kept and isinstance(params, DPOParams) and params.find_settings:
        return _without_set_aside(kept, notes, params)
    return Picked(kept, notes)


def _without_set_aside(kept: list[dict[str, Any]], notes: list[str], params: DPOParams) -> Picked:
    learned, aside = tuning.divide(kept, params.tuning_prompts, params.seed)
    if not aside:
        few = "There are too few prompts to set some aside, so a round cannot find its own settings: "
        return Picked(kept, notes, [few + "rank candidates for more prompts, or choose another preset."])
    prompts = len(tuning.prompts_of(aside))
    said = f"{prompts} prompts with {len(aside)} of {len(kept)} pairs are set aside: what is written to them decides."
    return Picked(learned, [said, *notes])


def set_aside(every: list[dict[str, Any]], params: DPOParams) -> list[dict[str, Any]]:
    """The pairs that a round which finds its own settings does not learn from."""
    picked = pick(every, replace(params, find_settings=False)).rows
    return tuning.divide(picked, params.tuning_prompts, params.seed)[1]


def _asks_figures(params: DPOParams | RewardParams) -> bool:
    usual = DPOParams()
    weighting = params.pair_weighting if isinstance(params, DPOParams) else usual.pair_weighting
    asked = (params.min_agreement, params.min_gap, weighting)
    return asked != (usual.min_agreement, usual.min_gap, usual.pair_weighting)


def _left_out(before: Sequence[Any], after: Sequence[Any]) -> str:
    return f"{len(before) - len(after)} of {len(before)} {'pair' if len(before) == 1 else 'pairs'} left out"


def _smoothing(kept: list[dict[str, Any]], params: DPOParams) -> list[str]:
    """What the rankers' own disagreement says about how many preferences may be wrong."""
    share = disagreement(kept)
    if share is None or share == 0:
        return []
    found = f"Of the rankers who saw the same pair, {100 * share:.0f} % did not share the preference."
    if params.loss_type == "robust":
        return [f"{found} Label smoothing is {params.label_smoothing:g}; {min(share, MOST_SMOOTHING):.2f} would fit."]
    return [f"{found} For the robust loss, label smoothing {min(share, MOST_SMOOTHING):.2f} would fit."]


def disagreement(rows: list[dict[str, Any]]) -> float | None:
    """The share of all judgements of a pair that are not for it; None where no pair was judged by two."""
    judged = [(row["votes"], round(row["votes"] / row["agreement"])) for row in rows if row.get("agreement")]
    several = [(votes, judges) for votes, judges in judged if judges > 1]
    if not several:
        return None
    return 1 - sum(votes for votes, _judges in several) / sum(judges for _votes, judges in several)


def weights(rows: list[dict[str, Any]], weighting: str) -> list[float]:
    """How much each pair counts; one on average, so that the learning rate means the same."""
    if weighting == "equal" or not rows:
        return [1.0] * len(rows)
    figures = [float(row[weighting]) for row in rows]
    mean = sum(figures) / len(figures)
    return [figure / mean for figure in figures]
