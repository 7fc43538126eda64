"""An audit of a project or of a frozen version: a job whose report never changes, on a page, as files, by API."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation import bias_rows, parts
from annotation.actions import Refused
from annotation.actions.corpus import import_documents
from annotation.corpus import Text
from annotation.models import BiasLists, Event, Revision
from tests import factories
from tests.postgres import postgres_url  # noqa: F401 - a fixture
from training import actions, audits, tasks
from training.models import BiasAudit

ROOT = Path(__file__).resolve().parent.parent.parent
Status = BiasAudit.Status


@pytest.fixture
def furnished(project, erin):
    for at in range(24):
        who = "She says that Emily was emotional." if at % 2 else "The firm asks, in 1975."
        prompt = factories.prompt(project, input=f"{who} Matter {at}.")
        factories.demonstration(prompt, erin, text=f"It was {'refused' if at % 3 else 'granted'}, {at}.")
    return project


def one(report, key):
    return next(group for each in report["attributes"] for group in each["groups"] if group["key"] == key)


def test_it_reads_the_project_piece_by_piece(furnished, ada, monkeypatch):
    monkeypatch.setattr(audits, "PART", 7)
    audit = actions.start_audit(project=furnished, by=ada, wait=True)
    assert (audit.status, audit.problem, audit.done, audit.total) == (Status.DONE, "", 24, 24)
    assert (audit.report["prompts"], audit.report["responses"]) == (24, 24)
    assert one(audit.report, "gender/women")["prompts"]["hits"] == 12
    assert audit.report["stereotypes"][0]["count"] == 12
    assert next(each for each in audit.report["periods"] if each["label"] == "1950–1979")["hits"] == 12
    assert Event.objects.filter(verb="started a bias audit").exists()


def test_it_goes_on_where_another_left_it(furnished, ada, monkeypatch):
    monkeypatch.setattr(audits, "PART", 5)
    whole = actions.start_audit(project=furnished, by=ada, wait=True).report
    audit = BiasAudit.objects.create(project=furnished, lists={"groups": [], "outcomes": []})
    count = audits._count

    def once(*given):
        monkeypatch.setattr(audits, "_count", lambda *_given: (_ for _ in ()).throw(OSError("gone")))
        return count(*given)

    monkeypatch.setattr(audits, "_count", once)
    parts.run(audit, audits.do)
    assert (audit.status, audit.done) == (Status.FAILED, 5)
    monkeypatch.setattr(audits, "_count", count)
    actions.resume_audit(audit=audit, by=ada)
    parts.run(audit, audits.do)
    assert audit.report == whole


def test_processes_count_what_one_would(furnished, ada, monkeypatch):
    alone = actions.start_audit(project=furnished, by=ada, wait=True).report
    monkeypatch.setattr(audits, "WORTH_PROCESSES", 1)
    monkeypatch.setattr(audits, "PIECE", 9)
    assert actions.start_audit(project=furnished, by=ada, wait=True).report == alone


@pytest.mark.parametrize("kind", ["demonstrations", "corpus"])
def test_it_reads_a_frozen_version_and_stays_as_it_is(furnished, ada, sign_in, kind):
    import_documents(project=furnished, texts=[Text("A", "She left in 1931.", "", "a.txt")], by=ada)
    version = actions.freeze(project=furnished, kind=kind, by=ada)
    audit = actions.start_audit(project=furnished, by=ada, dataset_version=version, wait=True)
    assert audit.status == Status.DONE, audit.problem
    assert audit.report["prompts"] == version.train_rows + version.validation_rows
    assert list(version.bias_audits.all()) == [audit]
    page = sign_in(ada).get(reverse("dataset", args=[furnished.pk, version.pk])).content.decode()
    assert reverse("audit", args=[furnished.pk, audit.pk]) in page
    before = audit.report
    furnished.prompts.all().delete()
    audit.refresh_from_db()
    assert audit.report == before


def test_drafts_and_what_was_returned(project, erin, rita):
    prompt = factories.prompt(project, input="She asks.")
    fixed = factories.demonstration(prompt, erin, text="b")
    for text, status in [("a", "submitted"), ("a", "returned"), ("a", "submitted"), ("b", "approved")]:
        Revision.objects.create(demonstration=fixed, text=text, status=status, created_by=rita)
    draft = factories.prompt(project, input="He asks.")
    factories.demonstration(draft, erin, text="A secret.", status="draft")
    rows, _after = bias_rows.of_project(project, -1, 10)
    assert [(row.approved, row.returned, row.corrected, row.response) for row in rows] == [
        (1.0, 1.0, 1.0, "b"),
        (None, None, None, ""),
    ]


def test_a_second_audit_of_the_same_rows_waits(furnished, ada):
    audit = actions.start_audit(project=furnished, by=ada)
    with pytest.raises(Refused):
        actions.start_audit(project=furnished, by=ada)
    actions.stop_audit(audit=audit, by=ada)
    with pytest.raises(Refused):
        actions.stop_audit(audit=audit, by=ada)
    assert BiasAudit in tasks.chores.WORKS


def test_the_page_shows_the_report_and_its_files(furnished, ada, sign_in):
    client = sign_in(ada)
    answer = client.post(reverse("audits", args=[furnished.pk]), {})
    audit = furnished.biasaudits.get()
    assert answer.url == reverse("audit", args=[furnished.pk, audit.pk])
    assert b"every 2s" in client.get(answer.url).content
    client.post(reverse("audit_act", args=[furnished.pk, audit.pk]), {"action": "stop"})
    client.post(reverse("audit_act", args=[furnished.pk, audit.pk]), {"action": "resume"})
    audit.refresh_from_db()
    parts.run(audit, audits.do)
    page = client.get(answer.url).content.decode()
    assert "Who is named" in page
    assert "style=" not in page
    assert f"/prompts/{audit.report['stereotypes'][0]['examples'][0]['prompt_id']}/" in page
    lines = list(csv.DictReader(io.StringIO(client.get(f"{answer.url}csv/").content.decode())))
    women = next(
        line for line in lines if (line["section"], line["group"], line["figure"]) == ("named in", "Women", "prompts")
    )
    assert (women["n"], women["count"], women["value"]) == ("24", "12", "0.5")
    undefined = next(line for line in lines if line["figure"] == "Usefulness in blind review")
    assert (undefined["value"], bool(undefined["undefined"])) == ("", True)
    assert json.loads(client.get(f"{answer.url}json/").content) == audit.report
    assert client.get(f"{answer.url}xlsx/").status_code == 404


def test_the_projects_own_groups_are_looked_for(furnished, ada, sign_in):
    client = sign_in(ada)
    address = reverse("bias_lists", args=[furnished.pk])
    bad = client.post(address, {"groups": "no colon"})
    assert bad.status_code == 422
    twice = client.post(address, {"groups": "Firms: firm\nfirms: company"})
    assert (twice.status_code, b"the same name" in twice.content) == (422, True)
    sent = {"groups": "Firms: firm, company", "outcomes": "No: refused"}
    assert client.post(address, sent).status_code == 302
    assert BiasLists.of(furnished).outcomes == [{"name": "No", "terms": ["refused"]}]
    assert "Firms: firm, company" in client.get(address).content.decode()
    audit = actions.start_audit(project=furnished, by=ada, wait=True)
    assert one(audit.report, "own/firms")["prompts"]["hits"] == 12
    assert {each["outcome"] for each in audit.report["outcomes"]} == {"No"}


def test_the_api_says_the_same(furnished, ada, sign_in):
    client = sign_in(ada)
    lists = client.patch(
        reverse("api_bias_lists", args=[furnished.pk]),
        json.dumps({"groups": [{"name": "Firms", "terms": ["firm"]}]}),
        content_type="application/json",
    )
    assert lists.json()["groups"] == [{"name": "Firms", "terms": ["firm"]}]
    audits_ = reverse("api_audits", args=[furnished.pk])
    started = client.post(audits_, {}, content_type="application/json")
    assert (started.status_code, started.json()["status"]) == (202, "queued")
    assert client.post(audits_, {}, content_type="application/json").status_code == 409
    address = reverse("api_audit", args=[furnished.pk, started.json()["id"]])
    assert client.post(f"{address}stop/").json()["status"] == "stopped"
    assert client.post(f"{address}resume/").status_code == 202
    parts.run(BiasAudit.objects.get(), audits.do)
    assert client.get(address).json()["report"]["prompts"] == 24
    assert client.get(audits_).json()["results"][0]["status"] == "done"


def test_the_command_writes_the_figures(furnished, capsys, tmp_path):
    common = {"project": furnished.name, "by": "ada"}
    call_command("change_bias_lists", group=["Firms: firm"], outcome=["No: refused"], json=True, **common)
    assert json.loads(capsys.readouterr().out)["outcomes"] == [{"name": "No", "terms": ["refused"]}]
    with pytest.raises(CommandError):
        call_command("change_bias_lists", group=["Firms"], **common)
    call_command("audit_bias", csv=tmp_path / "figures.csv", **common)
    assert "24 prompts and 24 responses read" in capsys.readouterr().out
    assert "Firms" in (tmp_path / "figures.csv").read_text()
    with pytest.raises(CommandError):
        call_command("audit_bias", kind="corpus", **common)


@pytest.mark.postgres
def test_it_runs_on_postgresql(postgres_url, tmp_path):  # noqa: F811
    """The tests above once more, on the other database."""
    env = {**os.environ, "DATABASE_URL": postgres_url, "DATA_DIR": str(tmp_path), "SECRET_KEY": "x" * 50}
    chosen = "piece_by_piece or where_another or returned"
    here = [__file__]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *here, "-k", chosen]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:]
