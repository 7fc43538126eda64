"""Approved responses that come back to somebody to be read again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotation.actions import Refused, looking_again
from annotation.models import Demonstration, Event, Revision, SecondLook
from tests import factories

pytestmark = pytest.mark.django_db
Status = Demonstration.Status


def approved(project, author, **fields) -> Demonstration:
    return factories.demonstration(factories.prompt(project), author, status=Status.APPROVED, **fields)


def looks(project) -> list[str]:
    return [each.person.username for each in SecondLook.objects.filter(project=project)]


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def look(project, erin, ada) -> SecondLook:
    looking_again.ask(project=project, responses=[approved(project, erin)], by=ada, source="round 1")
    return SecondLook.objects.get()


def test_authors_are_asked_about_what_they_wrote(project, erin, eve, ada):
    asked = looking_again.ask(project=project, responses=[approved(project, erin), approved(project, eve)], by=ada)
    assert asked == 2
    assert sorted(looks(project)) == ["erin", "eve"]


def test_experts_are_asked_about_what_a_file_brought(project, erin, eve, ada):
    imported = [approved(project, ada, origin=Demonstration.Origin.IMPORTED) for _ in range(4)]
    looking_again.ask(project=project, responses=imported, by=ada)
    assert set(looks(project)) <= {"erin", "eve"}
    assert len(set(looks(project))) == len({"erin", "eve"} & set(looks(project)))


def test_those_who_are_named_are_asked_in_turn(project, erin, eve, rita, ada):
    looking_again.ask(
        project=project, responses=[approved(project, erin) for _ in range(4)], by=ada, people=[eve, rita]
    )
    assert sorted(looks(project)) == ["eve", "eve", "rita", "rita"]


def test_nobody_is_asked_twice_nor_about_what_is_not_approved(project, erin, ada, look):
    draft = factories.demonstration(factories.prompt(project), erin, status=Status.SUBMITTED)
    with pytest.raises(Refused, match="nothing to ask"):
        looking_again.ask(project=project, responses=[look.demonstration, draft], by=ada)


def test_what_is_kept_stays_as_it_was(look, erin):
    before = look.demonstration.text
    looking_again.keep(look=look, by=erin)
    look.refresh_from_db()
    assert (look.outcome, look.demonstration.text, look.demonstration.status) == ("kept", before, Status.APPROVED)
    with pytest.raises(Refused, match="settled"):
        looking_again.keep(look=look, by=erin)


def test_an_experts_correction_goes_to_a_reviewer(look, erin):
    looking_again.correct(look=look, by=erin, text="Right now.", version=look.demonstration.version)
    response = Demonstration.objects.get()
    assert (response.text, response.status) == ("Right now.", Status.SUBMITTED)
    assert Revision.objects.get(text="Right now.").created_by == erin
    assert Event.objects.filter(verb="corrected a response on a second look").exists()


def test_a_reviewers_correction_of_anothers_response_stands(project, erin, rita, ada):
    looking_again.ask(project=project, responses=[approved(project, erin)], by=ada, people=[rita])
    look = SecondLook.objects.get()
    looking_again.correct(look=look, by=rita, text="Right now.", version=look.demonstration.version)
    response = Demonstration.objects.get()
    assert (response.status, response.reviewed_by) == (Status.APPROVED, rita)


def test_nothing_newer_is_overwritten(look, erin):
    Demonstration.objects.update(text="Fixed meanwhile.", version=9)
    page = client_of(erin).post(
        reverse("second_look", args=[look.project_id, look.pk]),
        {"action": "correct", "text": "Mine.", "version": 0},
    )
    assert page.status_code == 409
    assert "was changed since you opened it" in page.content.decode()
    assert "Mine." in page.content.decode()
    assert Demonstration.objects.get().text == "Fixed meanwhile."
    assert SecondLook.objects.open().exists()


def test_the_page_brings_one_after_the_other(project, erin, look, ada):
    expert = client_of(erin)
    here = reverse("second_look", args=[project.pk, look.pk])
    assert expert.get(reverse("second_look_next", args=[project.pk])).url == here
    shown = expert.get(here).content.decode()
    assert look.demonstration.text in shown
    assert "round" not in shown.lower()
    empty = expert.post(here, {"action": "correct", "text": " ", "version": look.demonstration.version})
    assert "cannot be empty" in empty.content.decode()
    same = expert.post(
        here, {"action": "correct", "text": look.demonstration.text, "version": look.demonstration.version}
    )
    assert "as it was" in same.content.decode()
    expert.post(here, {"action": "correct", "text": "Right now.", "version": look.demonstration.version})
    assert "Nothing left" in expert.get(reverse("second_look_next", args=[project.pk])).content.decode()
    assert "You have answered this: corrected" in expert.get(here).content.decode()


def test_it_is_nobody_elses(project, eve, rita, look):
    for person in (eve, rita):
        assert client_of(person).get(reverse("second_look", args=[project.pk, look.pk])).status_code == 404


def test_my_work_says_how_many_wait(project, erin, look):
    assert "to look at again" in client_of(erin).get(reverse("home")).content.decode()


def test_what_is_no_longer_asked_waits_no_more(project, ada, look):
    assert looking_again.drop(project=project, by=ada, source="round 1") == 1
    assert not SecondLook.objects.open().exists()
