"""Pairs that better answers give: each wins over what it was made from, once a reviewer has approved it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from annotation.models import Candidate, Correction, Demonstration, Project, Split

EDITED, ANEW = 1.0, 2.0  # how much better: a candidate made usable, and one written where every candidate was bad


@dataclass(frozen=True)
class CorrectedPair:
    """`rejected` is a candidate; the chosen text is the demonstration's as it was approved."""

    correction: Correction
    rejected: Candidate

    @property
    def chosen(self) -> str:
        return self.correction.demonstration.text

    @property
    def comparison_id(self) -> UUID:
        """Of one that asked somebody again, the one that it asked again: it is no other evidence."""
        return self.correction.comparison.repeat_of_id or self.correction.comparison_id

    @property
    def strength(self) -> float:
        return EDITED if self.correction.edited_id else ANEW

    @property
    def origin(self) -> str:
        return Demonstration.Origin.EDITED if self.correction.edited_id else Demonstration.Origin.BETTER


def corrections(project: Project) -> QuerySet[Correction]:
    """Those whose answer is approved and whose prompt may be taught."""
    approved = Correction.objects.filter(
        comparison__project=project, demonstration__status=Demonstration.Status.APPROVED
    )
    return approved.exclude(comparison__prompt__split=Split.EVALUATION)


def pairs(project: Project, prompts: Iterable[UUID] | None = None) -> Iterator[CorrectedPair]:
    """Of these prompts, or of all. Each of two texts that differ, once in a comparison: of several corrections that
    give the same pair the first counts, and a comparison that asked again what another had asked is that one."""
    found = corrections(project).select_related("comparison__prompt", "demonstration__guidelines")
    if prompts is not None:
        found = found.filter(comparison__prompt__in=list(prompts))
    seen: set[tuple[object, object, str]] = set()
    ordered = found.prefetch_related("comparison__candidates").order_by(
        "comparison__prompt__position", "created_at", "pk"
    )
    for correction in ordered:
        for candidate in sorted(correction.comparison.candidates.all(), key=lambda each: str(each.pk)):
            if correction.edited_id not in (None, candidate.pk):
                continue
            pair = CorrectedPair(correction, candidate)
            key = (correction.demonstration_id, pair.comparison_id, candidate.text.strip())
            if key[-1] == pair.chosen.strip() or key in seen:
                continue
            seen.add(key)
            yield pair
