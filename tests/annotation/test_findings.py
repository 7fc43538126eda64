"""What people decide about findings: kept, undoable, never in the texts, and nobody sees what is not for them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.actions import Refused, cleaning
from annotation.cleaning_runs import cleanable
from annotation.cleaning_runs.cleaned import Cleaned
from annotation.models import Assignment, BulkDecision, Finding, FindingDecision, Project, Prompt
from tests import factories
from tests.annotation.cleaning_house import ANSWER, INPUT, email_of, furnished, run
from training.actions import freeze
from training.freezing import datasets

pytestmark = pytest.mark.django_db
Status = Finding.Status


@pytest.fixture
def made(project: Project, ada: User, erin: User) -> dict[str, Any]:
    rows = furnished(project, erin)
    run(project, ada, ["email", "phone", "ssn"])
    return rows


def test_a_decision_is_kept_and_can_be_taken_back(made: dict[str, Any], erin: User, rita: User) -> None:
    found = email_of(made["taught"])
    cleaning.decide(finding=found, act="confirm", by=erin, replacement="the client's address")
    with pytest.raises(Refused, match="in the meantime"):
        cleaning.decide(finding=Finding.objects.get(pk=found.pk), act="dismiss", by=rita)
    assert (found.status, found.replacement, found.decided_by) == ("confirmed", "the client's address", erin)
    cleaning.undo(finding=found, by=rita)
    assert (found.status, found.replacement, found.decided_by) == ("open", found.proposed, None)
    with pytest.raises(Refused, match="nothing to take back"):
        cleaning.undo(finding=found, by=rita)
    history = FindingDecision.objects.filter(finding=found).values_list("act", "by__username")
    assert list(history) == [("confirm", "erin"), ("undo", "rita")]


def test_all_of_a_kind_at_once_and_back(made: dict[str, Any], project: Project, erin: User, rita: User) -> None:
    everything = Finding.objects.filter(kind="email").count()
    with pytest.raises(Refused, match=f"There are {everything}"):
        cleaning.decide_all(project=project, kind="email", act="confirm", by=rita, expected=1)
    single = email_of(made["taught"])
    cleaning.decide(finding=single, act="dismiss", by=erin)
    bulk = cleaning.decide_all(project=project, kind="email", act="confirm", by=rita)
    assert (bulk.status, bulk.done) == ("done", everything - 1)
    cleaning.undo_all(bulk=bulk, by=rita)
    assert not Finding.objects.confirmed().exists()
    single.refresh_from_db()
    assert single.status == Status.DISMISSED
    with pytest.raises(Refused, match="already"):
        cleaning.undo_all(bulk=BulkDecision.objects.get(pk=bulk.pk), by=rita)


def test_an_expert_decides_only_what_is_for_them(
    made: dict[str, Any], project: Project, erin: User, eve: User, sign_in: Any
) -> None:
    fields = {each.field for each in cleaning.visible(project, eve, "expert")}
    assert fields == {"input"}
    assert {each.field for each in cleaning.visible(project, erin, "expert")} == {"input", "response"}
    hidden = Finding.objects.filter(for_seniors=True, author=None)
    assert {each.field for each in hidden} == {"reference", "input", "candidate"}
    client = sign_in(eve)
    for each in hidden:
        address = reverse("finding", args=[project.pk, each.pk])
        assert client.get(address).status_code == 404
        assert client.post(address, {"act": "confirm"}).status_code == 404
    pages = [reverse("findings", args=[project.pk]), f"{reverse('findings', args=[project.pk])}?kind=email"]
    pages += [
        reverse("finding", args=[project.pk, email_of(made["taught"]).pk]),
        reverse("cleaning", args=[project.pk]),
    ]
    for page in pages:
        text = client.get(page).content.decode()
        assert "rosa.diaz" not in text
        assert ANSWER[:20] not in text
    bulk = cleaning.decide_all(project=project, kind="email", act="confirm", by=eve)
    assert bulk.done == 1
    assert not Finding.objects.filter(for_seniors=True).confirmed().exists()


def test_frozen_rows_are_cleaned_and_undo_brings_them_back(
    made: dict[str, Any], project: Project, ada: User, rita: User
) -> None:
    other = factories.prompt(project, input="Nothing personal here.")
    factories.demonstration(other, rita, text="Nothing here either.")
    plain = freeze(project=project, kind="demonstrations", by=ada)
    assert "cleaning" not in plain.statistics
    for kind in ("email", "ssn", "phone"):
        if Finding.objects.filter(kind=kind).open().exists():
            cleaning.decide_all(project=project, kind=kind, act="confirm", by=rita)
    version = freeze(project=project, kind="demonstrations", by=ada)
    rows = datasets.training_rows(version) + datasets.validation_rows(version)
    said = "\n".join(str(row) for row in rows)
    instead = email_of(made["taught"]).replacement
    assert "denise.okafor@gmail.com" not in said
    assert said.count(str(instead)) == 2  # in the prompt and in the response, the same
    assert version.statistics["cleaning"]["changed"] == 1
    for bulk in BulkDecision.objects.filter(undoes=None):
        cleaning.undo_all(bulk=bulk, by=rita)
    assert freeze(project=project, kind="demonstrations", by=ada).sha256 == plain.sha256
    made["taught"].refresh_from_db()
    assert made["taught"].input == INPUT


def test_a_text_found_to_be_a_double_is_left_out(project: Project, ada: User, erin: User) -> None:
    text = "The tenant has thirty days from the fifth of March to bring the claim before the court."
    for number in range(3):
        prompt = factories.prompt(project, instruction="Sum up.", input=text if number else f"Another matter. {text}")
        factories.demonstration(prompt, erin, text=f"Answer {number}.")
    run(project, ada, ["duplicate"])
    double = Finding.objects.get(kind="duplicate")
    cleaning.decide(finding=double, act="confirm", by=ada)
    version = freeze(project=project, kind="demonstrations", by=ada)
    assert version.train_rows + version.validation_rows == 2
    assert version.statistics["cleaning"]["left_out_by_kind"] == {"duplicate": 1}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["confirm", "dismiss", "undo", "all", "back"]), st.integers(0, 9)), max_size=9)
)
def test_any_sequence_gives_what_deciding_from_scratch_gives(
    made: dict[str, Any], project: Project, rita: User, acts: list[tuple[str, int]]
) -> None:
    for found in Finding.objects.exclude(status=Status.OPEN):
        cleaning.undo(finding=found, by=rita)
    rows = list(Finding.objects.order_by("pk"))
    for act, number in acts:
        found = Finding.objects.get(pk=rows[number % len(rows)].pk)
        try:
            if act == "all":
                cleaning.decide_all(project=project, kind=found.kind, act="confirm", by=rita)
            elif act == "back":
                cleaning.undo_all(bulk=BulkDecision.objects.filter(undoes=None).latest("created_at"), by=rita)
            elif act == "undo":
                cleaning.undo(finding=found, by=rita)
            else:
                cleaning.decide(finding=found, act=act, by=rita)
        except (Refused, BulkDecision.DoesNotExist):
            continue
    answer, prompt = made["answer"], made["taught"]
    answer.refresh_from_db()
    prompt.refresh_from_db()
    assert (answer.text, prompt.input) == (ANSWER, INPUT)
    confirmed = {
        (each.field, each.start, each.end, each.replacement)
        for each in Finding.objects.confirmed().filter(item__in=[answer.pk, prompt.pk])
    }
    cleaned = Cleaned.of(project, [answer.pk, prompt.pk])
    for row in (answer, prompt):
        for field, text in cleanable.texts_of(row).items():
            expected = text
            for name, start, end, instead in sorted(confirmed, key=lambda each: -each[1]):
                if name == field:
                    expected = expected[:start] + str(instead) + expected[end:]
            assert cleaned.text(row.pk, field, text) == expected


def test_pages_lead_from_one_to_the_next(made: dict[str, Any], project: Project, rita: User, sign_in: Any) -> None:
    client = sign_in(rita)
    listed = client.get(f"{reverse('findings', args=[project.pk])}?kind=email").content.decode()
    assert "denise.okafor@gmail.com" in listed
    first = Finding.objects.filter(kind="email").order_by("pk")[0]
    address = f"{reverse('finding', args=[project.pk, first.pk])}?kind=email"
    page = client.get(address).content.decode()
    assert '<mark class="found"' in page
    assert str(first.replacement) in page
    answer = client.post(address, {"act": "confirm", "replacement": "somebody"}, follow=True)
    assert "Confirmed." in answer.content.decode()
    assert "Take it back" in answer.content.decode()
    first.refresh_from_db()
    assert (first.status, first.replacement) == ("confirmed", "somebody")
    again = client.post(address, {"act": "dismiss"})
    assert again.status_code == 409
    client.post(address, {"act": "undo"})
    first.refresh_from_db()
    assert first.status == Status.OPEN


def test_what_changed_since_is_said_to_be_outdated(
    made: dict[str, Any], project: Project, rita: User, sign_in: Any
) -> None:
    found = Finding.objects.get(demonstration=made["answer"], kind="email")
    cleaning.decide(finding=found, act="confirm", by=rita)
    made["answer"].text = "Rewritten."
    made["answer"].save()
    page = sign_in(rita).get(reverse("finding", args=[project.pk, found.pk])).content.decode()
    assert "This finding is outdated." in page
    assert Cleaned.of(project).text(made["answer"].pk, "response", "Rewritten.") == "Rewritten."


def test_glossary_and_patterns_are_kept_and_unsafe_ones_refused(project: Project, ada: User, sign_in: Any) -> None:
    client, address = sign_in(ada), reverse("glossary", args=[project.pk])
    client.post(address, {"action": "term", "preferred": "Landlord", "variants": "lessor\nproperty owner"})
    client.post(address, {"action": "pattern", "name": "Client number", "expression": r"KL-\d{4}"})
    assert client.post(address, {"action": "pattern", "name": "Bad", "expression": "(a+)+b"}).status_code == 422
    assert (project.glossary.count(), project.text_patterns.count()) == (1, 1)
    prompt = factories.prompt(project, input="The lessor of KL-4711 asks.")
    run(project, ada, ["term", "pattern"])
    assert {each.words for each in Finding.objects.filter(prompt=prompt)} == {"lessor", "KL-4711"}
    client.post(address, {"action": "remove_term", "which": project.glossary.get().pk})
    assert not project.glossary.exists()


def test_a_changed_stand_in_is_proposed_for_the_same_words_of_the_group(
    made: dict[str, Any], project: Project, rita: User
) -> None:
    factories.prompt(project, input="Elsewhere: denise.okafor@gmail.com.", group="other")
    same = factories.prompt(project, input="Again: denise.okafor@gmail.com.", group="okafor")
    run(project, rita, ["email"])
    others = Finding.objects.filter(kind="email", words="denise.okafor@gmail.com").exclude(prompt=made["taught"])
    first = email_of(made["taught"])
    cleaning.decide(finding=first, act="confirm", by=rita, replacement="the client")
    carried = others.filter(replacement="the client", status=Status.OPEN)
    assert carried.exclude(proposed="the client").count() == others.count() - 1 >= 3
    assert not carried.filter(prompt__group="other").exists()
    cleaning.decide(finding=email_of(same), act="confirm", by=rita)
    assert email_of(same).replacement == "the client"
    cleaning.undo(finding=first, by=rita)
    assert list(others.filter(replacement="the client").values_list("prompt", flat=True)) == [same.pk]


def test_prompts_kept_for_others_are_not_shown_to_an_expert(
    made: dict[str, Any], project: Project, ada: User, erin: User, eve: User, rita: User, sign_in: Any
) -> None:
    text = "The tenant has thirty days from the fifth of March to bring the claim of quinta.ruiz@gmail.com."
    kept = factories.prompt(project, input=text)
    double = factories.prompt(project, input=text.upper())
    Prompt.objects.filter(pk=kept.pk).update(assignment=Assignment.of(project, [erin.pk], []))
    run(project, ada, ["email", "duplicate"])
    found = email_of(kept)
    address = reverse("finding", args=[project.pk, found.pk])
    whole = Finding.objects.get(prompt=double, kind="duplicate")
    for person, status in ((erin, 200), (rita, 200), (eve, 404)):
        client = sign_in(person)
        assert client.get(address).status_code == status
        listed = client.get(f"{reverse('findings', args=[project.pk])}?kind=email").content.decode()
        assert ("quinta.ruiz" in listed) == (status == 200)
        page = client.get(reverse("finding", args=[project.pk, whole.pk])).content.decode()
        assert ("quinta.ruiz" in page) == (status == 200)
    assert client.post(address, {"act": "confirm"}).status_code == 404
    cleaning.decide_all(project=project, kind="email", act="confirm", by=eve)
    assert email_of(kept).status == Status.OPEN
