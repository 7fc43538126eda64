"""What is known of responses in the database, for their quality scores: always as of now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from annotation import cleanable
from annotation.models import CleaningRun, Demonstration, Finding, Prompt, Scope, SecondLook
from annotation.scoring import Known, Score, score
from annotation.texts import words

Status = Demonstration.Status
COMPARED = 200  # responses that say what length is usual
COPIES = frozenset({"duplicate", "near_duplicate"})
DONE = (Status.SUBMITTED, Status.APPROVED)


def of_prompt(prompt: Prompt, answers: Sequence[Demonstration]) -> dict[UUID, Score]:
    """Of its responses that were handed in; `answers` have their revisions at hand."""
    done = [each for each in answers if each.status in DONE]
    if not done:
        return {}
    found = _findings(prompt, done)
    looks = _looks(done)
    usual = _usual(prompt)
    newest = prompt.project.guidelines.values_list("version", flat=True).first()
    return {
        each.pk: score(
            Known(
                **_read(each),
                **found.get(each.pk, {}),
                look=looks.get(each.pk, ""),
                shared=_shared(each, done),
                usual=usual,
                guidelines_behind=newest - each.guidelines.version if newest and each.guidelines else None,
            )
        )
        for each in done
    }


def _read(response: Demonstration) -> dict[str, Any]:
    """What the response itself and its history tell."""
    history = list(response.revisions.all())
    submitted = [each.text for each in history if each.status == Status.SUBMITTED]
    written_here = response.origin == Demonstration.Origin.WRITTEN
    return {
        "status": response.status,
        "words": len(words(response.text)),
        "independent": response.reviewed_by_id != response.author_id if response.reviewed_by_id else None,
        "returned": sum(each.status == Status.RETURNED for each in history),
        "fixed": bool(submitted) and submitted[-1] != response.text,
        "seconds": response.active_seconds or None if written_here else None,
    }


def _findings(prompt: Prompt, responses: Sequence[Demonstration]) -> dict[UUID, dict[str, int]]:
    """Of those whose present text cleaning has looked through."""
    looked = CleaningRun.objects.filter(project=prompt.project_id, status="done").values_list("created_at", "scopes")
    since = max((at for at, scopes in looked if Scope.RESPONSES in scopes), default=None)
    read = [each.pk for each in responses if since and _settled(each) < since]
    found = {pk: {"found": 0, "confirmed": 0, "copies": 0} for pk in read}
    texts = {each.pk: cleanable.hashed(each.text) for each in responses}
    about = Finding.objects.filter(demonstration__in=texts, status__in=["open", "confirmed"])
    for pk, kind, status, text in about.values_list("demonstration_id", "kind", "status", "text_sha256"):
        if pk in found and text == texts[pk]:
            found[pk]["copies"] += kind in COPIES
            found[pk]["confirmed" if status == "confirmed" else "found"] += 1
    return found


def _settled(response: Demonstration) -> datetime:
    """Since when its text is surely what it is now."""
    return max(at for at in (response.saved_at, response.submitted_at, response.reviewed_at) if at)


def _looks(responses: Sequence[Demonstration]) -> dict[UUID, str]:
    """What came of the latest of each."""
    asked = SecondLook.objects.filter(demonstration__in=[each.pk for each in responses])
    counted = asked.exclude(outcome=SecondLook.Outcome.DROPPED).order_by("asked_at")
    return {pk: outcome or "open" for pk, outcome in counted.values_list("demonstration_id", "outcome")}


def _usual(prompt: Prompt) -> list[int]:
    """How many words approved responses of its type have, its own left out."""
    alike = Demonstration.objects.filter(
        project=prompt.project_id, status=Status.APPROVED, prompt__task_type=prompt.task_type
    ).exclude(prompt=prompt.pk)
    newest = alike.order_by("-submitted_at").values_list("text", flat=True)
    return [len(words(text)) for text in newest[:COMPARED]]


def _shared(response: Demonstration, others: Sequence[Demonstration]) -> float | None:
    """Words in common with the nearest of the other answers, of all words of the two."""
    own = set(words(response.text))
    sets = [set(words(each.text)) for each in others if each.author_id != response.author_id]
    return max((len(own & each) / max(len(own | each), 1) for each in sets), default=None)
