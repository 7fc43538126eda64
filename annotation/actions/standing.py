"""What stands of a comparison in place of people's rankings, and whether it is still what somebody saw."""

from __future__ import annotations

import json
from hashlib import sha256

from django.contrib.auth.models import User

from annotation.actions import Refused
from annotation.models import Adjudication, Comparison, Event, Gold, name_of

NOTHING = "none"  # stands
DECIDED = "decided a disagreement"
MARKED, CHANGED, TAKEN_BACK = "marked a known answer", "changed a known answer", "took back a known answer"
WORDS = {
    DECIDED: "decided this one",
    MARKED: "said what the known answer of this one is",
    CHANGED: "changed the known answer of this one",
    TAKEN_BACK: "made this a usual comparison again",
}


class Overtaken(Refused):
    """Something else stands than what was seen; nothing of it has been overwritten."""


def token(gold: Gold | None, decided: Adjudication | None) -> str:
    """The same for the same content, so that nobody is stopped by a change that changed nothing."""
    if gold is None and decided is None:
        return NOTHING
    known = gold and [gold.order, gold.all_bad, gold.explanation, gold.for_training]
    said = decided and [decided.order, decided.strength, decided.all_bad, decided.reason, decided.decided_by_id]
    return sha256(json.dumps([known, said]).encode()).hexdigest()[:16]


def check(comparison: Comparison, *, by: User, seen: str | None) -> None:
    """`seen` is the token of what stood when it was read; None asks nothing."""
    gold = Gold.objects.filter(comparison=comparison).first()
    decided = Adjudication.objects.filter(comparison=comparison).first()
    if seen is None or (seen or NOTHING) == token(gold, decided):
        return
    raise Overtaken(_what_happened(comparison, by))


def _what_happened(comparison: Comparison, by: User) -> str:
    history = Event.objects.filter(project=comparison.prompt.project, object_id=str(comparison.pk), verb__in=WORDS)
    last = history.select_related("actor").order_by("-pk").first()
    if last is None:
        return "Something else stands here than what you saw."
    if last.actor_id == by.pk:
        return f"You have {WORDS[last.verb]} in another tab or on another device since you opened it here."
    who = name_of(last.actor) if last.actor else "Somebody"
    return f"{who} has {WORDS[last.verb]} since you opened it."
