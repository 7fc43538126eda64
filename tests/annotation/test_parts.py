"""Work done part by part: fenced, stopped, resumed, and taken up where another left it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation import parts
from annotation.models import Chore, Project

Status = Chore.Status


@pytest.fixture
def chore(project: Project) -> Chore:
    return Chore.objects.create(project=project, kind=Chore.Kind.ARRANGE)


def count_to(number: int):
    def do(work: Chore) -> None:
        while work.done < number:
            with work.part():
                work.done += 1
                work.total = number

    return do


def test_it_is_done_part_by_part(chore):
    parts.run(chore, count_to(3))
    assert (chore.status, chore.done, chore.percent) == (Status.DONE, 3, 100)
    assert chore.finished_at
    assert not chore.is_unfinished


def test_only_one_claims_it(chore):
    other = Chore.objects.get(pk=chore.pk)
    assert chore.claim()
    assert not other.claim()


def test_a_part_of_an_attempt_that_was_overtaken_is_not_kept(chore):
    def overtaken(work: Chore) -> None:
        Chore.objects.filter(pk=work.pk).update(attempt=work.attempt + 1)
        with work.part():
            work.project.name = "changed"
            work.project.save()
            work.done = 9

    parts.run(chore, overtaken)
    chore.project.refresh_from_db()
    assert (chore.done, chore.status) == (0, Status.RUNNING)
    assert chore.project.name != "changed"


def test_what_was_left_behind_is_taken_up_where_it_was(chore):
    chore.claim()
    with chore.part():
        chore.done = 2
    assert not Chore.objects.waiting().exists()
    Chore.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=2))
    again = Chore.objects.waiting().get()
    parts.run(again, count_to(3))
    assert (again.status, again.done, again.attempt) == (Status.DONE, 3, 2)
    with pytest.raises(parts.TakenOver), chore.part():
        chore.done = 5


def test_it_stops_after_the_part_under_way_and_goes_on_from_there(chore):
    def stopped_at_two(work: Chore) -> None:
        while work.done < 5:
            if work.done == 1:
                Chore.objects.get(pk=work.pk).ask_to_stop()
            with work.part():
                work.done += 1

    parts.run(chore, stopped_at_two)
    assert (chore.status, chore.done, chore.stop_asked) == (Status.STOPPED, 2, False)
    assert chore.resume()
    parts.run(chore, count_to(5))
    assert (chore.status, chore.done) == (Status.DONE, 5)
    assert not chore.ask_to_stop()
    assert not chore.resume()


def test_what_has_not_begun_is_stopped_at_once(chore):
    assert chore.ask_to_stop()
    chore.refresh_from_db()
    assert chore.status == Status.STOPPED
    assert not chore.claim()


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (parts.Unable("The file is gone. Upload it again."), "The file is gone. Upload it again."),
        (OSError("x"), "OSError: x"),
    ],
)
def test_what_cannot_go_on_says_why(chore, error, problem):
    def fail(work: Chore) -> None:
        with work.part():
            work.done = 1
        raise error

    parts.run(chore, fail)
    assert (chore.status, chore.problem, chore.done) == (Status.FAILED, problem, 1)


def test_the_lease_is_renewed_while_a_part_takes_long(chore, monkeypatch):
    renewed = []
    monkeypatch.setattr(parts, "RENEW_SECONDS", 0.01)
    monkeypatch.setattr(Chore, "renew", lambda self: renewed.append(self.pk) or len(renewed) < 3)

    def slow(work: Chore) -> None:
        deadline = timezone.now() + timedelta(seconds=5)
        while len(renewed) < 3 and timezone.now() < deadline:
            pass

    parts.run(chore, slow)
    assert len(renewed) == 3
