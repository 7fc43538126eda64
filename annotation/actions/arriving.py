"""Comparisons that a file brings along, with what was judged of them elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db.models import Q

from annotation.imports import verdicts
from annotation.imports.planning import Planned
from annotation.imports.rows import Problem
from annotation.inserts import Insert, Values, insert_of
from annotation.models import Adjudication, Candidate, Comparison, Project
from annotation.shapes import Ranked
from annotation.shapes.ranked import Candidate as Answer


@dataclass(frozen=True)
class Origin:
    """Who imports comparisons from where, and whether what the file says of them stands as a decision."""

    project: Project
    source: str
    decides: bool
    by: User


def comparisons(planned: Iterable[Planned | Problem], new: Mapping[str, UUID], origin: Origin) -> list[Insert]:
    """Of prompts that are `new`, or that the project has.

    A decision stands in place of people's rankings and is nobody's ranking: what the project knows of its rankers stays
    what they did here.
    """
    compared = [(item, item.ranked) for item in planned if isinstance(item, Planned) and item.ranked and item.compares]
    prompts = {**_known(origin.project, [item for item, _ in compared if item.name not in new]), **new}
    made: list[Values] = []
    candidates: list[Values] = []
    decided: list[Values] = []
    for item, ranked in compared:
        comparison = uuid4()
        those = [_candidate(comparison, each, origin.source) for each in ranked.candidates]
        made.append(_comparison(comparison, prompts[item.name], ranked, origin))
        candidates += those
        if origin.decides:
            decided += _decision(comparison, [str(each["id"]) for each in those], ranked, origin)
    return [*insert_of(Comparison, made), *insert_of(Candidate, candidates), *insert_of(Adjudication, decided)]


def _known(project: Project, planned: Sequence[Planned]) -> dict[str, UUID]:
    ids = {item.record.external_id for item in planned if item.record.external_id}
    shas = {item.text_sha256 for item in planned if not item.record.external_id}
    if not planned:
        return {}
    found = project.prompts.filter(Q(external_id__in=ids) | Q(text_sha256__in=shas)).order_by("-position")
    named: dict[str, UUID] = {}
    for pk, external_id, sha in found.values_list("pk", "external_id", "text_sha256"):
        named[sha] = pk
        if external_id:
            named[external_id] = pk
    return named


def _comparison(pk: UUID, prompt: UUID, ranked: Ranked, origin: Origin) -> Values:
    stands = origin.decides and verdicts.verdict(ranked) is not None
    return {
        "id": pk,
        "project_id": origin.project.pk,
        "prompt_id": prompt,
        "rankings_needed": 0 if stands else origin.project.rankings_per_comparison,
        "source": origin.source,
        "seed": secrets.randbits(62),
    }


def _candidate(comparison: UUID, answer: Answer, source: str) -> Values:
    return {
        "id": uuid4(),
        "comparison_id": comparison,
        "text": answer.text.strip(),
        "source": (answer.source or source)[:200],
    }


def _decision(comparison: UUID, candidates: list[str], ranked: Ranked, origin: Origin) -> list[Values]:
    said = verdicts.verdict(ranked)
    if said is None:
        return []
    return [
        {
            "comparison_id": comparison,
            "order": [[candidates[place] for place in group] for group in said.order],
            "reason": verdicts.reason(said, origin.source),
            "decided_by_id": origin.by.pk,
        }
    ]
