"""Comparisons that a file brings along, with what was judged of them elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q

from annotation.imports import verdicts
from annotation.models import Adjudication, Candidate, Comparison, Project, Prompt
from annotation.planning import Planned
from annotation.shapes import Ranked


@dataclass(frozen=True)
class Arriving:
    """Who imports them from where, and whether what the file says of them stands as a decision."""

    project: Project
    source: str
    decides: bool
    by: User


def make_comparisons(planned: Sequence[Planned], arriving: Arriving) -> None:
    """Of prompts that are there by now. Inside a transaction, under the project's lock.

    A decision stands in place of people's rankings and is nobody's ranking: what the project knows of its rankers stays
    what they did here.
    """
    new = [(item, item.ranked) for item in planned if item.ranked and item.compares]
    prompts = _prompts(arriving.project, [item for item, _ in new])
    made: list[tuple[Comparison, list[Candidate], Ranked]] = []
    for item, ranked in new:
        comparison = _comparison(prompts[item.name], ranked, arriving)
        made.append((comparison, _candidates(comparison, ranked, arriving.source), ranked))
    Comparison.objects.bulk_create([comparison for comparison, _, _ in made])
    Candidate.objects.bulk_create([each for _, candidates, _ in made for each in candidates])
    if arriving.decides:
        decided = (_decision(*each, arriving) for each in made)
        Adjudication.objects.bulk_create([each for each in decided if each])


def _prompts(project: Project, planned: Sequence[Planned]) -> dict[str, Prompt]:
    """By the name that the file's records have among each other."""
    ids = {item.record.external_id for item in planned if item.record.external_id}
    shas = {item.text_sha256 for item in planned if not item.record.external_id}
    found = project.prompts.filter(Q(external_id__in=ids) | Q(text_sha256__in=shas)).order_by("-position")
    named: dict[str, Prompt] = {}
    for prompt in found.defer("input", "history", "reference"):
        prompt.project = project
        named[prompt.text_sha256] = prompt
        if prompt.external_id:
            named[prompt.external_id] = prompt
    return named


def _comparison(prompt: Prompt, ranked: Ranked, arriving: Arriving) -> Comparison:
    stands = arriving.decides and verdicts.verdict(ranked) is not None
    return Comparison(
        prompt=prompt,
        rankings_needed=0 if stands else arriving.project.rankings_per_comparison,
        source=arriving.source,
        seed=secrets.randbits(62),
    )


def _candidates(comparison: Comparison, ranked: Ranked, source: str) -> list[Candidate]:
    return [
        Candidate(comparison=comparison, text=each.text.strip(), source=(each.source or source)[:200])
        for each in ranked.candidates
    ]


def _decision(
    comparison: Comparison, candidates: list[Candidate], ranked: Ranked, arriving: Arriving
) -> Adjudication | None:
    said = verdicts.verdict(ranked)
    if said is None:
        return None
    order = [[str(candidates[place].pk) for place in group] for group in said.order]
    reason = verdicts.reason(said, arriving.source)
    return Adjudication(comparison=comparison, order=order, reason=reason, decided_by=arriving.by)
