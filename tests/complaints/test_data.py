"""Data that goes in and out right, and versions that stay (complaints 16, 20 and 21)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation import parts
from annotation.exports import job
from annotation.exports.rows import rows as exported
from annotation.imports import importing
from annotation.models import Demonstration, Prompt
from tests import factories
from tests.annotation.quality_house import comparisons, judge
from tests.complaints.person import Person, id_in

pytestmark = pytest.mark.django_db


def taken_out(person: Person, project: Any, kind: str) -> StreamingHttpResponse:
    return downloaded(person, project, person.tell("api_exports", project.pk, kind=kind)["id"])


def downloaded(person: Person, project: Any, pk: str) -> StreamingHttpResponse:
    work = project.exports.get(pk=pk)
    parts.run(work, job.do)
    response = person.send("export_download", project.pk, work.pk)
    assert isinstance(response, StreamingHttpResponse)
    return response


def rows(response: StreamingHttpResponse) -> list[dict[str, Any]]:
    return [json.loads(line) for line in b"".join(response).decode().splitlines()]  # type: ignore[arg-type]


def work_done(project: Any) -> None:
    for work in project.imports.filter(status="queued"):
        parts.run(work, importing.do)


def uploaded(person: Person, project: Any, *lines: Any) -> str:
    file = SimpleUploadedFile("mine.jsonl", "\n".join(map(json.dumps, lines)).encode())
    return id_in(person.send("import_start", project.pk, file=file).url)


# --- 16: formats ----------------------------------------------------------------------------------------------


def test_preference_pairs_have_the_one_shape_that_trainers_take(project, erin, eve, Ada) -> None:
    """LlamaFactory#1829, #1027, #4108, #4717, #7696: which of the many shapes of a pair is right one learns from the
    error, after an hour."""
    for one in comparisons(project, 3):
        judge(one, erin, "Good")
        judge(one, eve, "Good")
    pairs = rows(taken_out(Ada, project, "preferences"))
    assert len(pairs) == 3
    for pair in pairs:
        assert [message["role"] for message in pair["prompt"]] == ["user"]
        assert [message["role"] for message in pair["chosen"] + pair["rejected"]] == ["assistant", "assistant"]
        assert pair["chosen"] != pair["rejected"]
        assert all(message["content"].strip() for message in pair["chosen"] + pair["rejected"])


def test_columns_are_chosen_with_the_data_in_sight(project, Ada) -> None:
    """autotrain-advanced#411, #768: what a column must be called is found out by failing."""
    upload = uploaded(Ada, project, {"notiz": "Tenant moved out.", "antwort": "Return the deposit.", "nr": "7"})
    page = Ada.read("import_map", project.pk, upload)
    for column in ("notiz", "antwort", "nr"):
        assert f'value="{column}"' in page
    chosen = {"column-input": "notiz", "column-response": "antwort", "column-external_id": "nr"}
    others = {"fixed_instruction": "Sum up.", "responses": "approved", "split_by": "group"}
    shares = {"evaluation_share": "0", "validation_share": "0"}
    Ada.send("import_map", project.pk, upload, action="preview", **chosen, **others, **shares)
    assert "Tenant moved out." in Ada.read("import_map", project.pk, upload)
    Ada.send("import_map", project.pk, upload, action="import", **chosen, **others, **shares)
    work_done(project)
    (row,) = rows(taken_out(Ada, project, "demonstrations"))
    assert (row["id"], row["completion"][0]["content"]) == ("7", "Return the deposit.")


def test_a_wrong_line_is_named_before_anything_is_taken(project, Ada) -> None:
    """autotrain-advanced#768: “KeyError”, and half of the file is in."""
    upload = uploaded(Ada, project, {"input": "A note."}, ["no object"], {"input": "Another."})
    options = {"column-input": "input", "fixed_instruction": "Sum up.", "responses": "approved", "split_by": "group"}
    shares = {"evaluation_share": "0", "validation_share": "0"}
    Ada.send("import_map", project.pk, upload, action="import", **options, **shares)
    work_done(project)
    said = Ada.read("import_map", project.pk, upload)
    assert "Line 2:" in said
    assert "nothing was imported" in said
    assert not Prompt.objects.exists()


# --- 20: export -----------------------------------------------------------------------------------------------


def test_an_export_is_made_beside_the_requests_and_asks_as_little_of_many_rows(project, erin, Ada) -> None:
    """label-studio#5873, #5811, #2663, doccano#1364: fifty thousand rows take minutes, and the request is cut off."""
    for _ in range(3):
        factories.demonstration(factories.prompt(project), erin)
    asked = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            first = next(exported(project, "demonstrations"))
        assert isinstance(first, dict)
        assert first["completion"], "the first row is there before the others are read"
        assert len(queries) <= 3
        asked.append(len(queries))
        made = [Prompt(project=project, position=n, instruction="Sum up.", input=f"Note {n}") for n in range(50, 650)]
        if not _round:
            Prompt.objects.bulk_create(made)
            Demonstration.objects.bulk_create(
                Demonstration(prompt=each, author=erin, text="Done.", status="approved", reviewed_at=timezone.now())
                for each in made
            )
    assert asked[0] == asked[1]
    Ada.tell("api_exports", project.pk, kind="demonstrations")
    assert project.exports.get().status == "queued", "no request waits for the rows"


def test_what_comes_out_is_what_went_in(project, Erin, Rita, Ada) -> None:
    """doccano#2428, potato#134: rows without their labels, and labels that nobody gave."""
    prompt = factories.prompt(project, external_id="case-7", input="Größe: 3 “Zoll”\n\n\t1/2")
    text = "Parties: Ödön & Søren <a@b.example>\n- 100 %\n"
    Erin.send("write", project.pk, prompt.pk, action="submit", text=text)
    response = Rita.get("api_demonstrations", project.pk).json()["results"][0]
    Rita.send("approve", project.pk, response["id"], action="approve", response=response["version"])
    (row,) = rows(taken_out(Ada, project, "demonstrations"))
    assert row["id"] == "case-7"
    assert row["completion"][0]["content"] == text.strip()
    assert prompt.input in row["prompt"][0]["content"]


def test_a_project_with_nothing_in_it_exports_nothing_and_breaks_nothing(project, Ada) -> None:
    """potato 2.8: empty rows with boxes of no size."""
    for kind in ("demonstrations", "preferences", "rankings", "prompts"):
        assert rows(taken_out(Ada, project, kind)) == []


# --- 21: versions ---------------------------------------------------------------------------------------------


def frozen(person: Person, project: Any) -> dict[str, Any]:
    return person.tell("api_datasets", project.pk, kind="demonstrations")


def test_it_is_known_for_ever_what_a_version_was_made_of(taught, erin, Ada, Rita) -> None:
    """cvat#1118, argilla#1831: months later nobody can tell whether a model had learned from the labels before a
    correction or after it."""
    before = frozen(Ada, taught)
    Demonstration.objects.filter(prompt__project=taught).update(text="Corrected: the deposit is $1,450.")
    after = frozen(Ada, taught)
    assert after["number"] == before["number"] + 1
    for version, corrected in ((before, False), (after, True)):
        work = Ada.tell("api_dataset_export", taught.pk, version["id"])
        content = str(rows(downloaded(Ada, taught, work["id"])))
        assert ("Corrected" in content) is corrected
        assert version["sha256"][:12] in Ada.read("dataset", taught.pk, version["id"])
    assert before["sha256"] != after["sha256"]
    assert frozen(Ada, taught)["id"] == after["id"], "the same rows are the same version"


def test_every_earlier_text_of_a_response_can_be_read(project, Erin, Rita) -> None:
    """argilla#1831: what somebody corrected has taken the place of what stood there."""
    prompt = factories.prompt(project)
    Erin.send("write", project.pk, prompt.pk, action="submit", text="The deposit is $1,540.")
    (mine,) = Rita.get("api_demonstrations", project.pk).json()["results"]
    Rita.send("approve", project.pk, mine["id"], action="fix", response=mine["version"], text="The deposit is $1,450.")
    for page in (Rita.read("prompt", project.pk, prompt.pk), Erin.read("write", project.pk, prompt.pk)):
        assert "<del>1,540</del><ins>1,450</ins>" in page


def test_a_project_moves_to_another_installation(project, erin, Ada) -> None:
    """label-studio#4379: what was deleted there was gone; here it cannot be deleted, and a copy can be kept."""
    factories.demonstration(factories.prompt(project, external_id="a", task_type="letter"), erin)
    factories.prompt(project, external_id="b", split="evaluation", reference="Gold.")
    written = rows(taken_out(Ada, project, "prompts"))
    assert [row["id"] for row in written] == ["a", "b"]
    made = Ada.tell("api_projects", name="Moved", objective="The same.")
    Ada.tell("api_prompts", made["id"], prompts=[{k: v for k, v in row.items() if k != "id"} for row in written])
    assert Prompt.objects.filter(project_id=made["id"]).count() == 2
