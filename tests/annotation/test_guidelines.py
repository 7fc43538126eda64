from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User

from annotation.actions.guidelines import GuidelinesChanged, write_guidelines
from annotation.models import Project


def url(project: Project, rest: str = "") -> str:
    return f"/projects/{project.pk}/guidelines/{rest}"


def test_it_shows_them_to_everybody_as_formatted_text(project: Project, erin: User, sign_in) -> None:
    page = sign_in(erin).get(url(project)).content.decode()
    assert "Write <strong>six</strong> headings." in page
    assert "edit/" not in page


def test_it_cleans_what_is_written(project: Project, ada: User, erin: User, sign_in) -> None:
    text = "<script>alert(1)</script> [x](javascript:alert(2)) ![y](http://tracker.example/a.png)"
    write_guidelines(project=project, text=text, by=ada)
    page = sign_in(erin).get(url(project)).content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert 'tracker.example/a.png"' not in page


def test_it_saves_a_new_version_and_keeps_the_old(project: Project, ada: User, sign_in) -> None:
    client = sign_in(ada)
    client.post(url(project, "edit/"), {"text": "Write *seven* headings.", "after": "1"})
    assert [each.version for each in project.guidelines.all()] == [2, 1]
    old = client.get(url(project, "1/")).content.decode()
    assert "Write <strong>six</strong> headings." in old
    new = client.get(url(project, "2/")).content.decode()
    assert "<ins>seven</ins>" in new
    assert re.search("<del>[^<]*six", new)
    assert client.get(url(project, "3/")).status_code == 404


def test_it_overwrites_nobodys_version(project: Project, ada: User, sign_in) -> None:
    write_guidelines(project=project, text="Another admin's.", by=ada)
    page = sign_in(ada).post(url(project, "edit/"), {"text": "Mine.", "after": "1"}).content.decode()
    assert "Version 2 was saved while you were writing" in page
    assert "Mine." in page
    assert project.guidelines.count() == 2


def test_it_makes_no_version_of_the_same_text(project: Project, ada: User) -> None:
    assert write_guidelines(project=project, text="Write **six** headings.", by=ada).version == 1
    with pytest.raises(GuidelinesChanged):
        write_guidelines(project=project, text="x", by=ada, after=7)


@pytest.mark.parametrize("data", [{"text": "", "after": "1"}, {"text": "x"}, {"text": "x" * 100_001, "after": "1"}])
def test_it_keeps_what_it_has_when_the_form_is_incomplete(project: Project, ada: User, sign_in, data: dict) -> None:
    assert sign_in(ada).post(url(project, "edit/"), data).status_code == 422
    assert project.guidelines.count() == 1


def test_it_lets_only_admins_write_them(project: Project, rita: User, sign_in) -> None:
    assert sign_in(rita).post(url(project, "edit/"), {"text": "x", "after": "1"}).status_code == 403


def test_it_invites_to_write_the_first_version(project: Project, ada: User, erin: User, sign_in) -> None:
    project.guidelines.all().delete()
    assert "Write the guidelines" in sign_in(ada).get(url(project)).content.decode()
    assert "An admin of the project writes them" in sign_in(erin).get(url(project)).content.decode()
