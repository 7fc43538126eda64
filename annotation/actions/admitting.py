"""Who may rank for the project: those who have passed its training, or whom an admin lets."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused
from annotation.models import Event, Lease, Project, Ranker, Ranking, name_of
from annotation.quality.judged import verdict_of
from annotation.rankers import alarm
from annotation.rankers.judgements import Verdict, share_alike, side_by_side

TRIES = 3  # by oneself; then an admin decides
FIRST_LOOKS = 5  # an alarm is looked for after so many rankings, and after so many more
LATER_LOOKS = 25
MANY = 100


def note(project: Project, ranker: Ranker, ranking: Ranking) -> None:
    """What a new ranking changes for the person. Inside the transaction that records it."""
    if ranking.in_training:
        if ranker.latest_id:
            ranker.latest = None
            ranker.keep("latest")
        settle(project, ranker)
        return
    ranker.judged += 1
    ranker.latest = ranking
    if not queues.in_training(project, ranker):  # what was in hand when somebody was asked to train lets nobody off
        ranker.admitted_at = ranker.admitted_at or timezone.now()
    due = ranker.judged % (FIRST_LOOKS if ranker.judged <= MANY else LATER_LOOKS) == 0
    looked_into = ranker.alarm_seen_by_id is not None
    if due and (looked_into or not ranker.alarm) and (found := _alarm(project, ranker)):
        ranker.alarm, ranker.alarm_at, ranker.alarm_seen_by = found, timezone.now(), None
    ranker.keep("judged", "latest", "admitted_at", "alarm", "alarm_at", "alarm_seen_by")


def _alarm(project: Project, ranker: Ranker) -> str:
    """On the last whole block of rankings and what came after, so that it takes no longer for those with many; after
    an alarm, on what is newer than that."""
    mine = Ranking.objects.filter(ranker=ranker.user_id, project=project, in_training=False)
    rows = mine.order_by("-created_at")
    start = alarm.begins_after(ranker.judged)
    if ranker.alarm_at:
        rows = rows.filter(created_at__gt=ranker.alarm_at)
        start = max(start, ranker.judged - rows.count())
    values = rows.values_list("comparison__repeat_of", "shown", "order", "acceptable", "all_bad")
    latest = list(values[: ranker.judged - start])
    relations = [
        (number, relation)
        for number, (repeat, shown, order, acceptable, all_bad) in enumerate(reversed(latest), start=start + 1)
        if repeat is None
        and len(shown) > 1
        and (relation := Verdict(order, 0 if all_bad else acceptable).relation(shown[0], shown[-1])) is not None
    ]
    found = alarm.of_relations(relations)
    return found.sentence if found else ""


# --- Training ------------------------------------------------------------------------------------------------


def settle(project: Project, ranker: Ranker) -> None:
    """Once everything is judged: who reaches the pass mark begins to rank for the project."""
    if queues.training_left(project, ranker.user).exists():
        return
    expected, asked = result(project, ranker.user)
    ranker.score = expected / asked if asked else 0.0
    ranker.tries += 1
    passed = 100 * expected >= project.pass_mark * asked
    ranker.admitted_at = timezone.now() if passed else None
    ranker.keep("score", "tries", "admitted_at")
    verb = "passed the training" if passed else "did not pass the training"
    Event.record(verb, ranker, by=ranker.user, project=project, expected=round(expected, 2), of=asked)


def result(project: Project, user: User) -> tuple[float, int]:
    """How many of how many this person judged as expected; a list counts with the part of its pairs."""
    items = queues.training_items(project, user).select_related("gold")
    rankings = {
        each.comparison_id: each
        for each in Ranking.objects.filter(comparison__in=items.order_by().values("pk"), ranker=user, in_training=True)
    }
    found = list(items)
    return sum(_expected(each.gold, rankings.get(each.pk)) for each in found), len(found)


def _expected(gold: Any, ranking: Ranking | None) -> float:
    if ranking is None:
        return 0.0
    compared = side_by_side(verdict_of(gold), verdict_of(ranking), ranking.shown)
    return share_alike(compared) if compared else 0.0


def as_expected(ranking: Ranking) -> bool:
    return _expected(ranking.comparison.gold, ranking) == 1.0


def go_again(*, project: Project, by: User) -> None:
    """Through the training once more, as long as one may by oneself."""
    with transaction.atomic():
        queues.lock(project)
        ranker = Ranker.of(project, by)
        if not queues.in_training(project, ranker) or queues.training_left(project, by).exists():
            return
        if ranker.tries >= TRIES:
            raise Refused("You have been through the training three times. An admin of the project decides now.")
        _forget(project, by)
        Event.record("began the training again", ranker, by=by, project=project, tries=ranker.tries)


def let_rank(*, project: Project, user: User, by: User) -> None:
    """An admin's decision: training or not, this person ranks for the project."""
    with transaction.atomic():
        queues.lock(project)
        ranker = Ranker.of(project, user)
        if ranker.admitted_at:
            return
        ranker.admitted_at, ranker.admitted_by = timezone.now(), by
        ranker.keep("admitted_at", "admitted_by")
        Event.record("let somebody rank", user, by=by, project=project)


def ask_to_train(*, project: Project, user: User, by: User) -> None:
    """An admin's decision: this person goes through the training before they rank on, with all tries before them."""
    with transaction.atomic():
        queues.lock(project)
        ranker = Ranker.of(project, user)
        if not queues.training_items(project, user).exists():
            raise Refused(f"There is nothing for {name_of(user)} to train with: mark comparisons for training first.")
        ranker.admitted_at, ranker.admitted_by, ranker.tries, ranker.score = None, None, 0, None
        ranker.keep("admitted_at", "admitted_by", "tries", "score")
        _forget(project, user)
        Event.record("asked somebody to train", user, by=by, project=project)


def see_alarm(*, project: Project, user: User, by: User) -> None:
    """Somebody has looked into it: it is no longer put in front of the admins, and a later one would be."""
    with transaction.atomic():
        queues.lock(project)
        seen = Ranker.objects.filter(project=project, user=user).exclude(alarm="")
        if seen.update(alarm_seen_by=by):
            Event.record("looked into an alarm", user, by=by, project=project)


def _forget(project: Project, user: User) -> None:
    """Rankings given in training stay in the history by their events; the next try begins without them."""
    Ranking.objects.filter(ranker=user, project=project, in_training=True).delete()
    items = queues.training_items(project, user).order_by().values("pk")
    Lease.objects.filter(kind=Lease.Kind.RANK, user=user, item_id__in=items).delete()
