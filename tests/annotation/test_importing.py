from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation import parts
from annotation.actions import Refused, uploads
from annotation.actions.importing import ImportRefused, take_records
from annotation.imports import importing
from annotation.imports.records import Record
from annotation.imports.rows import Problem
from annotation.models import Demonstration, Event, Import, Project, Revision
from annotation.splits import Shares
from tests import factories

NONE_HELD_OUT = Shares(evaluation=0, validation=0)
ALL_HELD_OUT = Shares(evaluation=0.999999, validation=0)


def record(number: int = 1, **fields: Any) -> Record:
    defaults = {"instruction": "Sum up.", "input": f"Note {number}.", "response": f"Summary {number}."}
    return Record(line=number, **{**defaults, **fields})


def take(project: Project, by: User, *items: Record | Problem, **options: Any) -> Any:
    options = {"shares": NONE_HELD_OUT, "responses": "approved", **options}
    return take_records(project=project, items=items, by=by, **options)


# --- Taking records -----------------------------------------------------------------------------------------


def test_it_stores_prompts_in_the_files_order_with_approved_responses(project: Project, ada: User) -> None:
    factories.prompt(project)
    take(project, ada, record(1), record(2))
    prompts = list(project.prompts.order_by("position"))[1:]
    assert [(p.position, p.input) for p in prompts] == [(2, "Note 1."), (3, "Note 2.")]
    one = prompts[0].demonstrations.get()
    assert (one.text, one.status, one.author, one.reviewed_by) == ("Summary 1.", "approved", ada, ada)
    assert Revision.objects.filter(demonstration=one, status="approved", text="Summary 1.").exists()


def test_it_leaves_responses_for_a_reviewer_when_asked_to(project: Project, ada: User, erin: User) -> None:
    take(project, ada, record(), responses="submitted", author=erin)
    one = Demonstration.objects.get()
    assert (one.status, one.author, one.reviewed_at) == ("submitted", erin, None)


@pytest.mark.parametrize(("responses", "shares"), [("reference", NONE_HELD_OUT), ("approved", ALL_HELD_OUT)])
def test_it_keeps_references_where_nobody_learns_from_them(
    project: Project, ada: User, responses: str, shares: Shares
) -> None:
    take(project, ada, record(), responses=responses, shares=shares)
    assert project.prompts.get().reference == "Summary 1."
    assert not Demonstration.objects.exists()


def test_it_asks_for_a_response_where_there_is_none(project: Project, ada: User) -> None:
    take(project, ada, record(response=""))
    assert project.prompts.awaiting_response().count() == 1


def test_it_passes_over_what_the_project_has_already(project: Project, ada: User) -> None:
    batch = [record(1, external_id="a"), record(2, external_id="b"), record(3)]
    take(project, ada, *batch)
    again = take(project, ada, *batch, record(4))
    assert (again.new, again.known) == (1, 3)
    assert project.prompts.count() == 4


def test_it_takes_the_same_text_once_within_a_file(project: Project, ada: User) -> None:
    counts = take(project, ada, record(1), record(2, input="  NOTE 1. "))
    assert (counts.new, counts.known) == (1, 1)


def test_it_imports_nothing_when_a_line_has_a_problem(project: Project, ada: User) -> None:
    items = [record(number) for number in range(1, 700)] + [Problem(700, "Broken.")]
    with pytest.raises(ImportRefused, match="1 line has a problem; nothing was imported") as refused:
        take(project, ada, *items)
    assert refused.value.counts.first_problems == [{"line": 700, "reason": "Broken."}]
    assert not project.prompts.exists()
    assert not Event.objects.filter(verb="imported prompts").exists()


def test_it_imports_the_other_lines_when_told_so(project: Project, ada: User) -> None:
    counts = take(project, ada, record(1), Problem(2, "Broken."), skip_problems=True)
    assert (counts.new, counts.problems, project.prompts.count()) == (1, 1, 1)


def test_it_never_parts_a_group_even_when_the_shares_change(project: Project, ada: User) -> None:
    take(project, ada, *[record(n, group="Okafor") for n in range(1, 10)], shares=ALL_HELD_OUT)
    take(project, ada, record(10, group="Okafor"), shares=NONE_HELD_OUT)
    assert set(project.prompts.values_list("split", flat=True)) == {"evaluation"}


def test_it_keeps_a_held_out_text_held_out(project: Project, ada: User) -> None:
    take(project, ada, record(1, external_id="a"), shares=ALL_HELD_OUT)
    take(project, ada, record(1, external_id="b"), shares=NONE_HELD_OUT)
    assert set(project.prompts.values_list("split", flat=True)) == {"evaluation"}


def test_it_refuses_a_file_that_moves_a_group_to_the_other_side(project: Project, ada: User) -> None:
    take(project, ada, record(1, group="Okafor", split="evaluation"))
    with pytest.raises(ImportRefused) as refused:
        take(project, ada, record(2, group="Okafor", split="train"))
    assert "is in the project already as evaluation; the file says train" in str(refused.value.counts.first_problems)


def test_it_takes_validation_from_what_the_file_names_training(project: Project, ada: User) -> None:
    items = [record(n, group=f"g{n}", split="train") for n in range(1, 200)]
    counts = take(project, ada, *items, shares=Shares(evaluation=0.5, validation=0.2))
    assert counts.evaluation == 0
    assert 20 < counts.validation < 60


def test_it_asks_the_database_per_batch_not_per_record(
    project: Project, ada: User, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(90):
        take(project, ada, *[record(n, external_id=str(n), group=str(n)) for n in range(1, 1500)])


# --- The pages ----------------------------------------------------------------------------------------------

ROWS = [{"id": str(n), "note": f"Note {n}.", "summary": f"Summary {n}."} for n in range(1, 13)]


def file_of(*rows: Any, name: str = "notes.jsonl") -> SimpleUploadedFile:
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    return SimpleUploadedFile(name, "\n".join(lines).encode())


def url(project: Project) -> str:
    return f"/projects/{project.pk}/import/"


def choices(**changes: Any) -> dict[str, Any]:
    return {
        "column-input": "note",
        "column-response": "summary",
        "column-external_id": "id",
        "fixed_instruction": "Sum up.",
        "responses": "approved",
        "split_by": "group",
        "evaluation_share": "0",
        "validation_share": "0",
        **changes,
    }


def uploaded(client: Client, project: Project, *rows: Any) -> str:
    """The page of a file just uploaded."""
    return client.post(url(project), {"file": file_of(*rows)})["Location"]


def work_off() -> None:
    """What the worker does when it is rung for."""
    for row in Import.objects.waiting():
        parts.run(row, importing.do)


def imported(client: Client, page_url: str, **changes: Any) -> str:
    """The page of the file once the worker was at it."""
    client.post(page_url, choices(action="import", **changes))
    work_off()
    return client.get(page_url).content.decode()


def test_it_guesses_the_mapping_and_imports_nothing_yet(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page = client.get(uploaded(client, project, *ROWS)).content.decode()
    assert '<option value="summary" selected>' in page
    assert '<option value="note" selected>' in page
    assert "Choose the column that holds the instruction" in page
    assert not project.prompts.exists()


def test_it_names_the_columns_that_it_leaves_in_the_file(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    rows = [{**row, "candidates": ["One.", "Two."], "known": [2, 1]} for row in ROWS]
    page = client.get(uploaded(client, project, *rows)).content.decode()
    assert "Not taken from the file: candidates, known." in page
    assert "create_comparisons" in page
    assert "Not taken" not in client.get(uploaded(client, project, *ROWS)).content.decode()


def test_it_offers_the_instruction_the_project_uses(project: Project, ada: User, sign_in) -> None:
    factories.prompt(project)
    client = sign_in(ada)
    assert "Summarise this client intake note.</textarea>" in client.get(
        uploaded(client, project, *ROWS)
    ).content.decode().replace("\n", "")


def test_it_previews_ten_records_and_counts_all(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS)
    page = client.post(page_url, choices(action="preview"), follow=True).content.decode()
    assert "12 records" in page
    assert "12 new" in page
    assert ("Note 10." in page, "Note 11." in page) == (True, False)
    again = client.get(page_url).content.decode()  # from the remembered counts
    assert ("12 records" in again, "Note 10." in again, "Note 11." in again) == (True, True, False)


def test_it_imports_and_tells_the_counts(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS)
    waiting = client.post(page_url, choices(action="import"), follow=True).content.decode()
    assert "The worker takes it up in a moment." in waiting
    assert 'hx-trigger="every 2s"' in waiting
    work_off()
    page = client.get(page_url).content.decode()
    assert "<dt>Imported</dt><dd>12</dd>" in page
    assert "Look at the prompts" in page
    assert "every 2s" not in page
    assert project.prompts.filter(external_id="7", instruction="Sum up.", input="Note 7.").exists()
    assert client.post(page_url, choices(action="import")).status_code == 200
    assert project.prompts.count() == 12


def test_it_lists_every_problem_with_its_line_and_imports_nothing(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS[:2], "<b>broken", *[f"broken {n}" for n in range(60)])
    page = imported(client, page_url)
    assert "61 lines have a problem; nothing was imported." in page
    assert "Line 3:" in page
    assert "These are the first 50." in page
    download = client.get(f"{page_url}problems/")
    assert b"".join(download.streaming_content).count(b"\n") == 61  # type: ignore[attr-defined]
    assert "attachment" in download["Content-Disposition"]
    assert not project.prompts.exists()


def test_it_imports_without_the_bad_lines_only_when_ticked(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS[:2], "broken")
    imported(client, page_url, skip_problems="on")
    assert project.prompts.count() == 2


def test_it_discards_a_file(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS)
    row = Import.objects.get()
    client.post(page_url, {"action": "discard"})
    row.refresh_from_db()
    assert row.status == "discarded"
    assert not list((Path(settings.MEDIA_ROOT) / "imports").iterdir())
    assert "Nothing of this file was imported" in client.get(page_url).content.decode()


def test_it_deletes_an_imported_file_and_keeps_what_it_was(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS)
    stored = next((Path(settings.MEDIA_ROOT) / "imports").iterdir())
    sha256 = hashlib.sha256(stored.read_bytes()).hexdigest()
    imported(client, page_url)
    assert not stored.exists()
    row = Import.objects.get()
    assert (row.sha256, row.file_name, row.counts["new"]) == (sha256, "notes.jsonl", 12)
    assert sha256 in client.get(page_url).content.decode()


@pytest.mark.parametrize("action", ["discard", "import"])
def test_it_says_so_when_somebody_else_was_faster(project: Project, ada: User, sign_in, monkeypatch, action) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS)
    stale = Import.objects.get()
    before_discard = uploads.discard
    before = uploads.discard if action == "discard" else uploads.start

    def late(**arguments: Any) -> Any:
        if stale.status == "uploaded":
            before_discard(row=stale, by=ada)
        return before(**arguments)

    monkeypatch.setattr(uploads, before.__name__, late)
    page = client.post(page_url, choices(action=action), follow=True).content.decode()
    assert "has been imported or discarded already" in page
    assert not project.prompts.exists()


def test_it_says_so_when_the_file_is_gone(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS)
    next((Path(settings.MEDIA_ROOT) / "imports").iterdir()).unlink()
    response = client.get(page_url)
    assert response.status_code == 410
    assert "no longer there" in response.content.decode()
    client.post(page_url, {"action": "discard"})
    assert Import.objects.get().status == "discarded"


def test_it_imports_a_file_once_when_clicked_twice(project: Project, ada: User, sign_in) -> None:
    uploaded(sign_in(ada), project, *ROWS)
    row = Import.objects.get()
    uploads.choose(row=row, choices={**row.mapping, "fixed_instruction": "Sum up."})
    stale = Import.objects.get()
    uploads.start(row=row, by=ada)
    with pytest.raises(Refused, match="already"):
        uploads.start(row=stale, by=ada)
    work_off()
    assert project.prompts.count() == 12


def test_it_keeps_the_upload_open_when_an_import_is_refused(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, {"id": "1", "instruction": "a"}, "broken")
    row = Import.objects.get()
    uploads.start(row=row, by=ada)
    work_off()
    page = client.get(page_url).content.decode()
    assert "1 line has a problem; nothing was imported." in page
    assert "Import without the lines" in page
    uploads.start(row=row, by=ada, skip_problems=True)
    work_off()
    assert project.prompts.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.jsonl", b"", "The file is empty."),
        ("notes.jsonl", b"\n\n", "No record was found"),
        ("notes.jsonl", b"not json\n", "No record was found"),
        ("notes.xlsx", b"x", "should end in .jsonl,"),
        ("notes.csv", b"PK\x03\x04", "Excel workbook"),
        ("notes.csv", "id,text\n1,Müller\n".encode("latin-1"), "CSV UTF-8"),
        ("notes.csv", b"\xff\xfei\x00d\x00", "UTF-16"),
        ("notes.csv", b'id,text\n1,"open\n', "quotes do not match"),
        ("notes.json", b'[{"a": 1}', "the file ends in the middle of its list"),
        ("notes.parquet", b"PAR1nonsense", "Parquet file is damaged"),
    ],
)
def test_it_refuses_a_file_with_a_reason(
    project: Project, ada: User, sign_in, name: str, content: bytes, words: str
) -> None:
    response = sign_in(ada).post(url(project), {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Import.objects.exists()


def test_it_refuses_a_file_that_is_too_large(project: Project, ada: User, sign_in, settings) -> None:
    settings.MAX_IMPORT_BYTES = 100
    page = sign_in(ada).post(url(project), {"file": file_of(*ROWS)}).content.decode()
    assert "larger than 200 MB" in page


def test_it_refuses_a_large_upload_before_writing_any_of_it(project: Project, ada: User, sign_in, settings) -> None:
    settings.MAX_IMPORT_BYTES = -1024 * 1024
    response = sign_in(ada).post(url(project), {"file": file_of(*ROWS)})
    assert response.status_code == 400
    assert "A file may have up to 200 MB" in response.content.decode()
    assert sign_in(ada).post(f"/api/v1{url(project)[:-1]}s/", {"file": file_of(*ROWS)}).status_code == 400


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fixed_instruction": ""}, "Choose the column, or type an instruction"),
        ({"split_by": "column"}, "Choose the column that says what is held out"),
        ({"column-conversation": "note"}, "holds instruction, input and response already"),
        ({"column-input": "elsewhere"}, "Select a valid choice"),
        ({"evaluation_share": "95"}, "less than or equal to 90"),
        ({"responses": "whatever"}, "Select a valid choice"),
    ],
)
def test_it_says_beside_the_field_what_is_missing(
    project: Project, ada: User, sign_in, changes: dict[str, str], words: str
) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, *ROWS)
    response = client.post(page_url, choices(action="import", **changes))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not project.prompts.exists()


def test_it_says_where_a_csv_file_breaks_off(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    lines = ["id,instruction", *[f"{n},Sum up {n}." for n in range(200)], '"never closed']
    file = SimpleUploadedFile("notes.csv", "\n".join(lines).encode())
    page_url = client.post(url(project), {"file": file})["Location"]
    page = client.get(page_url).content.decode()
    assert "cannot be read to its end" in page
    assert "quotes do not match" in imported(client, page_url, **{"column-input": "", "column-response": ""})
    assert not project.prompts.exists()


def test_it_puts_no_file_name_into_a_path(project: Project, ada: User, sign_in) -> None:
    sign_in(ada).post(url(project), {"file": file_of(*ROWS, name="../../evil <b>.jsonl")})
    row = Import.objects.get()
    assert row.file.name == f"imports/{row.pk}.jsonl"
    assert "/" not in row.file_name


def test_it_reaches_no_file_of_another_project(project: Project, ada: User, oscar: User, sign_in) -> None:
    page_url = uploaded(sign_in(ada), project, *ROWS)
    other = oscar.memberships.get().project
    assert sign_in(oscar).get(page_url.replace(str(project.pk), str(other.pk))).status_code == 404


def test_it_takes_priority_and_answers_needed_from_the_columns_chosen(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    rows = [
        {"id": "a", "note": "One", "urgency": "First", "overlap": 3},
        {"id": "b", "note": "Two", "urgency": "", "overlap": None},
    ]
    page_url = uploaded(client, project, *rows)
    asked = {"column-response": "", "column-priority": "urgency", "column-answers_needed": "overlap"}
    shown = client.post(page_url, choices(action="preview", **asked), follow=True).content.decode()
    assert "comes first" in shown
    assert "3 answers needed" in shown
    imported(client, page_url, **asked)
    kept = project.prompts.values_list("external_id", "priority", "answers_needed")
    assert sorted(kept) == [("a", 2, 3), ("b", 0, project.answers_per_prompt)]


def test_it_names_the_line_with_a_priority_it_does_not_know(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    page_url = uploaded(client, project, {"id": "a", "note": "One", "priority": "P1", "answers_needed": "many"})
    shown = imported(client, page_url, **{"column-response": "", "column-priority": "priority"})
    assert not project.prompts.exists()
    assert "The priority “P1” is not one of later, usual, soon, first" in shown


def test_what_is_held_out_needs_no_answers_whatever_the_file_says(project: Project, ada: User) -> None:
    take(project, ada, record(split="evaluation", answers_needed=4, priority=1))
    assert project.prompts.get().answers_needed == 0
