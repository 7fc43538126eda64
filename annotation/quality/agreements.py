"""How much the people of a project agree, for each kind of label that they give.

A page is never slow: of each kind the latest `MOST` judgements of items that two people or more have judged are
read, and what comes of them is kept for some minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count

from annotation import rubric
from annotation.agreement import BAD, Judgement, Kind, Reading, Report, reading, report
from annotation.agreement.figures import NOT_TWICE
from annotation.models import Demonstration, Project, Ranking, Revision
from annotation.quality.judged import preference_of
from annotation.texts import fingerprint

MOST = 5_000
KEPT_FOR = 300  # seconds
QUICK = 0.2  # seconds within which it is worked out each time
WORST = 8
LISTED = 500
PAIRS_SHOWN = 12

Page = str  # where an item can be looked at: "comparison", "prompt" or nowhere


@dataclass(frozen=True)
class Item:
    """Something people disagree on; `pk` is that of what `page` shows."""

    pk: UUID | str
    judgements: int
    disagreement: float
    impact: float


@dataclass(frozen=True)
class Section:
    """One kind of label. `people` are the ids in the report's pairs."""

    key: str
    title: str
    about: str
    page: Page
    report: Report
    reading: Reading
    items: tuple[Item, ...]
    capped: bool

    @property
    def people(self) -> set[int]:
        return {int(str(each)) for pair in self.report.pairs for each in (pair.one, pair.other)}


def section(
    key: str, title: str, about: str, page: Page, kind: Kind, judgements: Iterable[Judgement], *, alone: bool = False
) -> Section:
    """`alone`: there are judgements, but none of the same thing by two people, so that they are not among these."""
    given = list(judgements)
    found = report(kind, given)
    means = Reading("unknown", NOT_TWICE) if alone and not given else reading(found.overall)
    worst = tuple(
        Item(str(each.item), each.judgements, each.disagreement, each.impact) for each in found.items[:LISTED]
    )
    return Section(key, title, about, page, found, means, worst, capped=len(given) >= MOST)


def disagreements(project: Project) -> list[Item]:
    """Comparisons that people differ on, what would settle most first; then those on which all agree."""
    found = [item for each in sections(project) if each.key in ("pairs", "orders") for item in each.items]
    total = sum(each.judgements * each.disagreement for each in found)
    weighed = [
        Item(each.pk, each.judgements, each.disagreement, each.judgements * each.disagreement / total if total else 0.0)
        for each in found
    ]
    return sorted(weighed, key=lambda each: (-each.impact, str(each.pk)))


def sections(project: Project) -> list[Section]:
    """Of what is known here; whoever knows more kinds of labels adds sections of their own."""
    return kept(f"agreement-{project.pk}", lambda: _sections(project))


def kept(key: str, make: Callable[[], list[Section]]) -> list[Section]:
    found = cache.get(key)
    if found is None:
        began = monotonic()
        found = make()
        if monotonic() - began > QUICK:
            cache.set(key, found, timeout=KEPT_FOR)
    return found


def forget(project: Project) -> None:
    cache.delete(f"agreement-{project.pk}")


def _sections(project: Project) -> list[Section]:
    rankings = _shared_rankings(project)
    two = [each for each in rankings if len(_named(each)) == 2]
    more = [each for each in rankings if len(_named(each)) > 2]
    pairs, orders = "Which of two answers is better", "The order of several answers"
    alone = Ranking.objects.filter(project=project, in_training=False).exists()
    scale = "From much better to much worse."
    found = [
        section("pairs", pairs, scale, "comparison", Kind.PREFERENCE, _preferences(two), alone=alone),
        section("orders", orders, "Best to worst, ties allowed.", "comparison", Kind.ORDER, _orders(more), alone=alone),
    ]
    for criterion in rubric.criteria(project.rubric):
        if criterion.key in project.criteria_compared:
            title = f"{criterion.label} of two answers"
            given = _on_criterion(two, criterion.key)
            found.append(
                section(f"pairs-{criterion.key}", title, criterion.question, "comparison", Kind.PREFERENCE, given)
            )
            if more:
                title, given = f"{criterion.label} of several answers", _orders_on(more, criterion.key)
                found.append(
                    section(f"orders-{criterion.key}", title, criterion.question, "comparison", Kind.ORDER, given)
                )
    decisions = list(_decisions(project))
    about = "By two reviewers on the same text of a response."
    found.append(section("decisions", "Approve or return", about, "prompt", Kind.DECISION, decisions))
    return found


def _shared_rankings(project: Project) -> list[Ranking]:
    """The latest on comparisons that several people ranked. Repeats and training tell nothing about agreement, and
    what has a known answer was chosen because it is clear, and judged by everybody: it would flatter the others."""
    mine = Ranking.objects.filter(project=project, in_training=False, comparison__repeat_of=None, comparison__gold=None)
    several = mine.order_by().values("comparison").annotate(people=Count("pk")).filter(people__gt=1)
    rows = mine.filter(comparison__in=several.values("comparison")).order_by("-created_at")
    return list(rows.only("comparison_id", "ranker_id", "order", "strength", "all_bad", "criteria")[:MOST])


def _named(ranking: Ranking) -> list[str]:
    return sorted(each for group in ranking.order for each in group)


def _preferences(rankings: Iterable[Ranking]) -> Iterable[Judgement]:
    """Sides by the ids of the candidates, which are drawn and follow no model."""
    for each in rankings:
        label = preference_of(each, _named(each)[0])
        yield Judgement(str(each.comparison_id), each.ranker_id, label)


def _orders(rankings: Iterable[Ranking]) -> Iterable[Judgement]:
    for each in rankings:
        yield Judgement(str(each.comparison_id), each.ranker_id, BAD if each.all_bad else each.order)


def _on_criterion(rankings: Iterable[Ranking], key: str) -> Iterable[Judgement]:
    for each in rankings:
        if said := each.criteria.get(key):
            label = _preference(said, _named(each)[0])
            yield Judgement(str(each.comparison_id), each.ranker_id, label)


def _preference(said: dict[str, Any], first: str) -> int:
    if len(said["order"]) == 1:
        return 0
    return (said.get("strength") or 1) * (-1 if said["order"][0] == [first] else 1)


def _orders_on(rankings: Iterable[Ranking], key: str) -> Iterable[Judgement]:
    for each in rankings:
        if said := each.criteria.get(key):
            yield Judgement(str(each.comparison_id), each.ranker_id, said["order"])


def _decisions(project: Project) -> Iterable[Judgement]:
    """Returned or approved, of the same text: what was changed meanwhile is another item."""
    states = [Demonstration.Status.APPROVED, Demonstration.Status.RETURNED]
    rows = Revision.objects.filter(demonstration__project=project, status__in=states).order_by("-pk")
    for prompt, by, status, text in rows.values_list("demonstration__prompt_id", "created_by_id", "status", "text")[
        :MOST
    ]:
        yield Judgement(f"{prompt}:{fingerprint(text)}", by, status)
