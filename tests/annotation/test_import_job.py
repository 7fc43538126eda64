"""An import as the worker does it: part by part, stopped, resumed, killed, and the same file twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from annotation import parts, queues
from annotation.actions import Refused, uploads
from annotation.imports import importing, items
from annotation.models import Adjudication, Comparison, Event, Import, Project, Ranking
from tests import factories
from training.freezing.preferences import preference_rows

Status = Import.Status


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [
        {"id": f"r{n}", "instruction": f"Sum up {n}.", "output": f"Short {n}.", "matter": f"m{n}", **changes}
        for n in range(count)
    ]


def given(project: Project, by: User, lines: list[Any], name: str = "notes.jsonl", **choices: Any) -> Import:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    columns = ["id", "instruction", "output", "matter"]
    file = ContentFile(text.encode(), name=name)
    row = uploads.upload(project=project, file=file, file_name=name, format="jsonl", columns=columns, by=by)
    uploads.choose(row=row, choices={**row.mapping, "evaluation_share": 0, "validation_share": 0, **choices})
    return row


def work_off(row: Import) -> Import:
    parts.run(row, importing.do)
    row.refresh_from_db()
    return row


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "AT_ONCE", 10)
    monkeypatch.setattr(importing, "BREATH", 0)


def test_it_takes_a_file_in_parts(project: Project, ada: User) -> None:
    row = given(project, ada, rows(35))
    uploads.start(row=row, by=ada)
    work_off(row)
    assert (row.status, row.done, row.total, row.counts["new"]) == (Status.DONE, 35, 35, 35)
    assert project.prompts.count() == 35
    assert sorted(project.prompts.values_list("position", flat=True)) == list(range(1, 36))
    assert Event.objects.get(verb="imported prompts").data["new"] == 35


def test_it_stops_after_the_part_in_hand_and_goes_on_from_there(project: Project, ada: User) -> None:
    row = given(project, ada, rows(35))
    uploads.start(row=row, by=ada)

    def stop_at_twenty(work: Import) -> None:
        if work.has_begun and work.done == 20:
            uploads.stop(row=Import.objects.get(pk=work.pk), by=ada)

    parts.run(row, lambda work: importing.do(work, stop_at_twenty))
    row.refresh_from_db()
    assert (row.status, row.done, project.prompts.count()) == (Status.STOPPED, 30, 30)
    uploads.resume(row=row, by=ada)
    work_off(row)
    assert (row.status, row.counts["new"], row.counts["known"]) == (Status.DONE, 35, 0)
    assert project.prompts.count() == 35
    with pytest.raises(Refused):
        uploads.resume(row=row, by=ada)
    with pytest.raises(Refused):
        uploads.stop(row=row, by=ada)


def test_the_same_file_again_changes_nothing_and_says_so(project: Project, ada: User, sign_in: Any) -> None:
    for _time in range(2):
        row = given(project, ada, rows(12))
        uploads.start(row=row, by=ada)
        work_off(row)
    assert (row.counts["new"], row.counts["known"], project.prompts.count()) == (0, 12, 12)
    page = sign_in(ada).get(f"/projects/{project.pk}/import/{row.pk}/").content.decode()
    assert "Nothing new." in page
    third = given(project, ada, rows(12))
    assert "This very file was imported already" in (
        sign_in(ada).get(f"/projects/{project.pk}/import/{third.pk}/").content.decode()
    )


def test_it_knows_records_without_ids_by_their_text(project: Project, ada: User) -> None:
    for _time in range(2):
        row = given(project, ada, [{"instruction": f"  Sum   UP {n}."} for n in range(12)])
        uploads.start(row=row, by=ada)
        work_off(row)
    assert project.prompts.count() == 12


def test_it_tells_which_known_records_differ_and_keeps_what_is_there(project: Project, ada: User, sign_in: Any) -> None:
    factories.prompt(project, external_id="r3", instruction="Ours", input="")
    row = given(project, ada, rows(5))
    uploads.start(row=row, by=ada)
    work_off(row)
    assert (row.counts["known"], row.counts["differs"], row.counts["new"]) == (1, 1, 4)
    assert project.prompts.get(external_id="r3").instruction == "Ours"
    page_url = f"/projects/{project.pk}/import/{row.pk}/"
    assert "Known, with another text" in sign_in(ada).get(page_url).content.decode()
    told = b"".join(sign_in(ada).get(f"{page_url}problems/").streaming_content).decode()
    assert told == "line 4: The project has “r3” with another text, and keeps it.\n"


def test_nothing_is_imported_when_the_last_line_is_broken(project: Project, ada: User) -> None:
    row = given(project, ada, [*rows(35), "broken"])
    uploads.start(row=row, by=ada)
    work_off(row)
    assert (row.status, row.problem) == (Status.FAILED, "1 line has a problem; nothing was imported.")
    assert row.is_open
    assert not project.prompts.exists()


def test_it_gives_up_on_a_file_that_is_all_wrong(project: Project, ada: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(importing, "MOST_PROBLEMS", 20)
    row = given(project, ada, ["broken"] * 1000)
    uploads.start(row=row, by=ada, skip_problems=True)
    work_off(row)
    assert row.problem == "More than 20 lines have a problem; nothing was imported."
    assert row.done == 30


# --- Answers to compare -------------------------------------------------------------------------------------


def pair(number: int, **changes: Any) -> dict[str, Any]:
    def said(role: str, text: str) -> list[dict[str, str]]:
        return [{"role": role, "content": text}]

    return {
        "id": f"p{number}",
        "prompt": said("user", f"Ask {number}?"),
        "chosen": said("assistant", f"Good {number}."),
        "rejected": said("assistant", f"Bad {number}."),
        **changes,
    }


def compared(project: Project, by: User, lines: list[Any], **choices: Any) -> Import:
    row = given(project, by, lines, **{"shape": "trl_preference", **choices})
    uploads.start(row=row, by=by)
    return work_off(row)


def test_pairs_become_comparisons_that_are_decided(project: Project, ada: User) -> None:
    row = compared(project, ada, [pair(n) for n in range(25)])
    assert (row.status, row.counts["new"], row.counts["comparisons"]) == (Status.DONE, 25, 25)
    comparison = project.comparisons.get(prompt__external_id="p3")
    names = {str(each.pk): each.text for each in comparison.candidates.all()}
    assert [[names[pk] for pk in group] for group in comparison.adjudication.order] == [["Good 3."], ["Bad 3."]]
    assert comparison.rankings_needed == 0
    assert (comparison.prompt.answers_needed, Ranking.objects.count()) == (0, 0)
    again = compared(project, ada, [pair(n) for n in range(25)])
    assert (again.counts["known"], again.counts["comparisons"], project.comparisons.count()) == (25, 0, 25)


def test_their_pairs_are_learned_from_and_nobody_is_asked(project: Project, ada: User, erin: User) -> None:
    compared(project, ada, [pair(n) for n in range(3)])
    found = [row.content for row in preference_rows(project)]
    assert [(row["chosen"][0]["content"], row["rejected"][0]["content"], row["origin"]) for row in found] == [
        (f"Good {n}.", f"Bad {n}.", "decided") for n in range(3)
    ]
    assert queues.next_to_rank(project, erin) is None
    assert not Comparison.objects.comparable().exists()


def test_people_rank_what_is_not_to_stand_as_decided(project: Project, ada: User, erin: User) -> None:
    compared(project, ada, [pair(n) for n in range(3)], judgements="ask")
    assert not Adjudication.objects.exists()
    assert queues.next_to_rank(project, erin) is not None


def test_several_sets_of_answers_to_one_prompt_are_several_comparisons(project: Project, ada: User) -> None:
    other = pair(1, rejected=[{"role": "assistant", "content": "Worse."}])
    row = compared(project, ada, [pair(1), other, pair(1)])
    assert (row.counts["comparisons"], row.counts["known"], project.prompts.count()) == (2, 1, 1)


def test_an_id_with_another_prompt_is_refused_with_its_line(project: Project, ada: User) -> None:
    row = compared(project, ada, [pair(1), {**pair(2), "id": "p1"}])
    assert row.problems.get().reason == "The id “p1” is the same as on line 1."


def test_pairs_of_what_is_held_out_are_references_only(project: Project, ada: User) -> None:
    row = compared(project, ada, [pair(1, split="test"), pair(2, split="train")], split_by="column")
    assert (row.counts["evaluation"], row.counts["comparisons"]) == (1, 1)
    held_out = project.prompts.get(split="evaluation")
    assert (held_out.reference, held_out.comparisons.count()) == ("Good 1.", 0)


def test_by_chance_means_whatever_the_file_says(project: Project, ada: User) -> None:
    compared(project, ada, [pair(n, split="test") for n in range(5)])
    assert set(project.prompts.values_list("split", flat=True)) == {"train"}


def test_nothing_is_added_to_a_prompt_whose_text_differs(project: Project, ada: User) -> None:
    factories.prompt(project, external_id="p1", instruction="Ours")
    row = compared(project, ada, [pair(1)])
    assert (row.counts["differs"], row.counts["comparisons"]) == (1, 0)


def test_the_page_shows_the_shape_and_what_the_file_says(project: Project, ada: User, sign_in: Any) -> None:
    client = sign_in(ada)
    file = ContentFile("\n".join(json.dumps(pair(n)) for n in range(3)).encode(), name="pairs.jsonl")
    page_url = client.post(f"/projects/{project.pk}/import/", {"file": file})["Location"]
    page = client.get(page_url).content.decode()
    for words in ("JSON Lines, TRL", "Answer 2", "Best first: 1, then 2.", "3 comparisons", "Decisions:"):
        assert words in page, words
    assert "shape" in Import.objects.get().mapping
