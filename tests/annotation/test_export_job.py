"""An export as the worker makes it: every kind in every shape and file, stopped, killed, deleted when it is old."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import parts, shapes, tasks
from annotation.actions import Refused, exporting
from annotation.exports import job
from annotation.exports.kinds import FORMATS, KINDS, formats_of, problem_with, shapes_of
from annotation.models import Event, Export, Project, Ranking
from tests import factories
from tests.postgres import postgres_url  # noqa: F401 - a fixture

Status = Export.Status
EVERYTHING = [
    (kind, shape, format)
    for kind in KINDS
    for shape in shapes_of(kind)
    for format in formats_of(shape)
    if not problem_with(kind, shape, format)
]


@pytest.fixture
def furnished(project: Project, erin: User, eve: User) -> Project:
    """Texts that a spreadsheet would run, that break lines and that a table would cut."""
    for number, text in enumerate(('=HYPERLINK("http://x")', "+1", "-1", "@a", "Größe,\n“Zoll”", "\tx")):
        prompt = factories.prompt(
            project, external_id=f"p{number}", input=text, split=("train", "validation")[number % 2]
        )
        factories.demonstration(prompt, erin, text=f"{text} says who?")
        comparison = factories.comparison(prompt, ["Better.", f"Worse {number}."], rankings_needed=2)
        best, worst = comparison.candidates.order_by("-text" if number % 2 else "text")
        for ranker in (erin, eve):
            Ranking.objects.create(comparison=comparison, ranker=ranker, order=[[str(best.pk)], [str(worst.pk)]])
        comparison.rankings_done = 2
        comparison.save()
    factories.prompt(project, split="evaluation", reference="Gold.")
    return project


def made(project: Project, by: User, kind: str, shape: str = "", format: str = "jsonl") -> Export:
    work = exporting.start(project=project, kind=kind, shape=shape, format=format, by=by, ring=False)
    return parts.run(work, job.do)


def content(work: Export) -> bytes:
    assert work.path is not None
    return work.path.read_bytes()


@pytest.mark.parametrize(("kind", "shape", "format"), EVERYTHING)
def test_every_kind_goes_into_every_shape_and_file_that_fits(
    furnished: Project, ada: User, kind: str, shape: str, format: str
) -> None:
    work = made(furnished, ada, kind, shape, format)
    assert (work.status, work.problem) == (Status.DONE, "")
    assert work.done + sum(work.left_out.values()) == {"prompts": 7, "rankings": 12 if shape == "details" else 6}.get(
        kind, 6
    )
    assert work.size == len(content(work))
    assert content(made(furnished, ada, kind, shape, format)) == content(work), "the same bytes"


@pytest.mark.parametrize("shape", [*shapes_of("prompts"), *shapes_of("preferences")])
def test_what_went_out_can_come_in_again(furnished: Project, ada: User, shape: str) -> None:
    kind = "prompts" if shape in shapes_of("prompts") else "preferences"
    rows = [json.loads(line) for line in content(made(furnished, ada, kind, shape)).decode().splitlines()]
    found = [item for line, row in enumerate(rows, 1) for item in shapes.read(shape, row, line)]
    assert len(found) >= len(rows) > 0
    assert shapes.detect(rows) in (shape, "messages" if shape == "openai_chat" else shape)


def test_what_a_shape_has_no_place_for_is_left_out_and_told(furnished: Project, ada: User, sign_in) -> None:
    work = made(furnished, ada, "prompts", "kiln" if "kiln" in shapes_of("prompts") else "messages")
    assert work.left_out == {}
    said = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "I."}]
    factories.prompt(furnished, history=said, reference="x")
    work = made(furnished, ada, "prompts", "trl_prompt_completion_text")
    assert work.left_out == {"There is no place for the history.": 1}
    page = sign_in(ada).get(f"/projects/{furnished.pk}/export/").content.decode()
    assert "1 row left out: There is no place for the history." in page


def test_a_spreadsheet_runs_nothing(furnished: Project, ada: User) -> None:
    work = made(furnished, ada, "prompts", "plain", "csv_spreadsheet")
    assert work.download_name.endswith("-for-spreadsheets.csv")
    cells = [cell for row in csv.reader(io.StringIO(content(work).decode("utf-8-sig"))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    assert '\'=HYPERLINK("http://x")' in cells
    plain = list(csv.DictReader(io.StringIO(content(made(furnished, ada, "prompts", "plain", "csv")).decode())))
    assert plain[0]["input"] == '=HYPERLINK("http://x")'
    assert plain[4]["input"] == "Größe,\n“Zoll”"


@pytest.mark.parametrize("shape", ["sharegpt", "alpaca"])
def test_a_dataset_folder_is_not_made_of_rows_that_hide_their_part(furnished: Project, ada: User, shape: str) -> None:
    with pytest.raises(Refused, match="held out"):
        exporting.start(project=furnished, kind="prompts", shape=shape, format="hugging_face", by=ada)
    assert not furnished.exports.exists()


def test_a_dataset_folder_has_a_table_for_each_split_and_a_card(furnished: Project, ada: User, tmp_path: Path) -> None:
    import pyarrow.parquet as pq
    import yaml

    work = made(furnished, ada, "demonstrations", "", "hugging_face")
    with zipfile.ZipFile(io.BytesIO(content(work))) as folder:
        assert folder.testzip() is None
        folder.extractall(tmp_path)
    tables = {path.name.split("-")[0]: pq.read_table(path) for path in (tmp_path / "data").iterdir()}
    assert {name: table.num_rows for name, table in tables.items()} == {"train": 3, "validation": 3}
    row = tables["train"].to_pylist()[0]
    assert row["completion"][0]["role"] == "assistant"
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    matter = yaml.safe_load(card.split("---")[1])
    assert matter["size_categories"] == ["n<1K"]
    assert [each["split"] for each in matter["configs"][0]["data_files"]] == ["train", "validation"]
    for words in ("6 rows", "**Collection.**", "1 expert", "**Consent and personal data.**", "**Limits.**"):
        assert words in card


def test_it_stops_and_is_made_anew(furnished: Project, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "TOLD_EVERY", 2)
    work = exporting.start(project=furnished, kind="prompts", by=ada, ring=False)
    Export.objects.filter(pk=work.pk).update(stop_asked=True)
    parts.run(work, job.do)
    assert (work.status, work.file_name) == (Status.STOPPED, "")
    exporting.resume(work=work, by=ada)
    parts.run(work, job.do)
    assert (work.status, work.done) == (Status.DONE, 7)
    with pytest.raises(Refused):
        exporting.resume(work=work, by=ada)


def test_files_go_after_some_days_or_by_hand(furnished: Project, ada: User, sign_in, settings) -> None:
    old, other = made(furnished, ada, "prompts"), made(furnished, ada, "rankings")
    Export.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=8))
    tasks.reconcile()
    left = [path.name for path in Path(settings.EXPORTS_DIR).iterdir()]
    assert left == [other.file_name]
    client = sign_in(ada)
    client.post(f"/projects/{furnished.pk}/export/{other.pk}/", {"action": "delete"})
    job.delete_file(other)  # a transaction's end never comes in this test
    assert not list(Path(settings.EXPORTS_DIR).iterdir())
    assert "Deleted" in client.get(f"/projects/{furnished.pk}/export/").content.decode()
    assert Event.objects.filter(verb="deleted an exported file").count() == 1


def test_a_full_disk_is_a_sentence(furnished: Project, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(job.files, "publish", full)
    work = made(furnished, ada, "prompts")
    assert work.status == Status.FAILED
    assert "No space left on device" in work.problem


def test_the_page_starts_one_and_says_what_does_not_fit(furnished: Project, ada: User, sign_in) -> None:
    client, path = sign_in(ada), f"/projects/{furnished.pk}/export/?kind=preferences"
    assert client.get(path).status_code == 200
    refused = client.post(path, {"shape": "trl_preference", "format": "csv"})
    assert refused.status_code == 422
    assert "does not fit into this kind of file" in refused.content.decode()
    assert client.post(path, {"shape": "trl_preference_text", "format": "csv"}).status_code == 302
    work = furnished.exports.get()
    assert (work.kind, work.status) == ("preferences", Status.QUEUED)
    assert client.post(f"/projects/{furnished.pk}/export/{work.pk}/", {"action": "x"}).status_code == 400


def test_the_whole_project_and_a_page_of_it_agree_on_the_same_pairs(
    furnished: Project, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annotation.exports import rows

    before = content(made(furnished, ada, "preferences"))
    monkeypatch.setattr(rows, "AT_ONCE", 1)
    assert content(made(furnished, ada, "preferences")) == before
    assert FORMATS


MAKE = """
import os, sys, time
import django
django.setup()
from annotation import parts
from annotation.exports import files, job
from annotation.models import Export
if sys.argv[2] == "slowly":
    plain = files.line_of
    def slow(row):
        print("row", flush=True)
        time.sleep(0.5)
        return plain(row)
    files.line_of = slow
print(parts.run(Export.objects.get(pk=sys.argv[1]), job.do).status)
"""
OVER = """
import django
django.setup()
from annotation.models import Export
Export.objects.update(lease_expires_at="2020-01-01T00:00:00Z")
"""
PREPARE = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests import factories
from django.contrib.auth.models import User
from annotation.actions import exporting
ada = User.objects.create_user("ada")
project = factories.project(created_by=ada)
for number in range(30):
    factories.demonstration(factories.prompt(project, history=[]), ada)
from annotation.actions.exporting import start
for shape, format in (("", "jsonl"), ("", "hugging_face"), ("plain", "csv")):
    print(start(project=project, kind="demonstrations", shape=shape, format=format, by=ada, ring=False).pk)
"""


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_one_that_is_killed_is_made_to_its_end(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}" if database == "sqlite" else request.getfixturevalue("postgres_url")
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings", "DATA_DIR": str(tmp_path), "DATABASE_URL": url}
    env = {**os.environ, **settings}

    def python(code: str, *args: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *args], env=env, capture_output=True, text=True, check=True, timeout=240
        )
        return done.stdout.split()

    first, folder, table = python(PREPARE)
    killed = subprocess.Popen([sys.executable, "-c", MAKE, first, "slowly"], env=env, stdout=subprocess.PIPE)
    assert killed.stdout is not None
    assert killed.stdout.readline()
    time.sleep(0.2)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    python(OVER)
    for pk in (first, folder, table):
        assert python(MAKE, pk, "fast") == ["done"]
    left = sorted(path.name for path in (tmp_path / "exports").iterdir())
    assert len(left) == 3, "nothing is left of the killed attempt"
    (lines,) = (tmp_path / "exports").glob("*.jsonl")
    assert len(lines.read_text(encoding="utf-8").splitlines()) == 30
