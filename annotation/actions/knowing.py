"""Comparisons that arrive with their answer: people are checked by them, or learn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.actions import Refused
from annotation.actions.deciding import mark_known
from annotation.actions.ranking import create_comparison
from annotation.models import Comparison, Prompt

LONGEST_EXPLANATION = 5000
FIELDS = ("known", "all_bad", "explanation", "for_training")
HOW = "“known” lists each candidate once by its number, best first, such as [2, 1] or [[1], [2, 3]]."


@dataclass(frozen=True)
class Known:
    """`order`: groups of places in the list of candidates, counted from 1, best first; a group is a tie."""

    order: tuple[tuple[int, ...], ...]
    all_bad: bool = False
    explanation: str = ""
    for_training: bool = False


def read_known(values: Mapping[str, Any], candidates: int) -> Known | None:
    """What a line or a call says of the answer; None where it says nothing. Raises Refused with a sentence."""
    said = {name: values[name] for name in FIELDS if values.get(name) not in (None, False, "", [])}
    all_bad, for_training = said.get("all_bad", False), said.get("for_training", False)
    if not said:
        return None
    if all_bad is not bool(all_bad) or for_training is not bool(for_training):
        raise Refused("“all_bad” and “for_training” are true or false.")
    if not all_bad and "known" not in said:
        raise Refused("An explanation belongs to a known answer: say it as “known”.")
    explanation = said.get("explanation", "")
    if not isinstance(explanation, str) or len(explanation) > LONGEST_EXPLANATION:
        raise Refused(f"The explanation is not a text of at most {LONGEST_EXPLANATION:,} characters.")
    everything = [list(range(1, candidates + 1))]
    return Known(_order(said.get("known", everything), candidates), all_bad, explanation, for_training)


def _order(said: Any, candidates: int) -> tuple[tuple[int, ...], ...]:
    if not isinstance(said, list):
        raise Refused(HOW)
    groups = tuple(tuple(each) if isinstance(each, list) else (each,) for each in said)
    places = [place for group in groups for place in group]
    whole = all(isinstance(place, int) and not isinstance(place, bool) for place in places)
    if not whole or not all(groups) or sorted(places) != list(range(1, candidates + 1)):
        raise Refused(HOW)
    return groups


def create_known(
    *, prompt: Prompt, candidates: Sequence[tuple[str, str]], known: Known, by: User, source: str = ""
) -> Comparison:
    """A comparison whose answer is known: it comes to people only to learn from it or to be checked by it."""
    with transaction.atomic():
        made = create_comparison(prompt=prompt, candidates=candidates, by=by, source=source)
        ids = {each.text.strip(): str(each.pk) for each in made.candidates.all()} if made else {}
        if made is None or len(ids) < len(candidates):
            raise Refused("Two of the candidates say the same; of a known answer each says something else.")
        texts = [text.strip() for text, _source in candidates]
        mark_known(
            comparison=made,
            by=by,
            order=[[ids[texts[place - 1]] for place in group] for group in known.order],
            all_bad=known.all_bad,
            explanation=known.explanation,
            for_training=known.for_training,
        )
    made.refresh_from_db()
    return made
