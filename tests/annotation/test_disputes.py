"""How far people are apart is kept on each comparison: whatever changes it changes the list, at once."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from annotation.actions import assigning, deciding, ranking
from annotation.models import Adjudication, Comparison, Project, Ranking
from annotation.quality import disputes
from annotation.views import disagreements
from tests import factories
from tests.annotation.quality_house import comparisons, ids, judge


def size(comparison: Comparison) -> float | None:
    return Comparison.objects.values_list("dispute", flat=True).get(pk=comparison.pk)


def listed(client: Any, project: Project, query: str = "") -> list[str]:
    html = client.get(reverse("disagreements", args=[project.pk]) + query).content.decode()
    return re.findall(r"/(?:disagreements|known-answers?)/([0-9a-f-]{36})/", html)


def test_it_is_known_once_all_have_judged(project, erin, eve) -> None:
    one, same, alone = [*comparisons(project, 2), *comparisons(project, 1, rankings_needed=1)]
    judge(one, erin, "Good", strength=2)
    assert size(one) is None, "others' judgements are not known before one's own is in"
    judge(one, eve, "Bad", strength=2)
    assert size(one) == 2.0, "two people, as far apart as can be"
    for who in (erin, eve):
        judge(same, who, "Good")
    judge(alone, erin)
    assert (size(same), size(alone)) == (0.0, None)


def test_a_small_part_of_all_disagreement_is_not_called_none(sign_in, project, rita, erin, eve) -> None:
    made = comparisons(project, 2)
    for one in made:
        judge(one, erin, "Good", strength=2)
        judge(one, eve, "Bad", strength=2)
    Comparison.objects.filter(pk=made[0].pk).update(dispute=0.001)
    html = sign_in(rita).get(reverse("disagreements", args=[project.pk])).content.decode()
    assert [part for part in ("100 %</span>", "&lt; 1 %</span>") if part in html] == ["100 %</span>", "&lt; 1 %</span>"]


def test_it_measures_the_order_of_several_answers(project, erin, eve) -> None:
    one = factories.comparison(factories.prompt(project), ["One", "Two", "Three"], rankings_needed=2)
    names = [str(each.pk) for each in one.candidates.all()]
    for who, order in ((erin, names), (eve, names[::-1])):
        ranking.rank(comparison=one, by=who, order=[[each] for each in order])
    assert size(one) == 2.0


def test_it_goes_with_a_judgement_that_is_taken_back(project, erin, eve) -> None:
    (one,) = comparisons(project, 1)
    judge(one, erin, "Good")
    judge(one, eve, "Bad")
    mine = Ranking.objects.select_related("comparison__prompt__project").get(ranker=eve)
    ranking.take_back(ranking=mine, by=eve, draft={})
    assert size(one) is None
    judge(one, eve, "Good")
    assert size(one) == 0.0


def test_what_stands_already_is_not_to_be_decided(sign_in, project, rita, ada, erin, eve) -> None:
    decided, known, left = comparisons(project, 3)
    for one in (decided, known, left):
        judge(one, erin, "Good")
        judge(one, eve, "Bad")
    order = [[each] for each in ids(decided).values()]
    deciding.decide(comparison=fresh(decided), by=rita, order=order, reason="The date.")
    deciding.mark_known(comparison=fresh(known), by=ada, order=[[each] for each in ids(known).values()])
    assert listed(sign_in(rita), project) == [str(left.pk)]
    deciding.unmark_known(comparison=fresh(known), by=ada)
    assert set(listed(sign_in(rita), project)) == {str(left.pk), str(known.pk)}


def fresh(comparison: Comparison) -> Comparison:
    return Comparison.objects.select_related("prompt__project").get(pk=comparison.pk)


def test_it_waits_again_when_more_people_are_asked(project, ada, erin, eve) -> None:
    (one,) = comparisons(project, 1)
    judge(one, erin, "Good")
    judge(one, eve, "Bad")
    for people, found in ((3, None), (2, size(one))):
        assigning.arrange(project=project, by=ada, work="rank", people=people)
        assert size(one) == found
    assert found


def test_pages_follow_each_other_and_show_everything_once(sign_in, project, rita, erin, eve, monkeypatch) -> None:
    monkeypatch.setattr(disagreements, "SHOWN", 4)
    for at, one in enumerate(comparisons(project, 11)):
        judge(one, erin, "Good", strength=2)
        judge(one, eve, "Bad", strength=1 + at % 2)
    client, found, query = sign_in(rita), [], ""
    for _ in range(4):
        found += listed(client, project, query)
        html = client.get(reverse("disagreements", args=[project.pk]) + query).content.decode()
        following = re.search(r'rel="next" href="([^"]+)"', html)
        query = following[1].replace("&amp;", "&") if following else ""
        if not query:
            break
    assert found == [str(each.pk) for each in disputes.differing(project)]
    assert "From the first on" in html


@pytest.mark.parametrize("tab", ["open", "same", "decided", "known"])
@pytest.mark.parametrize("start", ["nan_x", "1e999_0", "-1", "9" * 40, "2_7", "0.5_%00", "²"])
def test_a_made_up_place_is_no_failure(sign_in, project, rita, tab, start) -> None:
    answer = sign_in(rita).get(reverse("disagreements", args=[project.pk]), {"show": tab, "from": start})
    assert answer.status_code == 200


def test_known_answers_and_decisions_have_pages_too(sign_in, project, rita, ada, erin, eve, monkeypatch) -> None:
    monkeypatch.setattr(disagreements, "SHOWN", 2)
    made = comparisons(project, 10)
    for one in made[5:]:
        judge(one, erin, "Good")
        judge(one, eve, "Bad")
        order = [[each] for each in ids(one).values()]
        deciding.decide(comparison=fresh(one), by=rita, order=order, reason="The date.")
    changed = {made[6].pk, made[7].pk, made[9].pk}
    Adjudication.objects.filter(comparison__in=changed).update(decided_at=timezone.now() - timedelta(hours=1))
    for at, one in enumerate(made[:5]):
        order = [[each] for each in ids(one).values()]
        training = {"explanation": "Dated.", "for_training": True} if at % 2 else {}
        deciding.mark_known(comparison=fresh(one), by=ada, order=order, **training)
    for tab, rows in (("_known", made[:5]), ("_decided", made[5:])):
        found, start = [], ""
        while page := getattr(disagreements, tab)(project, start)[:2]:
            found += [each.comparison.pk for each in page]
            start = page[-1].key
        assert sorted(found) == sorted(each.pk for each in rows)
    assert set(found[:3]) == changed  # of the decisions, those since which somebody judged


def test_next_passes_over_what_one_has_ranked_and_begins_again_behind_the_last(sign_in, project, rita, erin, eve):
    made = comparisons(project, 4)
    judges = [(erin, eve), (erin, rita), (erin, eve), (erin, eve)]
    for one, (first, second) in zip(made, judges, strict=True):
        judge(one, first, "Good", strength=2)
        judge(one, second, "Bad", strength=2)
    open_ = [str(each.pk) for each in disputes.differing(project) if each.pk != made[1].pk]
    client, here, seen = sign_in(rita), open_[0], []
    for _ in range(4):
        seen.append(here)
        answer = client.get(reverse("disagreements", args=[project.pk]), {"after": here})
        here = answer.url.rstrip("/").rpartition("/")[2]
    assert seen == [*open_, open_[0]]


def test_what_was_judged_before_is_filled_in_as_it_would_be_now(project, erin, eve) -> None:
    made = comparisons(project, 3)
    for one, best in zip(made, ("Good", "Bad"), strict=False):
        judge(one, erin, "Good")
        judge(one, eve, best)
    now = {each.pk: each.dispute for each in Comparison.objects.all()}
    Comparison.objects.update(dispute=None)
    import_module("annotation.migrations.0017_disputes_filled").fill(apps, connection.schema_editor())
    assert {each.pk: each.dispute for each in Comparison.objects.all()} == now
    assert sorted(now.values(), key=str) == [0.0, 1.0, None]
