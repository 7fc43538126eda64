"""Nothing that somebody wrote is lost, and the page says so (complaints 3 and 4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from annotation.models import Lease
from tests import factories
from tests.complaints.person import Person

pytestmark = pytest.mark.django_db
HOUR = "Parties: an hour of work on Denise Okafor's deposit"


def text_at(person: Person, project: Any, prompt: Any) -> str:
    page = person.read("write", project.pk, prompt.pk)
    return page.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0].strip()


def test_what_was_submitted_is_there(project, Erin, Rita) -> None:
    """label-studio#3468, #1101: dozens of tasks were submitted, and nothing of them was stored."""
    prompts = [factories.prompt(project) for _ in range(12)]
    for number, prompt in enumerate(prompts):
        Erin.send("write", project.pk, prompt.pk, action="submit", text=f"Response {number}")
    stored = Rita.get("api_demonstrations", project.pk).json()["results"]
    assert {row["text"] for row in stored} == {f"Response {number}" for number in range(12)}
    assert {row["status"] for row in stored} == {"submitted"}


def test_skipping_throws_nothing_away(project, Erin) -> None:
    """Open-Assistant#3325: an hour's reply was gone when the person pressed Skip; people wrote elsewhere and pasted
    (#1324, #1392)."""
    prompt, other = factories.prompt(project), factories.prompt(project)
    assert Erin.next_to("write", project) == str(prompt.pk)
    Erin.send("write", project.pk, prompt.pk, action="skip", text=HOUR)  # typed since the last automatic save
    assert Erin.next_to("write", project) == str(other.pk)
    assert text_at(Erin, project, prompt) == HOUR


def test_a_text_outlives_the_time_one_has_for_it(project, Erin, Eve) -> None:
    """Open-Assistant#1324: the item had been given to somebody else, and the text with it."""
    prompt = factories.prompt(project)
    Erin.next_to("write", project)
    Erin.send("write_save", project.pk, prompt.pk, text=HOUR)
    Lease.objects.update(expires_at=timezone.now() - timedelta(hours=5))
    assert Eve.next_to("write", project) == str(prompt.pk)
    Eve.send("write", project.pk, prompt.pk, action="submit", text="Eve was faster.")
    late = Erin.send("write", project.pk, prompt.pk, action="submit", text=f"{HOUR}, finished", version=1)
    assert late.status_code == 409
    assert f"{HOUR}, finished".replace("'", "&#x27;") in late.content.decode(), "it is on the page that says so"


def test_a_submit_that_is_refused_gives_the_text_back(project, Erin) -> None:
    """label-studio#3468: what cannot be taken must not be swallowed."""
    comparison = factories.comparison(factories.prompt(project))
    refused = Erin.send("rank", project.pk, comparison.pk, action="submit", reason=HOUR)
    assert refused.status_code == 422
    assert HOUR.replace("'", "&#x27;") in refused.content.decode()


def test_each_save_says_when_it_happened(project, Erin) -> None:
    """argilla#3098: saving by itself, and a sign that it has been done."""
    prompt = factories.prompt(project)
    assert "data-autosave-state" in Erin.read("write", project.pk, prompt.pk)
    said = Erin.send("write_save", project.pk, prompt.pk, text="Parties:").json()
    assert timezone.now() - parse_datetime(said["saved_at"]) < timedelta(minutes=1)
    assert text_at(Erin, project, prompt) == "Parties:"


def test_what_was_begun_in_a_ranking_is_saved_too(project, Erin) -> None:
    """argilla#3098: saving by itself is for every kind of work."""
    comparison = factories.comparison(factories.prompt(project))
    Erin.next_to("rank", project)
    said = Erin.send("draft_save", project.pk, Lease.objects.get().pk, choice="4", reason="B names the party")
    assert parse_datetime(said.json()["saved_at"])
    page = Erin.read("rank", project.pk, comparison.pk)
    assert "B names the party</textarea>" in page
    assert 'value="4" data-key="4" checked' in page


def test_an_old_draft_never_takes_the_place_of_newer_work(project, Erin) -> None:
    """label-studio#1790: a draft left open in a tab replaced the annotation."""
    prompt = factories.prompt(project)
    Erin.send("write_save", project.pk, prompt.pk, text="In the first tab.")
    stale = Erin.send("write_save", project.pk, prompt.pk, text="In the second tab.", version=0)
    assert stale.status_code == 409
    assert stale.json()["text"] == "In the first tab."
    assert "<ins>" in stale.json()["difference"], "the person sees both, word by word, and decides"
    assert text_at(Erin, project, prompt) == "In the first tab."
    Erin.send("write", project.pk, prompt.pk, action="submit", text="Done.", version=1)
    assert Erin.send("write_save", project.pk, prompt.pk, text="In the second tab.", version=1).status_code == 409
    assert "Done." in Erin.words("write", project.pk, prompt.pk)
