"""Comparisons that a file brings along, with what was judged of them elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q

from annotation.imports import verdicts
from annotation.imports.planning import Planned
from annotation.imports.rows import Problem
from annotation.inserts import Insert, insert_of
from annotation.models import Adjudication, Candidate, Comparison, Project, Prompt
from annotation.shapes import Ranked


@dataclass(frozen=True)
class Origin:
    """Who imports comparisons from where, and whether what the file says of them stands as a decision."""

    project: Project
    source: str
    decides: bool
    by: User


def comparisons(planned: Iterable[Planned | Problem], new: Mapping[str, Prompt], origin: Origin) -> list[Insert]:
    """Of prompts that are `new`, or that the project has.

    A decision stands in place of people's rankings and is nobody's ranking: what the project knows of its rankers stays
    what they did here.
    """
    compared = [(item, item.ranked) for item in planned if isinstance(item, Planned) and item.ranked and item.compares]
    prompts = {**_known(origin.project, [item for item, _ in compared if item.name not in new]), **new}
    made: list[tuple[Comparison, list[Candidate], Ranked]] = []
    for item, ranked in compared:
        comparison = _comparison(prompts[item.name], ranked, origin)
        made.append((comparison, _candidates(comparison, ranked, origin.source), ranked))
    decided = [_decision(candidates, ranked, comparison, origin) for comparison, candidates, ranked in made]
    return [
        *insert_of([comparison for comparison, _, _ in made]),
        *insert_of([each for _, candidates, _ in made for each in candidates]),
        *insert_of([each for each in decided if each and origin.decides]),
    ]


def _known(project: Project, planned: Sequence[Planned]) -> dict[str, Prompt]:
    ids = {item.record.external_id for item in planned if item.record.external_id}
    shas = {item.text_sha256 for item in planned if not item.record.external_id}
    if not planned:
        return {}
    found = project.prompts.filter(Q(external_id__in=ids) | Q(text_sha256__in=shas)).order_by("-position")
    named: dict[str, Prompt] = {}
    for prompt in found.defer("input", "history", "reference"):
        named[prompt.text_sha256] = prompt
        if prompt.external_id:
            named[prompt.external_id] = prompt
    return named


def _comparison(prompt: Prompt, ranked: Ranked, origin: Origin) -> Comparison:
    stands = origin.decides and verdicts.verdict(ranked) is not None
    return Comparison(
        prompt=prompt,
        rankings_needed=0 if stands else origin.project.rankings_per_comparison,
        source=origin.source,
        seed=secrets.randbits(62),
    )


def _candidates(comparison: Comparison, ranked: Ranked, source: str) -> list[Candidate]:
    return [
        Candidate(comparison=comparison, text=each.text.strip(), source=(each.source or source)[:200])
        for each in ranked.candidates
    ]


def _decision(
    candidates: list[Candidate], ranked: Ranked, comparison: Comparison, origin: Origin
) -> Adjudication | None:
    said = verdicts.verdict(ranked)
    if said is None:
        return None
    order = [[str(candidates[place].pk) for place in group] for group in said.order]
    reason = verdicts.reason(said, origin.source)
    return Adjudication(comparison=comparison, order=order, reason=reason, decided_by=origin.by)
