"""An import as the worker does it: part by part, stopped, resumed, killed, and the same file twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from annotation import importing, parts
from annotation.actions import Refused, uploads
from annotation.imports import items
from annotation.models import Event, Import, Project
from tests import factories

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
