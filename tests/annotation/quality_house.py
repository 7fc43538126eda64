"""Comparisons and judgements for the tests of quality, made as the screens make them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from annotation import queues
from annotation.actions.ranking import rank
from annotation.models import Comparison, Project
from annotation.ranking import Said
from tests import factories


def comparisons(project: Project, number: int, **fields: Any) -> list[Comparison]:
    prompt = factories.prompt(project)
    texts = [["Good answer", "Bad answer"] for _ in range(number)]
    return [
        factories.comparison(
            prompt, [f"{text} {at}" for text in two], **{"rankings_needed": 2, "seed": at * 7919 + 1, **fields}
        )
        for at, two in enumerate(texts)
    ]


def ids(comparison: Comparison) -> dict[str, str]:
    """“Good” or “Bad” -> id."""
    return {candidate.text.split()[0]: str(candidate.pk) for candidate in comparison.candidates.all()}


def judge(comparison: Comparison, by: User, best: str = "Good", strength: int | None = 1, **more: Any) -> None:
    known = ids(comparison)
    order = [[known[best]], [known["Bad" if best == "Good" else "Good"]]] if best else [list(known.values())]
    rank(comparison=_fresh(comparison), by=by, said=Said(order, strength=strength if best else None, **more))


def _fresh(comparison: Comparison) -> Comparison:
    return Comparison.objects.select_related("prompt__project").get(pk=comparison.pk)


def work(project: Project, user: User, items: int, choose: Any) -> list[Comparison]:
    """What the queue gives, in turn; `choose(comparison, shown)` names the id that wins, or nothing for a tie."""
    done = []
    for _ in range(items):
        lease = queues.next_to_rank(project, user)
        if lease is None:
            break
        comparison = Comparison.objects.select_related("prompt__project").get(pk=lease.item_id)
        best = choose(comparison, lease.shown)
        order = [[best], [each for each in lease.shown if each != best]] if best else [lease.shown]
        rank(comparison=comparison, by=user, said=Said(order, strength=1 if best else None))
        done.append(comparison)
    return done


def good(comparison: Comparison, shown: list[str]) -> str:
    return ids(comparison)["Good"]


def bad(comparison: Comparison, shown: list[str]) -> str:
    return ids(comparison)["Bad"]


def left(comparison: Comparison, shown: list[str]) -> str:
    return shown[0]


def right(comparison: Comparison, shown: list[str]) -> str:
    return shown[-1]
