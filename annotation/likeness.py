"""Finding responses that say nearly the same among very many, without reading them all.

A response's bands are written after it was handed in, not while somebody waits: by the next hints anybody asks for,
or by the worker, which also catches up with what was imported.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from annotation.checks import similar
from annotation.models import Demonstration, Likeness, Prompt

AT_A_HINT = 4  # texts that one request catches up with, a few milliseconds each
MOST_COMPARED = 20


def catch_up(most: int) -> int:
    """Make the oldest that wait findable. How many these were."""
    waiting = Demonstration.objects.filter(compared=False, submitted_at__isnull=False).order_by("submitted_at")
    if not waiting[:1].values_list("pk", flat=True):
        return 0
    with transaction.atomic():
        rows = waiting.select_for_update(skip_locked=True, of=("self",)) if _can_skip() else waiting
        taken = list(rows.values_list("pk", "prompt__project_id", "text").order_by("submitted_at")[:most])
        keys = [pk for pk, _project, _text in taken]
        Likeness.objects.filter(demonstration__in=keys).delete()
        Likeness.objects.bulk_create(
            Likeness(demonstration_id=pk, project_id=project, band=band)
            for pk, project, text in taken
            for band in similar.bands(similar.signature(text))
        )
        Demonstration.objects.filter(pk__in=keys).update(compared=True)
    return len(taken)


def _can_skip() -> bool:
    return transaction.get_connection().features.has_select_for_update_skip_locked


def others(prompt: Prompt) -> similar.Lookup:
    """Responses to other prompts of the project that share a band. Those to this very prompt stay unseen."""

    def lookup(bands: list[int]) -> Iterable[similar.Other]:
        meeting = Likeness.objects.filter(project=prompt.project_id, band__in=bands).exclude(
            demonstration__prompt=prompt
        )
        keys = list(dict.fromkeys(meeting.values_list("demonstration_id", flat=True)[: MOST_COMPARED * similar.BANDS]))
        rows = Demonstration.objects.filter(pk__in=keys[:MOST_COMPARED]).exclude(status=Demonstration.Status.DRAFT)
        return [
            similar.Other(str(each.pk), each.text, f"the response to {each.prompt}")
            for each in rows.select_related("prompt")
        ]

    return lookup
