from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation import parts
from annotation.actions import exporting
from annotation.actions.importing import take_records
from annotation.actions.projects import change_project
from annotation.exports import job
from annotation.imports.records import Mapping, Record, guess_columns, read_records
from annotation.imports.rows import Row
from annotation.models import Event, Membership, Project, Ranking, Role
from annotation.splits import Shares
from tests import factories


def rows(project: Project, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exporting.lines(project, kind)]


def ranked(project: Project, *orders: tuple[User, str]) -> Any:
    """A comparison of texts A, B, C and what people made of it: "B>A=C"."""
    comparison = factories.comparison(factories.prompt(project), ["A", "B", "C"], rankings_needed=len(orders))
    ids = {candidate.text: str(candidate.pk) for candidate in comparison.candidates.all()}
    for ranker, order in orders:
        groups = [[ids[name] for name in group.split("=")] for group in order.split(">")]
        Ranking.objects.create(comparison=comparison, ranker=ranker, order=groups)
    comparison.rankings_done = len(orders)
    comparison.save()
    return comparison


def test_it_writes_demonstrations_as_trl_takes_them(project: Project, erin: User, ada: User) -> None:
    change_project(project=project, by=ada, instruction_template="{instruction}\n---\n{input}")
    project.refresh_from_db()
    prompt = factories.prompt(project, instruction="Sum {input} up.", input="Größe: 3", external_id="17", group="g")
    factories.demonstration(prompt, erin, text="Klein.")
    factories.demonstration(factories.prompt(project), erin, status="submitted")
    assert rows(project, "demonstrations") == [
        {
            "id": "17",
            "group": "g",
            "split": "train",
            "prompt": [{"role": "user", "content": "Sum {input} up.\n---\nGröße: 3"}],
            "completion": [{"role": "assistant", "content": "Klein."}],
        }
    ]
    assert "Größe" in next(exporting.lines(project, "demonstrations"))


def test_it_writes_the_pairs_that_people_agree_on(project: Project, erin: User, eve: User, rita: User) -> None:
    ranked(project, (erin, "B>A=C"), (eve, "B>A>C"), (rita, "A>B>C"))
    pairs = [
        (row["chosen"][0]["content"], row["rejected"][0]["content"], row["votes"])
        for row in rows(project, "preferences")
    ]
    assert sorted(pairs) == [("A", "C", 2), ("B", "A", 2), ("B", "C", 3)]
    row = rows(project, "preferences")[0]
    assert row["prompt"][0]["role"] == "user"
    assert row["judged"] == 3


def test_it_writes_every_judgement_as_it_was_given(project: Project, erin: User, eve: User) -> None:
    comparison = ranked(project, (erin, "B>A=C"), (eve, "C>A>B"))
    found = rows(project, "rankings")
    assert [row["ranker"] for row in found] == ["erin", "eve"]
    assert found[0]["order"] == comparison.rankings.get(ranker=erin).order
    assert {candidate["text"] for candidate in found[0]["candidates"]} == {"A", "B", "C"}


def test_it_writes_the_same_bytes_twice(project: Project, erin: User, eve: User) -> None:
    ranked(project, (erin, "B>A=C"), (eve, "B>A>C"))
    for _ in range(5):
        factories.demonstration(factories.prompt(project), erin)
    for kind in exporting.KINDS:
        assert list(exporting.lines(project, kind)) == list(exporting.lines(project, kind))


def test_it_moves_a_project_to_another(project: Project, erin: User, ada: User) -> None:
    factories.demonstration(factories.prompt(project, external_id="a", task_type="t"), erin)
    factories.prompt(project, external_id="b", split="evaluation", reference="Gold.")
    said = [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Mr. Ode."}]
    factories.prompt(project, external_id="d", history=said, priority=2, answers_needed=3)
    factories.prompt(project, external_id="c", split="validation")
    other = factories.project(created_by=ada, name="Moved")
    Membership.objects.create(project=other, user=ada, role=Role.ADMIN)
    written = rows(project, "prompts")
    mapping = Mapping({"external_id": "id", **{f: f for f in ("group", "task_type", "split", "instruction", "input")}})
    mapping.columns.update({f: f for f in ("response", "history", "priority", "answers_needed")})
    records = list(read_records((Row(n, row) for n, row in enumerate(written, 1)), mapping))
    assert all(isinstance(record, Record) for record in records)
    take_records(project=other, items=records, shares=Shares(0, 0), responses="approved", by=ada)
    assert rows(other, "prompts") == written
    assert [(row["priority"], row.get("answers_needed")) for row in written] == [
        ("usual", 1),
        ("usual", None),
        ("first", 3),
        ("usual", 1),
    ]
    assert guess_columns(written[2]).keys() >= {"priority", "answers_needed"}


@pytest.mark.parametrize("kind", list(exporting.KINDS))
def test_it_downloads_a_file_and_records_it(project: Project, ada: User, erin: User, sign_in, kind: str) -> None:
    change_project(project=project, by=ada, name='Ünter "quoted"\\/name')
    factories.demonstration(factories.prompt(project), erin)
    work = parts.run(exporting.start(project=project, kind=kind, by=ada, ring=False), job.do)
    response = sign_in(ada).post(f"/projects/{project.pk}/export/{work.pk}/file/")
    assert b"".join(response.streaming_content).decode() == "".join(exporting.lines(project, kind))
    disposition = response["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert "\\" not in disposition
    assert disposition.count('"') == 2
    assert Event.objects.get(verb="exported data").data["kind"] == kind
    assert Event.objects.get(verb="downloaded an export").data["sha256"] == work.sha256


def test_it_downloads_by_post_only(project: Project, ada: User, sign_in) -> None:
    work = exporting.start(project=project, kind="prompts", by=ada, ring=False)
    client = sign_in(ada)
    assert client.get(f"/projects/{project.pk}/export/{work.pk}/file/").status_code == 405
    assert client.post(f"/projects/{project.pk}/export/{work.pk}/file/").status_code == 302, "there is no file yet"


def test_it_counts_what_there_is(project: Project, ada: User, erin: User, sign_in) -> None:
    factories.demonstration(factories.prompt(project), erin)
    page = sign_in(ada).get(f"/projects/{project.pk}/export/").content.decode()
    assert "1 approved" in page
    assert "0 rankings" in page


def test_it_reads_in_chunks(project: Project, erin: User, django_assert_max_num_queries) -> None:
    for _ in range(20):
        factories.demonstration(factories.prompt(project), erin)
    with django_assert_max_num_queries(4):
        assert len(rows(project, "prompts")) == 20


def test_it_lets_no_reviewer_take_data_out(project: Project, rita: User, sign_in) -> None:
    client: Client = sign_in(rita)
    assert client.post(f"/projects/{project.pk}/export/").status_code == 403
