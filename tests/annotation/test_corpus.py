"""Texts for the model to read: out of files, into the project, and out again."""

from __future__ import annotations

import io
import json
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from annotation.actions.corpus import CorpusRefused, import_documents
from annotation.corpus import Fault, Text, read_files
from annotation.imports.rows import MAX_CELL
from annotation.models import Document, Event, Project

LEASE = "The tenant pays the rent on the first of the month."
LIMIT = 10_000_000


def zipped(files: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def read(name: str, content: str | bytes, most_bytes: int = LIMIT) -> list[Text | Fault]:
    data = content.encode() if isinstance(content, str) else content
    return list(read_files([(name, io.BytesIO(data))], most_bytes))


def take(project: Project, by: User, *texts: str, **fields: str) -> Any:
    usual = {"group": "", "source": "a.txt", **fields}
    items = [Text(**{"title": f"Text {number}", **usual}, text=text) for number, text in enumerate(texts)]
    return import_documents(project=project, texts=items, by=by)


# --- Reading ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lease.txt", "lease.md", "LEASE.TXT"])
def test_it_takes_a_text_file_as_one_document(name: str) -> None:
    (text,) = read(name, f"\ufeff{LEASE}\r\n\r\nSecond.\n")
    assert text == Text(name[:5], f"{LEASE}\n\nSecond.", "", name)


def test_it_takes_each_line_of_json_lines() -> None:
    lines = [{"text": LEASE, "title": "Lease", "group": "Okafor", "pages": 3}, {"text": f"# Will\n{LEASE}", "group": 7}]
    found = read("texts.jsonl", "\n".join(map(json.dumps, lines)))
    assert found == [
        Text("Lease", LEASE, "Okafor", "texts.jsonl"),
        Text("# Will", f"# Will\n{LEASE}", "7", "texts.jsonl"),
    ]


def test_it_opens_a_zip_and_passes_over_what_systems_put_there() -> None:
    clutter = {"__MACOSX/a.txt": "x", ".DS_Store": "x", "letters/": ""}
    files = {"a.txt": LEASE, "letters/b.md": "Dear Sir", "letters/c.jsonl": '{"text": "A note."}', **clutter}
    found = read("all.zip", zipped(files))
    assert {(text.title, text.source) for text in found if isinstance(text, Text)} == {
        ("a", "all.zip"),
        ("b", "all.zip"),
        ("A note.", "all.zip"),
    }
    assert len(found) == 3


@pytest.mark.parametrize(
    ("name", "content", "where", "reason"),
    [
        ("a.txt", "", "a.txt", "The file is empty."),
        ("a.txt", b"caf\xe9", "a.txt", "not UTF-8"),
        ("a.txt", "a\x00b", "a.txt", "a NUL character"),
        ("a.txt", "x" * (MAX_CELL + 1), "a.txt", "longer than 200,000 characters"),
        ("a.txt", "ä" * (4 * MAX_CELL), "a.txt", "longer than 200,000 characters"),
        ("a.docx", b"PK\x03\x04", "a.docx", "ends in .txt, .md, .jsonl or .zip"),
        ("noending", "text", "noending", "ends in .txt, .md, .jsonl or .zip"),
        ("a.jsonl", '{"text": "x"}\n{"clause": "y", "nr": 2}', "a.jsonl, line 2", "no “text” here, only: clause, nr."),
        ("a.jsonl", '{"text": " "}', "a.jsonl, line 1", "The text is empty."),
        ("a.jsonl", '{"text": 5}', "a.jsonl, line 1", "The text is a number, not a text."),
        ("a.jsonl", '{"text": "x", "title": "' + "t" * 201 + '"}', "a.jsonl, line 1", "longer than 200 characters"),
        ("a.jsonl", "{}", "a.jsonl, line 1", "There is no “text” here."),
        ("a.jsonl", "nonsense", "a.jsonl, line 1", "not valid JSON"),
        ("a.jsonl", "[1]", "a.jsonl, line 1", "not a JSON object"),
        ("a.zip", b"PK\x03\x04 and no more", "a.zip", "damaged"),
        ("a.zip", zipped({"b.pdf": "x"}), "a.zip, b.pdf", "ends in .txt, .md, .jsonl or .zip"),
        ("a.zip", zipped({"b.jsonl": "{}"}), "a.zip, b.jsonl, line 1", "There is no “text” here."),
    ],
)
def test_it_names_the_file_or_line_that_is_at_fault(name: str, content: str | bytes, where: str, reason: str) -> None:
    (fault,) = [each for each in read(name, content) if isinstance(each, Fault)]
    assert fault.where == where
    assert reason in fault.reason


def test_it_stops_unpacking_where_the_limit_is() -> None:
    found = read("bomb.zip", zipped({"a.txt": "x" * 900, "b.txt": "y" * 900}), most_bytes=1000)
    assert isinstance(found[0], Text)
    assert [each.reason for each in found if isinstance(each, Fault)] == [
        "Unpacked, the zip is larger than an import may be. Cut it in two."
    ]


def test_it_reads_no_password(tmp_path: Path) -> None:
    packed = bytearray(zipped({"a.txt": LEASE}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        packed[packed.index(signature) + offset] |= 1
    (fault,) = read("a.zip", bytes(packed))
    assert fault == Fault("a.zip, a.txt", "It is locked with a password.")


# --- Taking -------------------------------------------------------------------------------------------------


def test_it_stores_each_text_once_with_its_words(project: Project, ada: User) -> None:
    counts = take(project, ada, LEASE, f" {LEASE.upper()} ", "Another text.")
    assert (counts.new, counts.known, counts.words) == (2, 1, 13)
    again = take(project, ada, LEASE)
    assert (again.new, again.known) == (0, 1)
    assert sorted(project.documents.values_list("words", flat=True)) == [2, 11]
    assert Event.objects.filter(verb="imported texts", actor=ada).count() == 2


def test_it_keeps_a_group_on_one_side_and_a_tenth_aside(project: Project, ada: User) -> None:
    take(project, ada, *[f"Text of one client, number {n}." for n in range(20)], group="Okafor")
    assert len(set(project.documents.values_list("split", flat=True))) == 1
    counts = take(project, ada, *[f"Text number {n}." for n in range(400)])
    assert 20 < counts.validation < 60
    assert not project.documents.filter(split="evaluation").exists()


def test_it_imports_nothing_when_one_text_is_at_fault(project: Project, ada: User) -> None:
    items = [Text(f"{n}", f"Text {n}", "", "a.zip") for n in range(700)] + [Fault("b.txt", "Broken.")]
    with pytest.raises(CorpusRefused, match="1 problem keeps these texts out; nothing was imported") as refused:
        import_documents(project=project, texts=items, by=ada)
    assert refused.value.counts.first_problems == [{"where": "b.txt", "reason": "Broken."}]
    assert not Document.objects.exists()
    with pytest.raises(CorpusRefused, match="There is no text in these files"):
        import_documents(project=project, texts=[], by=ada)


# --- The pages ----------------------------------------------------------------------------------------------


def url(project: Project, rest: str = "") -> str:
    return f"/projects/{project.pk}/corpus/{rest}"


def files(**named: str | bytes) -> dict[str, Any]:
    made = {name.replace("_", "."): content for name, content in named.items()}
    return {
        "files": [
            SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
            for name, content in made.items()
        ]
    }


def test_it_imports_several_files_and_lists_them(project: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    assert "No texts yet" in client.get(url(project)).content.decode()
    response = client.post(
        url(project), files(lease_txt=LEASE, rest_zip=zipped({"will.md": "My last will."})), follow=True
    )
    page = unescape(response.content.decode())
    assert "2 texts imported." in page
    assert "2 texts, 14 words" in page
    assert ("lease" in page, "will" in page) == (True, True)
    again = client.post(url(project), files(lease_txt=LEASE), follow=True)
    assert "0 texts imported. 1 text you have already passed over." in unescape(again.content.decode())


def test_it_shows_what_keeps_files_out(project: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    response = client.post(url(project), files(a_txt=LEASE, b_txt="", c_pdf="x"))
    page = unescape(response.content.decode())
    assert response.status_code == 422
    assert "2 problems keep these texts out; nothing was imported." in page
    assert ("b.txt" in page, "The file is empty." in page, "c.pdf" in page) == (True, True, True)
    assert not Document.objects.exists()
    assert client.post(url(project)).status_code == 422


def test_it_refuses_more_than_an_import_may_be(project: Project, ada: User, sign_in: Any, settings: Any) -> None:
    settings.MAX_IMPORT_BYTES = 1000
    response = sign_in(ada).post(url(project), files(a_txt="x" * 600, b_txt="y" * 600))
    assert "larger than 200 MB" in response.content.decode()


@pytest.mark.parametrize(("search", "found"), [("TENANT rent", ["lease"]), ("will", ["will"]), ("nothing here", [])])
def test_it_searches(project: Project, ada: User, sign_in: Any, search: str, found: list[str]) -> None:
    take(project, ada, LEASE, title="lease")
    take(project, ada, "My last wishes.", title="will", source="papers.zip")
    page = sign_in(ada).get(url(project), {"q": search}).content.decode()
    assert [title for title in ("lease", "will") if f"Choose {title}" in page] == found


def test_it_opens_and_deletes_a_text(project: Project, ada: User, sign_in: Any) -> None:
    take(project, ada, LEASE, "Another text.")
    one, other = project.documents.order_by("text")
    client: Client = sign_in(ada)
    assert LEASE in client.get(url(project, f"{other.pk}/")).content.decode()
    response = client.post(url(project, "delete/"), {"document": [str(other.pk), "nonsense"]}, follow=True)
    assert "1 text deleted. Versions frozen before keep them." in response.content.decode()
    assert list(project.documents.all()) == [one]
    assert Event.objects.get(verb="deleted texts").data == {"count": 1, "titles": ["Text 0"]}
    nothing = client.post(url(project, "delete/"), follow=True)
    assert "Choose at least one text" in nothing.content.decode()


def test_it_deletes_no_other_projects_text(project: Project, ada: User, oscar: User, sign_in: Any) -> None:
    other = Project.objects.get(name="Another project")
    take(other, oscar, LEASE)
    theirs = other.documents.get()
    client: Client = sign_in(ada)
    client.post(url(project, "delete/"), {"document": str(theirs.pk)})
    assert client.get(url(project, f"{theirs.pk}/")).status_code == 404
    assert client.delete(f"/api/v1/projects/{project.pk}/corpus/{theirs.pk}/").status_code == 404
    assert other.documents.exists()


# --- Commands and API ---------------------------------------------------------------------------------------


def run(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


def test_it_imports_and_deletes_from_a_shell(project: Project, ada: User, erin: User, tmp_path: Path) -> None:
    (tmp_path / "lease.txt").write_text(LEASE)
    (tmp_path / "more.jsonl").write_text('{"text": "One more."}\n{"text": "And another."}')
    named = ["--project", project.name, "--by", "ada"]
    paths = [str(tmp_path / "lease.txt"), str(tmp_path / "more.jsonl")]
    said = run("import_corpus", *paths, *named)
    assert said.startswith("3 texts imported with 15 words (")
    assert run("import_corpus", *paths, *named).endswith("3 known already.\n")
    assert json.loads(run("delete_documents", "--search", "another", *named, "--json")) == {"deleted": 1}
    lease = project.documents.get(title="lease")
    assert run("delete_documents", "--document", str(lease.pk), *named) == "1 text deleted.\n"
    assert run("delete_documents", "--all", *named) == "1 text deleted.\n"
    with pytest.raises(CommandError, match="--search takes a word"):
        run("delete_documents", "--search", " ", *named)
    with pytest.raises(CommandError, match="erin may not do this"):
        run("import_corpus", *paths, "--project", project.name, "--by", "erin")


def test_it_says_in_a_shell_what_is_at_fault(project: Project, ada: User, tmp_path: Path) -> None:
    named = ["--project", project.name, "--by", "ada"]
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(CommandError, match=r"empty\.txt: The file is empty\."):
        run("import_corpus", str(tmp_path / "empty.txt"), *named)
    with pytest.raises(CommandError, match="cannot be read"):
        run("import_corpus", str(tmp_path / "none.txt"), *named)


def test_it_speaks_the_api(project: Project, ada: User, sign_in: Any) -> None:
    client: Client = sign_in(ada)
    api = f"/api/v1/projects/{project.pk}/corpus/"
    made = client.post(api, files(lease_txt=LEASE, will_md="My last will."))
    assert (made.status_code, made.json()["new"], made.json()["words"]) == (201, 2, 14)
    refused = client.post(api, files(b_txt=""))
    assert refused.status_code == 400
    assert refused.json()["problems"] == [{"where": "b.txt", "reason": "The file is empty."}]
    assert client.post(api).json() == {"files": ["This field is required."]}
    (found,) = client.get(api, {"q": "rent"}).json()["results"]
    assert (found["title"], "text" in found) == ("lease", False)
    one = f"{api}{found['id']}/"
    assert client.get(one).json()["text"] == LEASE
    assert client.delete(one).status_code == 204
    assert project.documents.count() == 1
