"""Who is handed what, and that thirty people at once are never handed too much."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused, approving, ranking, writing
from annotation.models import Demonstration, Lease, Membership, Role
from annotation.queues import Conflict, Saved
from tests import factories
from tests.annotation.queue_race import COMPARISONS, PROMPTS
from tests.postgres import postgres_url  # noqa: F401 - a fixture

ROOT = Path(__file__).resolve().parents[2]
Status = Demonstration.Status
WRITE, RANK = Lease.Kind.WRITE, Lease.Kind.RANK


def next_prompt(project, user):
    lease = queues.next_to_write(project, user)
    return lease and project.prompts.get(pk=lease.item_id)


def let_leases_run_out(**which: object) -> None:
    Lease.objects.filter(**which).update(expires_at=timezone.now() - timedelta(minutes=1))


def order_of(comparison) -> list[list[str]]:
    return [[str(pk)] for pk in comparison.candidates.values_list("pk", flat=True)]


# --- Many at once -------------------------------------------------------------------------------------------


def race(database_url: str, tmp_path: Path) -> dict[str, Any]:
    env = {**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.annotation.queue_race"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def check(report: dict[str, Any]) -> None:
    for needed in (1, 2, 3):
        for word, items in (("overlap", COMPARISONS), ("writing", PROMPTS)):
            found = report[f"{word} {needed}"]
            everything = Counter(item for handed in found["handed"].values() for item in handed)
            assert "too many" not in everything
            assert len(everything) == items
            assert set(everything.values()) == {needed}
            assert found["done"] == [needed] * items
            assert all(len(handed) == len(set(handed)) for handed in found["handed"].values())
        assert report[f"writing {needed}"]["responses"] == PROMPTS * needed


def test_it_hands_each_item_to_as_many_as_needed_when_thirty_ask_at_once(tmp_path: Path) -> None:
    check(race(f"sqlite:///{tmp_path / 'race.sqlite3'}", tmp_path))


@pytest.mark.postgres
def test_it_hands_out_exactly_on_postgresql_too(postgres_url: str, tmp_path: Path) -> None:  # noqa: F811
    check(race(postgres_url, tmp_path))


# --- What comes next ----------------------------------------------------------------------------------------


def test_it_hands_out_prompts_in_order_and_not_to_two_people(project, erin, eve) -> None:
    first, second = factories.prompt(project), factories.prompt(project)
    assert next_prompt(project, erin) == first
    assert next_prompt(project, eve) == second
    assert next_prompt(project, erin) == first
    assert Lease.objects.count() == 2


def test_it_never_hands_out_held_out_or_answered_prompts(project, erin, eve) -> None:
    factories.prompt(project, split="evaluation")
    factories.demonstration(factories.prompt(project), eve, status=Status.SUBMITTED)
    factories.demonstration(factories.prompt(project), eve)
    assert next_prompt(project, erin) is None


def test_it_offers_a_prompt_again_when_its_writer_stays_away(project, erin, eve) -> None:
    prompt = factories.prompt(project)
    assert next_prompt(project, erin) == prompt
    assert next_prompt(project, eve) is None
    let_leases_run_out(user=erin)
    assert next_prompt(project, eve) == prompt
    assert next_prompt(project, erin) is None


def test_it_puts_returned_work_first_then_what_is_in_hand_then_new_prompts(project, erin, rita) -> None:
    in_hand, new, returned = (factories.prompt(project) for _ in range(3))
    assert next_prompt(project, erin) == in_hand
    factories.demonstration(returned, erin, status=Status.RETURNED, note="Add the date.")
    assert next_prompt(project, erin) == returned
    text = "Parties: two"
    writing.submit(prompt=returned, by=erin, text=text, version=0, guidelines=None)
    assert next_prompt(project, erin) == in_hand
    writing.submit(prompt=in_hand, by=erin, text=text, version=0, guidelines=None)
    assert next_prompt(project, erin) == new


def test_it_brings_back_what_one_was_writing_after_a_long_break(project, erin) -> None:
    factories.prompt(project)
    second = factories.prompt(project)
    assert queues.hold_prompt(second, erin)
    let_leases_run_out()
    assert next_prompt(project, erin) == second


def test_it_offers_skipped_items_last_and_the_longest_skipped_first(project, erin) -> None:
    prompts = [factories.prompt(project) for _ in range(3)]
    seen = []
    for _ in range(5):
        lease = queues.next_to_write(project, erin)
        seen.append(lease.item_id)
        queues.release(lease)
    assert seen == [prompt.pk for prompt in [*prompts, *prompts[:2]]]


def test_it_comes_round_to_every_skipped_item_whether_returned_or_new(project, erin) -> None:
    new, returned = factories.prompt(project), factories.prompt(project)
    factories.demonstration(returned, erin, status=Status.RETURNED, note="Add the date.")
    seen = []
    for _ in range(4):
        lease = queues.next_to_write(project, erin)
        seen.append(lease.item_id)
        queues.release(lease)
    assert seen == [returned.pk, new.pk, returned.pk, new.pk]


def test_it_lets_somebody_else_have_what_was_skipped(project, erin, eve) -> None:
    prompt = factories.prompt(project)
    queues.release(queues.next_to_write(project, erin))
    assert next_prompt(project, eve) == prompt
    assert next_prompt(project, erin) is None


def test_it_keeps_the_items_of_two_projects_apart(project, erin, oscar) -> None:
    elsewhere = Membership.objects.get(user=oscar).project
    Membership.objects.create(project=elsewhere, user=erin, role=Role.EXPERT)
    factories.comparison(factories.prompt(elsewhere))
    factories.prompt(elsewhere)
    assert queues.next_to_write(project, erin) is None
    assert queues.next_to_rank(project, erin) is None
    assert queues.next_to_rank(elsewhere, erin)


def test_it_gives_a_reviewer_the_longest_waiting_response_but_never_their_own(project, erin, rita, ada) -> None:
    now = timezone.now()
    late = factories.demonstration(factories.prompt(project), erin, status=Status.SUBMITTED, submitted_at=now)
    early = factories.demonstration(
        factories.prompt(project), erin, status=Status.SUBMITTED, submitted_at=now - timedelta(days=1)
    )
    own = factories.demonstration(
        factories.prompt(project), rita, status=Status.SUBMITTED, submitted_at=now - timedelta(days=2)
    )
    assert queues.next_to_approve(project, rita).item_id == early.pk
    assert queues.next_to_approve(project, ada).item_id == own.pk
    with pytest.raises(Refused, match="your own"):
        approving.approve(demonstration=own, by=rita, version=own.version)
    approving.approve(demonstration=early, by=rita, version=early.version)
    assert queues.next_to_approve(project, rita).item_id == late.pk


def test_it_hands_a_comparison_to_as_many_rankers_as_it_needs(project, erin, eve, rita) -> None:
    comparison = factories.comparison(factories.prompt(project), rankings_needed=2)
    assert queues.next_to_rank(project, erin)
    assert queues.next_to_rank(project, eve)
    assert queues.next_to_rank(project, rita) is None
    ranking.rank(comparison=comparison, by=erin, order=order_of(comparison))
    assert queues.next_to_rank(project, rita) is None
    assert queues.next_to_rank(project, erin) is None
    ranking.decline(comparison=comparison, by=eve)
    assert queues.next_to_rank(project, eve) is None
    assert queues.next_to_rank(project, rita)


def test_it_refuses_a_ranking_by_somebody_whose_place_was_taken_over(project, erin, eve) -> None:
    comparison = factories.comparison(factories.prompt(project))
    queues.next_to_rank(project, erin)
    let_leases_run_out(user=erin)
    assert queues.next_to_rank(project, eve)
    with pytest.raises(Refused):
        ranking.rank(comparison=comparison, by=erin, order=order_of(comparison))
    assert ranking.rank(comparison=comparison, by=eve, order=order_of(comparison)).fresh


def test_it_accepts_a_late_ranking_while_nobody_else_has_the_place(project, erin) -> None:
    comparison = factories.comparison(factories.prompt(project))
    queues.next_to_rank(project, erin)
    let_leases_run_out()
    assert ranking.rank(comparison=comparison, by=erin, order=order_of(comparison)).fresh


# --- Leases and drafts --------------------------------------------------------------------------------------


def test_it_saves_a_draft_and_keeps_the_lease(project, erin) -> None:
    factories.comparison(factories.prompt(project))
    lease = queues.next_to_rank(project, erin)
    Lease.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    saved = queues.save_draft(lease, {"reason": "B names"}, 0)
    assert isinstance(saved, Saved)
    assert (saved.version, saved.held) == (1, True)
    lease.refresh_from_db()
    assert lease.draft == {"reason": "B names"}
    assert lease.expires_at > timezone.now() + timedelta(minutes=5)


def test_it_refuses_a_stale_draft_and_gives_back_the_newer_one(project, erin) -> None:
    factories.comparison(factories.prompt(project))
    lease = queues.next_to_rank(project, erin)
    queues.save_draft(lease, {"reason": "first tab"}, 0)
    refused = queues.save_draft(lease, {"reason": "second tab"}, 0)
    assert isinstance(refused, Conflict)
    assert (refused.version, refused.draft) == (1, {"reason": "first tab"})
    assert isinstance(queues.save_draft(lease, {"reason": "first tab"}, 0), Saved)


def test_it_keeps_what_is_typed_after_the_lease_ran_out_without_taking_the_place_back(project, erin, eve) -> None:
    factories.comparison(factories.prompt(project))
    lease = queues.next_to_rank(project, erin)
    let_leases_run_out()
    saved = queues.save_draft(lease, {"reason": "typed late"}, 0)
    assert isinstance(saved, Saved)
    assert not saved.held
    assert queues.next_to_rank(project, eve)


# --- Why nothing is left ------------------------------------------------------------------------------------


def test_it_says_why_there_is_nothing_to_write(project, erin, eve) -> None:
    assert queues.why_nothing(project, WRITE, erin) == ["no prompts have been imported yet."]
    prompt = factories.prompt(project)
    queues.next_to_write(project, eve)
    assert "1 prompt is in other people's hands right now" in queues.why_nothing(project, WRITE, erin)[0]
    factories.demonstration(prompt, eve)
    assert queues.why_nothing(project, WRITE, erin) == ["every prompt has a response."]


def test_it_says_why_there_is_nothing_to_approve(project, rita, ada) -> None:
    approve = Lease.Kind.APPROVE
    assert queues.why_nothing(project, approve, rita) == ["no response is waiting for review."]
    factories.demonstration(factories.prompt(project), rita, status=Status.SUBMITTED)
    assert queues.why_nothing(project, approve, rita) == ["1 response of your own must be approved by somebody else."]
    queues.next_to_approve(project, ada)
    other = factories.demonstration(factories.prompt(project), ada, status=Status.SUBMITTED)
    assert queues.next_to_approve(project, rita).item_id == other.pk


def test_it_says_why_there_is_nothing_to_rank(project, erin, eve) -> None:
    assert queues.why_nothing(project, RANK, erin) == ["nobody has prepared candidates to rank yet."]
    comparison = factories.comparison(factories.prompt(project), rankings_needed=2)
    ranking.rank(comparison=comparison, by=erin, order=order_of(comparison))
    assert queues.why_nothing(project, RANK, erin) == [
        "1 comparison you have ranked still needs somebody else's judgement."
    ]
    ranking.rank(comparison=comparison, by=eve, order=order_of(comparison))
    assert queues.why_nothing(project, RANK, erin) == ["every comparison has all the rankings it needs."]
    declined = factories.comparison(factories.prompt(project))
    queues.next_to_rank(project, erin)
    ranking.decline(comparison=declined, by=erin)
    assert queues.why_nothing(project, RANK, erin) == ["you could not judge 1 comparison."]
