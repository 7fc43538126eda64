"""How much the people of a project agree, for each kind of label that they give.

Of each kind the latest `MOST` judgements of items that two people or more have judged are read. That takes a quarter of
a minute for as many: `annotation.quality.reports` keeps what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.db.models import Count

from annotation import rubric
from annotation.agreement import (
    BAD,
    NOT_LEARNED,
    Agreement,
    Figure,
    ItemDisagreement,
    Judgement,
    Kind,
    PairOfRaters,
    Reading,
    Report,
    reading,
    report,
)
from annotation.agreement.figures import NOT_TWICE
from annotation.models import Demonstration, Project, Ranking, Revision
from annotation.quality import chosen
from annotation.quality.judged import preference_of
from annotation.texts import fingerprint

MOST = 100_000
WORST = 8
PAIRS_SHOWN = 12

Page = str  # where an item can be looked at: "comparison", "prompt" or nowhere


@dataclass(frozen=True)
class Item:
    """Something people disagree on; `pk` is that of what `page` shows."""

    pk: str
    judgements: int
    disagreement: float
    impact: float


@dataclass(frozen=True)
class Section:
    """One kind of label. The report has only the pairs of people who agree least, their ids, and no items: the worst
    are `items`. `pairs_left` have a figure too; `unknown` have none, and `why` tells it of the first. `capped`: only so
    many judgements were read; 0 for all."""

    key: str
    title: str
    about: str
    page: Page
    report: Report
    reading: Reading
    items: tuple[Item, ...]
    pairs_left: int
    unknown: int
    why: str
    capped: int

    @property
    def people(self) -> set[int]:
        return {int(str(each)) for pair in self.report.pairs for each in (pair.one, pair.other)}


def section(
    key: str,
    title: str,
    about: str,
    page: Page,
    kind: Kind,
    judgements: Iterable[Judgement],
    *,
    alone: bool = False,
    none: str = "",
    beside: tuple[Figure, ...] = (),
    capped: int = 0,
) -> Section:
    """`alone`: there are judgements, but none of the same thing by two people, so that they are not among these; or
    `none`, why else there are none. `beside`: more figures than the report on the kind has by itself."""
    given = list(judgements)
    found = report(kind, given)
    found = replace(found, beside=found.beside + beside)
    means = reading(found.overall, NOT_LEARNED) if kind == Kind.CHOICES else reading(found.overall)
    if not given and (alone or none):
        means = Reading("unknown", none or NOT_TWICE)
        found = replace(found, overall=replace(found.overall, reason=means.sentence))
    known = tuple(each for each in found.pairs if each.agreement.value is not None)
    unknown = [each.agreement.reason for each in found.pairs if each.agreement.value is None]
    return Section(
        key,
        title,
        about,
        page,
        replace(found, pairs=known[:PAIRS_SHOWN], items=()),
        means,
        _worst(found.items, page),
        pairs_left=max(0, len(known) - PAIRS_SHOWN),
        unknown=len(unknown),
        why=next(iter(unknown), ""),
        capped=capped,
    )


def _worst(items: Iterable[ItemDisagreement], page: Page) -> tuple[Item, ...]:
    """Of several items in one comparison (“comparison:candidate”) the part of all disagreement counts together, and
    how far people are apart on average."""
    together: dict[str, list[ItemDisagreement]] = {}
    for each in items:
        pk = str(each.item).partition(":")[0] if page == "comparison" else str(each.item)
        together.setdefault(pk, []).append(each)
    found = [
        Item(pk, same[0].judgements, sum(one.disagreement for one in same) / len(same), sum(one.impact for one in same))
        for pk, same in together.items()
    ]
    return tuple(each for each in sorted(found, key=lambda each: -each.impact)[:WORST] if each.disagreement)


def stored(section: Section) -> dict[str, Any]:
    return asdict(section)


def read(said: dict[str, Any]) -> Section:
    """What `stored` made, after it has been to the database and back."""
    report = said["report"]
    whole = Report(
        kind=Kind(report["kind"]),
        measure=report["measure"],
        overall=Agreement(**report["overall"]),
        beside=tuple(Figure(**{**each, "agreement": Agreement(**each["agreement"])}) for each in report["beside"]),
        pair_measure=report["pair_measure"],
        pairs=tuple(PairOfRaters(**{**each, "agreement": Agreement(**each["agreement"])}) for each in report["pairs"]),
        items=(),
    )
    items = tuple(Item(**each) for each in said["items"])
    return Section(**{**said, "report": whole, "reading": Reading(**said["reading"]), "items": items})


def sections(project: Project) -> list[Section]:
    """Of what is known here, worked out anew; whoever knows more kinds of labels adds sections of their own."""
    rankings = _shared_rankings(project)
    capped = MOST if len(rankings) >= MOST else 0
    two = [each for each in rankings if len(_named(each)) == 2]
    more = [each for each in rankings if len(_named(each)) > 2]
    alone = bool(rankings) or Ranking.objects.filter(project=project, in_training=False).exists()

    def compared(key: str, title: str, about: str, kind: Kind, given: Iterable[Judgement], **more: Any) -> Section:
        return section(key, title, about, "comparison", kind, given, capped=capped, **more)

    pairs, orders = "Which of two answers is better", "The order of several answers"
    scale, ties = "From much better to much worse.", "Best to worst, ties allowed."
    found = [
        compared("pairs", pairs, scale, Kind.PREFERENCE, _preferences(two), alone=alone),
        compared("orders", orders, ties, Kind.ORDER, _orders(more), alone=alone),
    ]
    for criterion in rubric.criteria(project.rubric):
        if criterion.key in project.criteria_compared:
            title, given = f"{criterion.label} of two answers", _on_criterion(two, criterion.key)
            found.append(compared(f"pairs-{criterion.key}", title, criterion.question, Kind.PREFERENCE, given))
            if more:
                title, given = f"{criterion.label} of several answers", _orders_on(more, criterion.key)
                found.append(compared(f"orders-{criterion.key}", title, criterion.question, Kind.ORDER, given))
    marked, figures = chosen.errors(project, rankings)
    title, about = (
        "Errors marked in answers",
        "Which kinds of error people mark in the same answer; none is an answer too.",
    )
    none = chosen.NO_MARKS if rankings else ""
    found.append(compared("marks", title, about, Kind.CHOICES, marked, beside=figures, none=none, alone=alone))
    chips, figures = chosen.reasons(project, rankings)
    if chips or project.ranking_reasons:
        title, about = "Reasons chosen", "Which reasons people choose for the same comparison; none is an answer too."
        none = chosen.NO_CHIPS if rankings else ""
        found.append(compared("reasons", title, about, Kind.CHOICES, chips, beside=figures, none=none, alone=alone))
    decisions = list(_decisions(project))
    about = "By two reviewers on the same text of a response."
    most = MOST if len(decisions) >= MOST else 0
    found.append(section("decisions", "Approve or return", about, "prompt", Kind.DECISION, decisions, capped=most))
    return found


def _shared_rankings(project: Project) -> list[Ranking]:
    """The latest on comparisons that several people ranked. Repeats and training tell nothing about agreement, and
    what has a known answer was chosen because it is clear, and judged by everybody: it would flatter the others."""
    mine = Ranking.objects.filter(project=project, in_training=False, comparison__repeat_of=None, comparison__gold=None)
    several = mine.order_by().values("comparison").annotate(people=Count("pk")).filter(people__gt=1)
    rows = mine.filter(comparison__in=several.values("comparison")).order_by("-created_at")
    return list(rows.only("comparison_id", "ranker_id", "order", "strength", "all_bad", "criteria", "chips")[:MOST])


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
