"""Cleaning by command and through the API does what the pages do, and shows nobody more."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from annotation.models import Finding, Project
from tests.annotation.cleaning_house import email_of, furnished

pytestmark = pytest.mark.django_db


def called(name: str, *arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue()


def test_the_commands(project: Project, ada: User, erin: User, eve: User) -> None:
    made = furnished(project, erin)
    of = {"project": project.name, "by": "ada"}
    assert json.loads(called("clean", kind=["email"], json=True, **of))["found"] == 6
    assert "email: 6 open" in called("findings", **of)
    assert "email: 1 open" in called("findings", project=project.name, by="eve")
    assert "denise.okafor@gmail.com" in called("findings", kind="email", **of)
    found = email_of(made["taught"])
    called("decide_findings", "confirm", finding=str(found.pk), replacement="x", **of)
    assert Finding.objects.get(pk=found.pk).replacement == "x"
    called("decide_findings", "undo", finding=str(found.pk), **of)
    assert "6 decided" in called("decide_findings", "dismiss", kind="email", **of)
    assert "6 open again" in called("decide_findings", "undo", kind="email", **of)
    hidden = Finding.objects.filter(field="reference").first()
    with pytest.raises(CommandError, match="no finding"):
        called("decide_findings", "confirm", finding=str(hidden.pk if hidden else ""), project=project.name, by="eve")
    with pytest.raises(CommandError, match="may not"):
        called("clean", project=project.name, by="erin")
    called("glossary", term="Landlord", variant=["lessor"], pattern="File", expression=r"KL-\d{4}", **of)
    assert json.loads(called("glossary", json=True, **of))["terms"] == {"Landlord": ["lessor"]}
    with pytest.raises(CommandError, match="very long"):
        called("glossary", pattern="Bad", expression="(a+)+b", **of)


def test_the_api(project: Project, ada: User, erin: User, eve: User, sign_in: Any) -> None:
    made = furnished(project, erin)
    called("clean", project=project.name, by="ada", kind=["email"])
    base = f"/api/v1/projects/{project.pk}/"
    client = sign_in(eve)
    listed = client.get(f"{base}findings/?kind=email").json()["results"]
    assert [each["id"] for each in listed] == [str(email_of(made["taught"]).pk)]
    hidden = Finding.objects.filter(field="reference").first()
    assert hidden
    json_of = {"content_type": "application/json"}
    assert client.post(f"{base}findings/{hidden.pk}/decide/", {"act": "confirm"}, **json_of).status_code == 404
    one = f"{base}findings/{listed[0]['id']}/decide/"
    assert client.post(one, {"act": "confirm", "replacement": "y"}, **json_of).json()["replacement"] == "y"
    assert client.post(one, {"act": "dismiss"}, **json_of).status_code == 409
    assert client.post(one, {"act": "undo"}, **json_of).json()["status"] == "open"
    wrong = {"kind": "email", "act": "confirm", "expected": 5}
    assert client.post(f"{base}finding-decisions/", wrong, **json_of).status_code == 409
    bulk = client.post(f"{base}finding-decisions/", {**wrong, "expected": 1}, **json_of).json()
    assert bulk["done"] == 1
    assert client.post(f"{base}finding-decisions/{bulk['id']}/undo/").json()["done"] == 1
    admin = sign_in(ada)
    term = admin.post(f"{base}glossary/", {"preferred": "Landlord", "variants": ["lessor"]}, **json_of)
    assert term.status_code == 201
    assert admin.delete(f"{base}glossary/{term.json()['id']}/").status_code == 204
    assert admin.post(f"{base}patterns/", {"name": "Bad", "expression": "(a+)+b"}, **json_of).status_code == 400
    assert admin.post(f"{base}cleaning-runs/", {"kinds": ["email"]}, **json_of).status_code == 202
