"""Known answers and repeats among the usual comparisons: as often as asked for, and not to be told from them."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from annotation import queues
from annotation.actions import assigning, deciding
from annotation.actions.exporting import lines
from annotation.models import Candidate, Comparison, Gold, Lease, Project, Ranker, Ranking
from annotation.quality.agreed import agreed
from annotation.queues.unannounced import GAP, falls_due
from tests.addresses import shown_at
from tests.annotation.quality_house import comparisons, good, ids, judge, work


def known(project, number: int, by, **more) -> list[Comparison]:
    made = comparisons(project, number)
    for one in made:
        pair = ids(one)
        deciding.mark_known(comparison=one, by=by, order=[[pair["Good"]], [pair["Bad"]]], **more)
    return made


def share(project, **fields) -> None:
    for name, value in fields.items():
        setattr(project, name, value)
    project.save()


@pytest.mark.parametrize("percent", [0, 1, 7, 10, 25, 50, 100])
def test_it_falls_due_as_often_as_asked_for_and_where_nobody_can_count(percent: int) -> None:
    due = [falls_due(handed, percent, "somebody") for handed in range(400)]
    assert due == sorted(due)
    assert abs(due[-1] - 4 * percent) <= 1
    places = [at for at in range(1, 400) if due[at] > due[at - 1]]
    if 0 < percent < 50:
        assert len({later - one for one, later in itertools.pairwise(places)}) > 1
        assert due != [falls_due(handed, percent, "somebody else") for handed in range(400)]


def test_it_hands_out_known_answers_at_the_projects_share(project, erin, ada) -> None:
    known(project, 12, ada)
    comparisons(project, 40, rankings_needed=1)
    share(project, gold_percent=20)
    done = work(project, erin, 50, good)
    gold = set(Gold.objects.values_list("comparison_id", flat=True))
    at = [number for number, one in enumerate(done) if one.pk in gold]
    assert abs(len(at) - 10) <= 1, "a fifth"
    assert len(done) == min(50, 40 + len(at))
    assert Ranking.objects.filter(comparison__in=gold, in_training=False).count() == len(at)
    assert not Comparison.objects.filter(pk__in=gold).exclude(rankings_done=0).exists(), "none of them is counted"


def test_it_asks_as_many_people_as_there_are_but_never_who_marked_it(project, erin, eve, rita, ada) -> None:
    known(project, 3, rita)
    comparisons(project, 20)
    share(project, gold_percent=50)
    for user in (erin, eve, rita):
        work(project, user, 12, good)
    asked = Ranking.objects.filter(comparison__gold__isnull=False)
    assert {user.username: asked.filter(ranker=user).count() for user in (erin, eve, rita)} == {
        "erin": 3,
        "eve": 3,
        "rita": 0,
    }


def test_it_sends_the_same_bytes_for_a_known_answer_a_repeat_and_a_usual_one(client, project, erin, ada) -> None:
    client.force_login(erin)
    known(project, 6, ada)
    comparisons(project, 30, rankings_needed=1)
    share(project, gold_percent=20, repeat_percent=20)
    pages: dict[str, set[str]] = {}
    for number in range(27):
        address = shown_at(client.get(reverse("rank_next", args=[project.pk])))
        one = Comparison.objects.get(pk=address.rstrip("/").rsplit("/", 1)[1])
        kind = "known" if hasattr(one, "gold") else "again" if one.repeat_of_id else "usual"
        page = client.get(address)
        if number:  # the first one has none before it
            pages.setdefault(kind, set()).add(_plain(page.content.decode(), one) + str(sorted(page.headers.items())))
        answer = client.post(address, {"action": "submit", "version": 0, "guidelines": 1, "choice": "2"})
        assert answer.url == reverse("rank_next", args=[project.pk])
    assert set(pages) == {"known", "again", "usual"}
    assert pages["known"] <= pages["usual"]
    assert pages["again"] <= pages["usual"]


def _plain(html: str, one: Comparison) -> str:
    """Without what differs between any two: ids, tokens, texts, the prompt's name, and how many are done."""
    html = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "an id", html)
    html = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": ?"[^"]+"', "a token", html)
    html = re.sub(r"[A-Za-z0-9]{64}", "a token", html)
    html = re.sub(r"(Good|Bad) answer \d+", "a text", html)
    html = re.sub(r"matter-\d+|prompt \d+|Matter \d+", "a prompt", html)
    html = re.sub(r"\d+ ranked by you", "some ranked by you", html)
    html = re.sub(r'data-(until|expires|left|seconds)="[^"]*"', "a time", html)
    return re.sub(r"(?s)<(div|p|aside|section)[^>]*data-last.*?</\1>", "the last one", html)


def test_it_asks_again_with_the_sides_swapped_and_only_that_person(project, erin, eve) -> None:
    comparisons(project, 40, rankings_needed=1)
    share(project, repeat_percent=20)
    done = work(project, erin, 48, good)
    repeats = list(Comparison.objects.filter(repeat_of__isnull=False))
    assert 6 <= len(repeats) <= 10
    place = {one.pk: at for at, one in enumerate(done)}
    for repeat in repeats:
        original = Ranking.objects.get(comparison=repeat.repeat_of)
        again = Ranking.objects.get(comparison=repeat)
        assert place[repeat.pk] - place[original.comparison_id] >= GAP
        text = dict(Candidate.objects.values_list("pk", "text"))
        shown = [[text[_uuid(pk)] for pk in ranking.shown] for ranking in (original, again)]
        assert shown[0] == shown[1][::-1]
        assert again.ranker == erin
    assert len({repeat.repeat_of_id for repeat in repeats}) == len(repeats), "each comes back once"
    assert not {one.pk for one in work(project, eve, 40, good)} & {repeat.pk for repeat in repeats}


def _uuid(text: str):
    from uuid import UUID

    return UUID(text)


def test_it_keeps_repeats_and_checks_out_of_what_is_taught(project, erin, eve, ada) -> None:
    comparisons(project, 30, rankings_needed=1)
    gold = known(project, 3, ada)
    share(project, repeat_percent=30, gold_percent=10)
    work(project, erin, 30, lambda one, shown: ids(one)["Bad"])
    every = Comparison.objects.filter(prompt__project=project).originals()
    found = agreed(project, every, "majority")
    repeats = {str(pk) for pk in Comparison.objects.exclude(repeat_of=None).values_list("pk", flat=True)}
    assert repeats
    assert not repeats & set(found.pairs)
    for one in gold:
        (pair,) = found.pairs[str(one.pk)]
        assert pair.chosen == ids(one)["Good"], "the known answer, not what people said"
        assert found.figures(pair)["origin"] == "known answer"
    preferences = "".join(lines(project, "preferences"))
    assert not [pk for pk in repeats if pk in preferences]
    rankings = "".join(lines(project, "rankings"))
    assert all(pk in rankings for pk in repeats)
    assert rankings.count('"known_answer": true') == Ranking.objects.filter(comparison__gold__isnull=False).count()


def test_it_does_not_count_them_on_progress_pages(sign_in, project, erin, ada) -> None:
    comparisons(project, 12, rankings_needed=1)
    known(project, 4, ada)
    share(project, repeat_percent=50, gold_percent=30)
    work(project, erin, 14, good)
    usual = Ranking.objects.filter(comparison__gold=None, comparison__repeat_of=None).count()
    assert usual < 14
    assert sum(Comparison.objects.values_list("rankings_done", flat=True)) == usual


def test_no_page_has_a_number_that_stands_still_when_one_was_unannounced(sign_in, project, erin, ada) -> None:
    known(project, 10, ada)
    comparisons(project, 20, rankings_needed=1)
    share(project, gold_percent=50)
    pages = [reverse("home"), reverse("project", args=[project.pk]), reverse("my_ranking", args=[project.pk])]
    client, seen = sign_in(erin), {True: set(), False: set()}
    work(project, erin, 3, good)
    before = [_numbers(client.get(page).content.decode()) for page in pages]
    for _ in range(10):
        (one,) = work(project, erin, 1, good)
        after = [_numbers(client.get(page).content.decode()) for page in pages]
        seen[hasattr(one, "gold")].add(tuple(was == now for was, now in zip(before, after, strict=True)))
        before = after
    assert seen[True] == seen[False] != set()


def _numbers(html: str) -> list[str]:
    """What people read, without addresses and texts of answers."""
    return re.findall(r"\d+", re.sub(r"<[^>]*>|matter-\d+", " ", html.split("<main", 1)[1]))


def test_it_comes_back_when_it_was_skipped_and_not_when_it_cannot_be_judged(project, erin, ada) -> None:
    known(project, 1, ada)
    comparisons(project, 3, rankings_needed=1)
    share(project, gold_percent=100)
    lease = queues.next_to_rank(project, erin)
    assert Gold.objects.filter(comparison=lease.item_id).exists()
    queues.release(lease)
    assert len(work(project, erin, 3, good)) == 3
    assert queues.next_to_rank(project, erin).item_id == lease.item_id
    queues.release(Lease.objects.get(pk=lease.pk), Lease.Release.DECLINED)
    assert queues.next_to_rank(project, erin) is None


def test_it_does_not_catch_up_in_a_row_on_what_was_not_there(project, erin, ada) -> None:
    comparisons(project, 30, rankings_needed=1)
    share(project, gold_percent=20)
    work(project, erin, 20, good)
    assert Ranker.objects.get(user=erin).known == 4
    known(project, 5, ada)
    done = work(project, erin, 10, good)
    assert sum(hasattr(one, "gold") for one in done) <= 3


def test_it_stays_out_of_the_usual_queue_when_more_people_are_to_rank_its_prompt(project, erin, ada) -> None:
    comparisons(project, 20, rankings_needed=1)
    known(project, 2, ada)
    share(project, repeat_percent=50)
    work(project, erin, 16, good)
    assert Comparison.objects.exclude(repeat_of=None).exists()
    assigning.arrange(project=project, by=ada, work="rank", people=3)
    unannounced = Comparison.objects.exclude(pk__in=Comparison.objects.originals().filter(gold=None).values("pk"))
    assert not unannounced.unfinished().exists()
    assert Comparison.objects.unfinished().count() == 20


def test_it_is_a_usual_comparison_again_when_it_is_taken_back(project, erin, eve, ada) -> None:
    (one,) = known(project, 1, ada)
    comparisons(project, 2, rankings_needed=1)
    share(project, gold_percent=100)
    work(project, erin, 1, good)
    deciding.unmark_known(comparison=one, by=ada)
    one.refresh_from_db()
    assert (one.rankings_done, one.rankings_needed) == (1, 2), "as it was made, whatever the project asks for"
    judge(comparisons(project, 1)[0], eve)


@pytest.mark.parametrize("frozen", [False, True])
def test_nothing_about_taking_back_tells_one_from_a_usual_one(client, project, erin, ada, frozen) -> None:
    client.force_login(erin)
    known(project, 6, ada)
    comparisons(project, 40, rankings_needed=1)
    share(project, gold_percent=20, repeat_percent=20)
    last: dict[str, set[Any]] = {}
    done = [_done_and_taken_back(client, project, erin, frozen, last) for _ in range(30)]
    assert set(last) == {"known", "again", "usual"}
    assert last["known"] == last["again"] == last["usual"]
    assert len(last["usual"]) == 1
    older: dict[str, set[Any]] = {}
    for one in done[:-1]:
        older.setdefault(_kind(one), set()).add(_told_of_taking_back(client, one))
    assert older["known"] == older["again"] == older["usual"]
    assert len(older["usual"]) == 1
    assert Ranking.objects.count() == len(done) - (not frozen), "older ones stand"


def _kind(one: Comparison) -> str:
    return "known" if hasattr(one, "gold") else "again" if one.repeat_of_id else "usual"


def _done_and_taken_back(client, project, erin, frozen: bool, told: dict[str, set[Any]]) -> Comparison:
    """The next one, judged; the last of what is told of it is taken back, unless a version was frozen meanwhile."""
    if taken := Lease.objects.filter(user=erin).first():
        one = Comparison.objects.get(pk=taken.item_id)
        client.post(reverse("rank", args=[project.pk, one.pk]), {"action": "submit", "version": 1, "choice": "2"})
    (one,) = work(project, erin, 1, good)
    if frozen:
        Project.objects.update(rankings_frozen_at=timezone.now())
    one = Comparison.objects.get(pk=one.pk)
    told.setdefault(_kind(one), set()).add(_told_of_taking_back(client, one))
    return one


def _told_of_taking_back(client, one: Comparison) -> tuple[Any, ...]:
    """What its page says, and what comes of trying it: words, addresses, and how many questions the database gets."""
    page = reverse("rank", args=[one.project_id, one.pk])
    undo = reverse("rank_take_back", args=[one.project_id, one.pk])
    told: list[Any] = [undo in client.get(page).content.decode()]
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(undo)
    words = [str(each) for each in get_messages(answer.wsgi_request)]
    return (*told, answer.status_code, answer.url == page, tuple(words[-1:]), len(asked))


def test_a_judgement_of_one_can_be_taken_back_like_any_other(client, project, erin, ada) -> None:
    known(project, 1, ada)
    comparisons(project, 2, rankings_needed=1)
    share(project, gold_percent=100)
    (one,) = work(project, erin, 1, good)
    assert hasattr(one, "gold")
    client.force_login(erin)
    client.post(reverse("rank_take_back", args=[project.pk, one.pk]))
    assert not Ranking.objects.filter(comparison=one).exists()
    one.refresh_from_db()
    assert one.rankings_done == 0
    page = client.get(reverse("rank", args=[project.pk, one.pk])).content.decode()
    assert "Submit and next" in page, "it is theirs to judge again"
