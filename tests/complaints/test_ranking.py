"""Comparing answers: long ones, bad ones, equal ones, several at once (complaints 12, 13 and 15)."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation import parts
from annotation.exports import job
from annotation.models import Comparison
from tests import factories
from tests.complaints.person import Person

pytestmark = pytest.mark.django_db
LONG = ["The lease of 2019 holds. " * 800 + "So ends the first.", "The lease is void. " * 900 + "So ends the second."]


def exported(person: Person, project: Any, kind: str) -> list[dict[str, Any]]:
    work = project.exports.get(pk=person.tell("api_exports", project.pk, kind=kind)["id"])
    parts.run(work, job.do)
    response = person.get("api_export_file", project.pk, work.pk)
    return [json.loads(line) for line in b"".join(response.streaming_content).decode().splitlines()]


def letters(person: Person, comparison: Comparison) -> dict[str, str]:
    """Text -> the letter it stands under for this person."""
    seen = person.get("api_comparison", comparison.prompt.project_id, comparison.pk).json()["candidates"]
    return {each["text"]: each["letter"] for each in seen}


def test_long_answers_are_there_in_full_side_by_side(project, Erin) -> None:
    """Open-Assistant#1543 and pull request 3781, argilla pull request 4775, label-studio#3927: long answers are cut
    off or stand in a box to scroll in, and sometimes the choice is not shown at all."""
    comparison = factories.comparison(factories.prompt(project), LONG)
    page = Erin.read("rank", project.pk, comparison.pk)
    for text, letter in letters(Erin, comparison).items():
        answer = page.split(f'id="cand-{letter.lower()}"')[1].split("</article>")[0]
        assert text in answer
    assert page.count('name="choice"') == 6
    assert "Scroll together" in page
    assert "Show differences" in page


def test_nobody_is_asked_to_rank_more_than_five(project, ada, tmp_path: Path) -> None:
    """Open-Assistant#1187: with too many options nobody reads them all."""
    prompt = factories.prompt(project, external_id="case-1")
    file = tmp_path / "six.jsonl"
    file.write_text(json.dumps({"id": "case-1", "candidates": [f"Answer {n}" for n in range(6)]}))
    with pytest.raises(CommandError, match=r"Line 1: .*(5|five)"):
        call_command("create_comparisons", str(file), "--project", str(project.pk), "--by", "ada", stdout=StringIO())
    assert not prompt.comparisons.exists()


def test_bad_answers_equal_answers_and_no_judgement_are_three_things(project, Erin, Ada) -> None:
    """Open-Assistant pull request 1937, rank-my-favs#112, #528: one could not say that all are wrong, and skipping
    counted as a tie."""
    tie, bad, skipped, declined = (factories.comparison(factories.prompt(project), ["One.", "Two."]) for _ in range(4))
    Erin.send("rank", project.pk, tie.pk, action="submit", choice="3")
    Erin.send("rank", project.pk, bad.pk, action="submit", choice="0", reason="Both invent a date.")
    Erin.send("rank", project.pk, skipped.pk, action="skip")
    Erin.send("rank", project.pk, declined.pk, action="decline")
    said = {row["comparison"]: row for row in exported(Ada, project, "rankings")}
    assert set(said) == {str(tie.pk), str(bad.pk)}, "what nobody judged is no judgement"
    assert (len(said[str(tie.pk)]["order"]), said[str(tie.pk)]["all_bad"]) == (1, False)
    assert (said[str(bad.pk)]["all_bad"], said[str(bad.pk)]["reason"]) == (True, "Both invent a date.")
    assert exported(Ada, project, "preferences") == [], "neither says which of two is better"
    assert Erin.next_to("rank", project) == str(skipped.pk), "skipped comes back, declined goes to somebody else"


def test_where_all_answers_are_bad_one_writes_a_better_one(project, Erin, Ada) -> None:
    """Open-Assistant pull request 1937: saying that all are wrong leads on to a right one."""
    comparison = factories.comparison(factories.prompt(project), ["One.", "Two."])
    Erin.send("rank", project.pk, comparison.pk, action="submit", choice="0", reason="Both invent a date.")
    assert "better answer" in Erin.read("correct", project.pk, comparison.pk).lower()
    Erin.send("correct", project.pk, comparison.pk, action="submit", text="Three, with its source.")
    (mine,) = Erin.get("api_demonstrations", project.pk).json()["results"]
    assert (mine["text"], mine["status"]) == ("Three, with its source.", "submitted")


def test_a_ranking_of_several_becomes_pairs_by_itself(project, Erin, Ada) -> None:
    """LlamaFactory#1913: trainers take pairs, people rank lists, and everybody writes the script between anew."""
    comparison = factories.comparison(factories.prompt(project), ["Best.", "Equal.", "Equal too.", "Worst."])
    places = {"Best.": 1, "Equal.": 2, "Equal too.": 2, "Worst.": 3}
    under = letters(Erin, comparison)
    fields = {f"rank-{under[text].lower()}": place for text, place in places.items()}
    assert Erin.send("rank", project.pk, comparison.pk, action="submit", **fields).status_code == 302
    pairs = exported(Ada, project, "preferences")
    assert {(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in pairs} == {
        ("Best.", "Equal."),
        ("Best.", "Equal too."),
        ("Best.", "Worst."),
        ("Equal.", "Worst."),
        ("Equal too.", "Worst."),
    }, "a tie makes no pair"
    assert sum(row["weight"] for row in pairs) == pytest.approx(1), "one prompt counts once, however long its list"
