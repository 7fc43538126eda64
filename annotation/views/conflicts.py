"""Two texts, typed in two places: what the page is told, so that nobody loses either."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import JsonResponse
from django.template.loader import render_to_string

from annotation import diff
from annotation.access import MemberRequest
from annotation.queues import Conflict

# The fields in which people write, as they call them; the others are choices, which show themselves.
TEXTS = {"text": "The text", "note": "The note", "reason": "The reason", "comment": "The comment"}


def answer(request: MemberRequest, conflict: Conflict, sent: Mapping[str, str]) -> JsonResponse:
    """The newer draft, with every text that differs compared word by word with what was sent."""
    differences = [
        (label, diff.words(str(conflict.draft.get(name, "")), sent.get(name, "")))
        for name, label in TEXTS.items()
        if conflict.draft.get(name, "") != sent.get(name, "")
    ]
    shown = render_to_string("annotation/conflict.html", {"differences": differences}, request) if differences else ""
    told = {"message": conflict.message, "version": conflict.version, "difference": shown}
    return JsonResponse({**conflict.draft, **told}, status=409)
