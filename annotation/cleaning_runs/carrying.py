"""A stand-in that somebody changed, proposed for the same words wherever they stand in the same group.

Only proposed: each is still to be confirmed. What the machine had proposed is kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, Q

from annotation.cleaning_runs.findings import WORDS
from annotation.models import Candidate, Demonstration, Document, Finding, FindingQuerySet, Prompt


def carry(finding: Finding) -> int:
    """What was confirmed with other words than were proposed."""
    if not _is_carried(finding):
        return 0
    return sum(rows.update(replacement=finding.replacement) for rows in _alike(finding))


def take_back(finding: Finding) -> int:
    """`finding` as it was confirmed: what still waits with its words gets back what the machine had proposed."""
    if finding.status != Finding.Status.CONFIRMED or not _is_carried(finding):
        return 0
    return sum(
        rows.filter(replacement=finding.replacement).update(replacement=F("proposed")) for rows in _alike(finding)
    )


def _is_carried(finding: Finding) -> bool:
    """Of what is kept shortened nobody can say whether it is the same."""
    return finding.is_personal and finding.replacement != finding.proposed and 0 < len(finding.words) < WORDS


def _alike(finding: Finding) -> Iterator[FindingQuerySet]:
    """One of each sort of text: together they would be looked for among all of the project's findings."""
    waiting = Finding.objects.filter(project=finding.project_id, kind=finding.kind, words=finding.words).open()
    waiting = waiting.exclude(pk=finding.pk)
    prompt = _prompt_of(finding)
    group = prompt.group if prompt else finding.document.group if finding.document else ""
    if not group and not prompt:
        yield waiting.filter(item=finding.item)
        return
    same = Q(group=group) if group or not prompt else Q(pk=prompt.pk)
    prompts = Prompt.objects.filter(same, project=finding.project_id).order_by()
    yield waiting.filter(item__in=prompts.values("pk"))
    yield waiting.filter(item__in=Demonstration.objects.filter(prompt__in=prompts).order_by().values("pk"))
    yield waiting.filter(item__in=Candidate.objects.filter(comparison__prompt__in=prompts).order_by().values("pk"))
    if group:
        documents = Document.objects.filter(project=finding.project_id, group=group).order_by()
        yield waiting.filter(item__in=documents.values("pk"))


def _prompt_of(finding: Finding) -> Prompt | None:
    if finding.demonstration:
        return finding.demonstration.prompt
    return finding.candidate.comparison.prompt if finding.candidate else finding.prompt
