"""A cleaning run as the worker does it: every text once, part by part, nothing twice, nothing changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import parts
from annotation.actions import Refused, cleaning
from annotation.cleaning_runs import cleanable, looking
from annotation.models import CleaningRun, Finding, Project, Scope
from tests import factories
from tests.annotation.cleaning_house import ANSWER, INPUT, email_of, furnished, run

pytestmark = pytest.mark.django_db
Status = Finding.Status


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanable, "AT_ONCE", 3)
    monkeypatch.setattr(looking, "BREATH", 0)


def test_it_finds_what_is_there_and_changes_nothing(project: Project, ada: User, erin: User) -> None:
    made = furnished(project, erin)
    done = run(project, ada)
    emails = Finding.objects.filter(kind="email")
    assert {(each.field, each.for_seniors) for each in emails} == {
        ("input", False),
        ("input", True),  # of the held-out prompt
        ("response", True),
        ("candidate", True),
        ("reference", True),
    }
    found = email_of(made["taught"])
    assert INPUT[found.start : found.end] == found.words == "denise.okafor@gmail.com"
    assert found.replacement not in (None, "", found.words)
    assert done.found == Finding.objects.count()
    made["taught"].refresh_from_db()
    made["answer"].refresh_from_db()
    assert (made["taught"].input, made["answer"].text) == (INPUT, ANSWER)


def test_one_matter_has_the_same_stand_in_everywhere(project: Project, ada: User, erin: User) -> None:
    furnished(project, erin)
    run(project, ada)
    of_denise = Finding.objects.filter(kind="email", words="denise.okafor@gmail.com")
    assert of_denise.count() >= 4
    assert len(set(of_denise.values_list("replacement", flat=True))) == 1


def test_a_second_run_adds_nothing_and_what_is_dismissed_stays_so(project: Project, ada: User, erin: User) -> None:
    made = furnished(project, erin)
    run(project, ada)
    before = Finding.objects.count()
    cleaning.decide(finding=email_of(made["taught"]), act="dismiss", by=erin)
    again = run(project, ada)
    assert (again.found, Finding.objects.count()) == (0, before)
    assert email_of(made["taught"]).status == Status.DISMISSED


def test_what_stood_in_a_text_that_changed_is_outdated(project: Project, ada: User, erin: User) -> None:
    made = furnished(project, erin)
    run(project, ada)
    answer = made["answer"]
    answer.text = f"Anew. {ANSWER}"
    answer.save()
    old = Finding.objects.get(demonstration=answer, kind="email")
    with pytest.raises(Refused, match="was changed"):
        cleaning.decide(finding=old, act="confirm", by=ada)
    run(project, ada)
    assert sorted(Finding.objects.filter(demonstration=answer, kind="email").values_list("status", flat=True)) == [
        "open",
        "outdated",
    ]


def test_it_finds_doubles_and_answers_that_contradict(project: Project, ada: User, erin: User, eve: User) -> None:
    text = "The tenant has thirty days from the fifth of March to bring the claim before the court of the county."
    one = factories.prompt(project, instruction="Is he liable?", input=text)
    factories.prompt(project, instruction="Is he liable?", input=text.upper())
    factories.prompt(project, instruction="Is he liable?", input=f"{text} Please.")
    factories.demonstration(one, erin, text="Yes, he is liable for the rent of March under the lease.")
    other = factories.demonstration(one, eve, text="No, he is not liable for the rent of March under the lease.")
    run(project, ada, ["duplicate", "near_duplicate", "contradiction"])
    found = {each.kind: each for each in Finding.objects.all()}
    assert set(found) == {"duplicate", "near_duplicate", "contradiction"}
    assert found["duplicate"].other == f"prompt {one.pk}"
    assert found["contradiction"].demonstration == other
    assert (found["contradiction"].for_seniors, found["contradiction"].author) == (True, None)


def test_it_stops_after_the_part_in_hand_and_goes_on_from_there(project: Project, ada: User) -> None:
    for _each in range(8):
        factories.prompt(project, input="Call a@gmail.com.")
    made = cleaning.start(project=project, scopes=Scope.values, kinds=["email"], by=ada, ring=False)
    with pytest.raises(Refused, match="under way"):
        cleaning.start(project=project, scopes=Scope.values, kinds=["email"], by=ada)

    def stop(work: CleaningRun) -> None:
        if work.done == 3:
            cleaning.stop(run=CleaningRun.objects.get(pk=work.pk), by=ada)

    parts.run(made, lambda work: looking.do(work, stop))
    made.refresh_from_db()
    assert (made.status, made.done, made.found) == ("stopped", 6, 6)
    cleaning.resume(run=made, by=ada)
    parts.run(made, looking.do)
    made.refresh_from_db()
    assert (made.status, made.done, made.total, Finding.objects.count()) == ("done", 8, 8, 8)


def test_many_texts_are_read_in_processes(project: Project, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "FEW", 5)
    monkeypatch.setattr(cleanable, "AT_ONCE", 4)
    for number in range(9):
        factories.prompt(project, input=f"Call number {number} at a{number}@gmail.com.")
    made: Any = run(project, ada, ["email", "typo", "near_duplicate"])
    assert Finding.objects.filter(kind="email").count() == 9
    assert made.done == made.total == 27
