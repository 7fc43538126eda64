"""Seconds of work: what the server believes of what a page sends, and how pages count."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation import active_time, queues
from annotation.models import Demonstration, Lease, Revision
from tests import factories
from tests.frame.conftest import chromium, visit  # noqa: F401 - fixtures

IDLE = 30
EVENTS = st.lists(
    st.tuples(st.integers(1, 400), st.sampled_from(["act", "act", "act", "hide", "show"])), max_size=30
).map(lambda steps: [[sum(gap for gap, _what in steps[: n + 1]), what] for n, (_gap, what) in enumerate(steps)])


def by_the_second(events: list[list], end: int) -> int:
    """The definition, second by second: in sight, and something happened no more than 30 s before."""
    total = 0
    for second in range(end):
        before = [(at, what) for at, what in events if at <= second]
        gone = [what for _at, what in before if what != "act"]
        in_sight = not gone or gone[-1] == "show"
        last, seen = 0, True
        for at, what in before:
            seen = what == "show" or (seen and what != "hide")
            if seen:
                last = at
        total += in_sight and second < last + IDLE
    return total


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_counts_seconds_with_activity_and_no_others(visit, project, erin) -> None:  # noqa: F811
    """Streams of events with idle gaps, counted by the page's own script and by the definition."""
    factories.prompt(project)
    page = visit(erin, reverse("write_next", args=[project.pk]))
    streams: list[tuple[list[list], int]] = []

    @given(EVENTS, st.integers(0, 200))
    def collect(events: list[list], after: int) -> None:
        streams.append((events, (events[-1][0] if events else 0) + after))

    collect()
    counted = page.evaluate(
        """async (streams) => {
          const { activeSeconds } = await import("/static/js/active_time.js");
          return streams.map(([events, end]) => activeSeconds(events, end));
        }""",
        streams,
    )
    assert len(streams) > 50
    assert [round(number, 6) for number in counted] == [by_the_second(events, end) for events, end in streams]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_sends_what_it_has_counted_with_the_text(visit, project, erin) -> None:  # noqa: F811
    prompt = factories.prompt(project)
    page = visit(erin, reverse("write", args=[project.pk, prompt.pk]))
    page.locator("#id_text").fill("Words")
    page.wait_for_timeout(1200)
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Nothing left for you to write").wait_for()
    assert 0.5 < Demonstration.objects.get().active_seconds < 60


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(0, 1e5))
def test_it_never_believes_more_than_the_wall_clock_nor_forgets(known: float, sent: float, passed: float) -> None:
    now = timezone.now()
    lease = Lease(created_at=now - timedelta(seconds=passed), active_seconds=known)
    believed = active_time.believed(lease, sent, now)
    assert believed >= known
    assert believed <= max(known, passed) + 1e-3
    assert believed <= max(known, sent)


@pytest.mark.parametrize("sent", ["", "NaN", "-4", "inf", "soon", None, "1e400"])
def test_it_takes_what_is_no_time_for_none(sent) -> None:
    assert active_time.seconds(sent) == 0.0


@pytest.mark.django_db
def test_it_adds_up_over_visits_and_stays_with_the_response(sign_in, project, erin) -> None:
    prompt = factories.prompt(project)
    client = sign_in(erin)
    save, write = (reverse(name, args=[project.pk, prompt.pk]) for name in ("write_save", "write"))
    client.get(write)
    Lease.objects.update(created_at=timezone.now() - timedelta(seconds=300))
    client.post(save, {"text": "One", "version": 0, "active_seconds": "40.5"})
    assert Lease.objects.get().active_seconds == 40.5
    assert 'name="active_seconds" value="40.5"' in client.get(write).content.decode()
    client.post(save, {"text": "One two", "version": 1, "active_seconds": "12"})
    assert Lease.objects.get().active_seconds == 40.5, "a second tab counts from its own beginning"
    client.post(write, {"text": "Done", "version": 2, "guidelines": 1, "action": "submit", "active_seconds": "9999"})
    mine = Demonstration.objects.get()
    assert 299 < mine.active_seconds < 330, "no more than has passed since it was lent"
    assert Revision.objects.get().active_seconds == mine.active_seconds
    client.post(reverse("write_reopen", args=[project.pk, prompt.pk]))
    Lease.objects.update(created_at=timezone.now() - timedelta(seconds=60))
    client.post(write, {"text": "Better", "version": 3, "guidelines": 1, "action": "submit", "active_seconds": "20"})
    assert Demonstration.objects.get().active_seconds == pytest.approx(mine.active_seconds + 20)


@pytest.mark.django_db
def test_it_keeps_the_time_of_a_decision_and_of_any_draft(sign_in, project, erin, rita) -> None:
    waiting = factories.demonstration(factories.prompt(project), erin, status="submitted", version=1)
    lease = queues.next_to_approve(project, rita)
    Lease.objects.update(created_at=timezone.now() - timedelta(seconds=100))
    client = sign_in(rita)
    draft = reverse("draft_save", args=[project.pk, lease.pk])
    client.post(draft, {"note": "Add", "version": 0, "active_seconds": "30"})
    assert Lease.objects.get().active_seconds == 30
    approve = reverse("approve", args=[project.pk, waiting.pk])
    client.post(approve, {"action": "approve", "response": 1, "active_seconds": "44"})
    assert Revision.objects.get(status="approved").active_seconds == 44
