"""The report on one ranker, from what is stored: all figures that say whether somebody reads and judges alike."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from django.contrib.auth.models import User
from django.core.cache import cache

from annotation.models import Candidate, Gold, Project, Ranker, Ranking
from annotation.quality import reports
from annotation.quality.judged import verdict_of
from annotation.rankers.judgements import Judgement, Verdict
from annotation.rankers.report import Report, report
from annotation.texts import fingerprint, words

LATEST = 1_000
KEPT_FOR = 24 * 3600
OVERALL = 2_000  # rankings of everybody else's that tell how often the longer answer wins

UNREAD = ("criteria", "chips", "reason")

TITLES = {
    "position_pairs": "Left or right",
    "position_lists_first": "What is shown first in lists",
    "position_lists_last": "What is shown last in lists",
    "longer_wins": "How often the longer answer wins",
    "length_bias": "The longer answer, compared with others",
    "self_consistency": "The same when asked again",
    "circles": "Going round in circles",
    "gold_accuracy": "Known answers",
    "seconds": "Time for one comparison",
    "unread": "Faster than anybody reads",
    "drift_agreement": "Agreement over time",
    "drift_speed": "Speed over time",
}
OWN = ("position_pairs", "position_lists_first", "position_lists_last", "circles", "seconds", "unread", "drift_speed")
"""What a person sees of their own report. Known answers, repeats and what others say stay out of it: who could watch
these figures move would learn which comparison was which."""
DIFFERENCES = frozenset({"length_bias", "drift_agreement"})


@dataclass(frozen=True)
class Told:
    """A figure as the page shows it."""

    name: str
    title: str
    value: str
    interval: str
    n: int
    sentence: str
    attention: bool


def of_person(project: Project, user: User, ranker: Ranker | None, *, own: bool = False) -> Report:
    """On the latest rankings; worked out again when anybody judged anew or an answer became known. In one's `own` a
    comparison that came twice is two like any others: a number that passes over it would tell which it was."""
    judged_so_far = ranker.judged if ranker else 0
    seen = json.dumps([judged_so_far, reports.seen(project)])
    key = f"ranker-{project.pk}-{user.pk}-{fingerprint(seen)}-{project.pass_mark}{'-own' * own}"
    found: Report | None = cache.get(key)
    if found is None:
        judged = judgements(project, user)
        found = report(
            [replace(each, repeat_of=None) for each in judged] if own else judged,
            longer_wins_overall=_longer_wins(project, user),
            pass_mark=project.pass_mark / 100,
            before=max(0, judged_so_far - len(judged)),
        )
        cache.set(key, found, timeout=KEPT_FOR)
    return found


def judgements(project: Project, user: User) -> list[Judgement]:
    """The latest ones in order of time, with what else is known of the same comparisons."""
    mine = Ranking.objects.filter(ranker=user, project=project, in_training=False)
    latest = mine.select_related("comparison").order_by("-created_at").defer(*UNREAD)
    rows = list(latest[:LATEST])[::-1]
    asked = {each.comparison_id: each.comparison.prompt_id for each in rows}
    texts = _candidates(asked)
    names = _names(texts, asked)
    golds = {
        gold.comparison_id: verdict_of(gold, names[gold.comparison_id])
        for gold in Gold.objects.filter(comparison__in=asked).exclude(created_by=user)
    }
    others: dict[UUID, list[Verdict]] = defaultdict(list)
    theirs = Ranking.objects.filter(comparison__in=asked, in_training=False).exclude(ranker=user)
    for each in theirs.defer(*UNREAD, "shown"):
        others[each.comparison_id].append(verdict_of(each, names[each.comparison_id]))
    return [
        _judgement(each, texts[each.comparison_id], names[each.comparison_id], golds, others)
        for each in rows
        if each.shown
    ]


Texts = dict[UUID, dict[str, str]]  # of a comparison: id of a candidate -> its text, or its name


def _candidates(comparisons: Collection[UUID]) -> Texts:
    found: Texts = defaultdict(dict)
    rows = Candidate.objects.filter(comparison__in=comparisons)
    for pk, comparison, text in rows.values_list("pk", "comparison_id", "text"):
        found[comparison][str(pk)] = text
    return found


def _names(texts: Texts, prompts: Mapping[UUID, UUID]) -> Texts:
    """The same answer to the same prompt has the same name in every comparison: circles and repeats go by it."""
    found: Texts = {}
    known: dict[tuple[UUID, str], str] = {}
    for comparison, answers in sorted(texts.items()):
        names = found.setdefault(comparison, {})
        for pk, text in answers.items():
            name = known.setdefault((prompts[comparison], text.strip()), pk)
            names[pk] = pk if name in names.values() else name
    return found


def _judgement(
    ranking: Ranking,
    texts: dict[str, str],
    names: dict[str, str],
    golds: dict[UUID, Verdict],
    others: dict[UUID, list[Verdict]],
) -> Judgement:
    original = ranking.comparison.repeat_of_id
    return Judgement(
        comparison=str(ranking.comparison_id),
        shown=[names[each] for each in ranking.shown],
        verdict=verdict_of(ranking, names),
        judged_at=ranking.created_at,
        lengths={names[pk]: len(words(text)) for pk, text in texts.items()},
        active_seconds=ranking.active_seconds or None,
        gold=None if original else golds.get(ranking.comparison_id),
        repeat_of=str(original) if original else None,
        others=[] if original else others.get(ranking.comparison_id, []),
    )


def _longer_wins(project: Project, user: User) -> float | None:
    """How often the longer of two wins in what everybody else judged lately; nobody's word counts twice."""
    rows = Ranking.objects.filter(project=project, in_training=False, comparison__repeat_of=None).exclude(ranker=user)
    latest = rows.order_by("-created_at").values_list("comparison_id", "order")[:OVERALL]
    pairs = [(comparison, order) for comparison, order in latest if [len(group) for group in order] == [1, 1]]
    lengths = {
        comparison: {pk: len(words(text)) for pk, text in texts.items()}
        for comparison, texts in _candidates({comparison for comparison, _ in pairs}).items()
    }
    longer = decided = 0
    for comparison, order in pairs:
        better, worse = (lengths[comparison].get(group[0], 0) for group in order)
        decided += better != worse
        longer += better > worse
    return longer / decided if decided else None


def told(found: Report, names: tuple[str, ...] = tuple(TITLES)) -> list[Told]:
    """What needs attention first, then in the usual order; undefined last."""
    figures = [
        Told(
            each.name,
            TITLES[each.name],
            _number(each.name, each.value),
            f"{_number(each.name, each.interval.low)} to {_number(each.name, each.interval.high)}"
            if each.interval
            else "",
            each.n,
            each.sentence,
            each.attention,
        )
        for each in found.figures
        if each.name in names
    ]
    return sorted(figures, key=lambda each: (not each.attention, not each.value))


def _number(name: str, value: float | None) -> str:
    if value is None:
        return ""
    if name in DIFFERENCES:
        points = round(100 * value)
        return f"{points:+d} points".replace("-", "−") if points else "0 points"
    return f"{value:.0f} s" if name == "seconds" else f"{100 * value:.0f} %"


def alarms(project: Project) -> list[Ranker]:
    """Whose rankings are clearly wrong, and nobody has looked into it yet."""
    raised = Ranker.objects.filter(project=project, alarm_seen_by=None).exclude(alarm="")
    return list(raised.select_related("user").order_by("alarm_at"))
