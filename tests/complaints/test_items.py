"""What one wants to say about an item, and a form that may change (complaints 18 and 19)."""

from __future__ import annotations

from typing import Any

import pytest

from annotation.models import Project
from annotation.project_rules import check_sections
from tests import factories
from tests.complaints.person import Person

pytestmark = pytest.mark.django_db


def change(admin: Person, project: Project, **fields: Any) -> None:
    answer = admin.client.patch(f"/api/v1/projects/{project.pk}/", fields, content_type="application/json")
    assert answer.status_code == 200, answer.content


# --- 18: notes, flags, reasons --------------------------------------------------------------------------------


def test_one_keeps_a_note_to_oneself(project, Erin, Rita) -> None:
    """argilla#1800: thoughts about an item end up in a text file beside the tool."""
    prompt = factories.prompt(project)
    Erin.next_to("write", project)
    Erin.send("discussion", project.pk, prompt.pk, action="note", note="Ask Jim about the county.")
    assert "Ask Jim about the county." in Erin.read("write", project.pk, prompt.pk)
    assert "Ask Jim" not in Rita.read("discussion", project.pk, prompt.pk)


def test_one_asks_and_is_answered_at_the_item(project, Erin, Rita) -> None:
    """argilla#1939: a comment that somebody reads and answers."""
    prompt = factories.prompt(project)
    Erin.next_to("write", project)
    Erin.send("discussion", project.pk, prompt.pk, action="remark", text="Which county?")
    Rita.send("discussion", project.pk, prompt.pk, action="remark", text="DeKalb.")
    assert "DeKalb." in Erin.read("discussion", project.pk, prompt.pk)
    Erin.send("discussion", project.pk, prompt.pk, action="remark", text="And which court?")
    assert "And which court?" in Rita.read("remarks", project.pk), "who has taken part hears of what is new"


def test_a_broken_item_is_flagged_and_somebody_closes_the_flag(project, Erin, Rita) -> None:
    """opik#1926: why an item cannot be done has no place to be said."""
    prompt = factories.prompt(project)
    Erin.next_to("write", project)
    Erin.send("discussion", project.pk, prompt.pk, action="flag", reason="The note is cut off.")
    (flag,) = Rita.get("api_flags", project.pk).json()["results"]
    assert flag["reason"] == "The note is cut off."
    assert "The note is cut off." in Rita.read("flags", project.pk)
    Rita.send("flag_close", project.pk, flag["id"], **{f"{flag['id'][:8]}-outcome": "Imported again."})
    assert "Imported again." in Rita.read("flags", project.pk).split("Closed lately")[1]


def test_a_judgement_carries_its_reason(project, Erin, Ada) -> None:
    """argilla#1939: a preference without a why teaches nobody."""
    change(Ada, project, ranking_reasons=["It names the party"], reason_required="always")
    comparison = factories.comparison(factories.prompt(project))
    assert Erin.send("rank", project.pk, comparison.pk, action="submit", choice="1").status_code == 422
    Erin.send("rank", project.pk, comparison.pk, action="submit", choice="1", **{"chip-0": "It names the party"})
    (ranking,) = Ada.get("api_rankings", project.pk).json()["results"]
    assert ranking["chips"] == ["It names the party"]


# --- 19: the form changes -------------------------------------------------------------------------------------


def test_headings_change_in_the_middle_and_nothing_written_is_lost(project, Erin, Ada) -> None:
    """argilla#2782, #4244: a heading that was named wrongly stays so until somebody makes the project anew."""
    done, half, new = (factories.prompt(project) for _ in range(3))
    Erin.send("write", project.pk, done.pk, action="submit", text="Parties: two\nNext step: call")
    Erin.send("write_save", project.pk, half.pk, text="Parties: half")
    change(Ada, project, sections=check_sections(["People", "Next step"]))
    assert "Parties: two" in Erin.read("write", project.pk, done.pk)
    assert "Parties: half</textarea>" in Erin.read("write", project.pk, half.pk)
    said = Erin.send("write_hints", project.pk, new.pk, text="Next step: call").content.decode()
    assert "People" in said
    assert "Parties" not in said
    assert Erin.send("write", project.pk, half.pk, action="submit", text="People: half", version=1).status_code == 302


def test_reasons_are_renamed_while_people_rank(project, Erin, Ada) -> None:
    """langfuse-docs#2892: what is asked in a queue is frozen once the queue is there."""
    change(Ada, project, ranking_reasons=["Acurate"])
    first, second = (factories.comparison(factories.prompt(project)) for _ in range(2))
    Erin.send("rank", project.pk, first.pk, action="submit", choice="1", **{"chip-0": "Acurate"})
    open_page = Erin.read("rank", project.pk, second.pk)
    assert "Acurate" in open_page
    change(Ada, project, ranking_reasons=["Accurate"])
    stale = Erin.send("rank", project.pk, second.pk, action="submit", choice="1", **{"chip-0": "Acurate"})
    assert stale.status_code == 422
    assert "have changed meanwhile" in stale.content.decode()
    Erin.send("rank", project.pk, second.pk, action="submit", choice="1", **{"chip-0": "Accurate"})
    said = Ada.get("api_rankings", project.pk).json()["results"]
    assert sorted(row["chips"][0] for row in said) == ["Accurate", "Acurate"], "what was said stays as it was said"


def test_each_answer_says_under_which_guidelines_it_was_given(project, Erin, Rita, Ada) -> None:
    """argilla#4244: when what is asked changes, one must know which answers came before, and offer them again."""
    prompt = factories.prompt(project)
    Erin.send("write", project.pk, prompt.pk, action="submit", text="Parties: two")
    Ada.send("guidelines_edit", project.pk, text="Write **seven** headings.", after=1)
    (row,) = Rita.get("api_demonstrations", project.pk).json()["results"]
    assert row["guidelines"] == 1
    Rita.send("guidelines_recheck", project.pk, action="ask", versions="1", kinds="responses")
    assert Erin.next_to("recheck", project), "the author is asked whether it is still right"
