"""What the writing screen says while one types, and what was approved for similar prompts."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotation import likeness, precedent
from annotation.models import Demonstration, Likeness, Project, Prompt
from tests import factories

pytestmark = pytest.mark.django_db
STORY = " ".join(f"The tenant paid rent number {n} on time and kept every receipt in a blue folder." for n in range(9))


@pytest.fixture
def prompt(project) -> Prompt:
    return factories.prompt(project)


def hints(user, prompt: Prompt, text: str) -> str:
    client = Client()
    client.force_login(user)
    url = reverse("write_hints", args=[prompt.project_id, prompt.pk])
    answer = client.post(url, {"text": text})
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_gives_all_hints_in_one_answer(prompt, erin) -> None:
    Project.objects.update(keywords=["deposit"], language="en", token_limit=64)
    said = hints(erin, prompt, f"Parties: two\nCall (404) 555-0123 now. {STORY}")
    assert "Still missing: <strong>Jurisdiction</strong>" in said
    assert "Not mentioned yet: “deposit”." in said
    assert '<mark class="personal">(404) 555-0123</mark>' in said
    assert "Too long: about" in said
    assert "of 64 tokens, estimated" in said
    german = "Der Mieter hat die Kaution nicht bekommen und wartet seit dem Auszug auf eine Antwort von der Verwaltung."
    assert "This reads like German; the project is in English." in hints(erin, prompt, german)


def test_it_never_keeps_anybody_from_submitting(prompt, sign_in, erin) -> None:
    Project.objects.update(keywords=["deposit"], language="de", token_limit=64)
    data = {"text": f"(404) 555-0123 {STORY}", "version": 0, "guidelines": 1, "action": "submit"}
    assert sign_in(erin).post(reverse("write", args=[prompt.project_id, prompt.pk]), data).status_code == 302


def test_it_shows_hostile_words_as_words(prompt, erin) -> None:
    said = hints(erin, prompt, "<script>x</script> (404) 555-0123 <img src=x>")
    assert "<script>x" not in said
    assert "<img" not in said


# --- Near-duplicates -----------------------------------------------------------------------------------------


def test_it_finds_a_response_that_says_nearly_the_same(project, prompt, erin, eve, rita) -> None:
    other = factories.demonstration(factories.prompt(project, external_id="older"), eve, text=STORY)
    text = STORY.replace("blue folder", "green folder", 1)
    said = hints(erin, prompt, text)
    assert "as the response to older" in said
    link = reverse("precedent", args=[project.pk, prompt.pk, other.pk])
    assert link in said
    other.refresh_from_db()
    assert other.compared
    Demonstration.objects.filter(pk=other.pk).update(status="submitted")
    assert "the response to older" in hints(erin, prompt, text)
    assert link not in hints(erin, prompt, text), "what is not approved is not for other experts to read"
    assert link in hints(rita, prompt, text)


def test_it_says_nothing_of_other_answers_to_the_same_prompt(project, prompt, erin, eve) -> None:
    factories.demonstration(prompt, eve, text=STORY)
    assert "text" not in hints(erin, prompt, STORY).split("tokens")[-1]


def test_it_looks_texts_up_by_their_latest_words_only(project, eve) -> None:
    one = factories.demonstration(factories.prompt(project), eve, text=STORY)
    factories.demonstration(factories.prompt(project), eve, text="", status="draft")
    assert likeness.catch_up(10) == 1
    assert likeness.catch_up(10) == 0
    before = set(Likeness.objects.values_list("band", flat=True))
    assert len(before) == 20
    Demonstration.objects.filter(pk=one.pk).update(text="Something else entirely, in other words.", compared=False)
    assert likeness.catch_up(10) == 1
    assert not before & set(Likeness.objects.values_list("band", flat=True))


def test_it_keeps_projects_apart(project, prompt, erin, oscar) -> None:
    elsewhere = oscar.memberships.get().project
    factories.demonstration(factories.prompt(elsewhere, external_id="secret"), oscar, text=STORY)
    assert "secret" not in hints(erin, prompt, STORY)


# --- Precedents ----------------------------------------------------------------------------------------------


def approved(project, author, words: str, **fields) -> Demonstration:
    prompt = factories.prompt(project, input=words, **{"task_type": "letter", **fields})
    return factories.demonstration(prompt, author, text=f"Answer to {words}")


def test_it_shows_at_most_three_approved_answers_to_similar_prompts(project, erin, eve) -> None:
    for number in range(5):
        approved(project, eve, f"roof leaks since the storm, landlord silent, number {number}")
    approved(project, eve, "divorce and custody of two children")
    factories.demonstration(
        factories.prompt(project, input="roof leaks since the storm unread", task_type="letter"),
        eve,
        status="submitted",
    )
    mine = factories.prompt(project, input="The roof leaks since a storm; the landlord is silent.", task_type="letter")
    found = precedent.precedents(mine)
    assert len(found) == 3
    assert all("roof leaks" in each.demonstration.prompt.input for each in found)
    client = Client()
    client.force_login(erin)
    url = reverse("precedents", args=[project.pk, mine.pk])
    part = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "Answer to roof leaks" in part
    assert "unread" not in part
    assert "<html" not in part
    assert "<html" in client.get(url).content.decode()


def test_it_shows_nothing_of_held_out_prompts_nor_of_other_kinds_of_task(project, eve) -> None:
    words = "roof leaks since the storm, landlord silent"
    held_out = approved(project, eve, words, split="evaluation")
    approved(project, eve, words, task_type="memo")
    mine = factories.prompt(project, input=words, task_type="letter")
    assert precedent.precedents(mine) == []
    client = Client()
    client.force_login(eve)
    assert client.get(reverse("precedents", args=[project.pk, held_out.prompt_id])).status_code == 404
    assert client.get(reverse("precedent", args=[project.pk, mine.pk, held_out.pk])).status_code == 404


def test_it_shows_nothing_of_a_prompt_that_others_are_still_to_answer(project, erin, eve) -> None:
    open_one = approved(project, eve, "roof leaks since the storm, landlord silent", answers_needed=2)
    mine = factories.prompt(project, input="roof leaks since the storm, landlord silent", task_type="letter")
    page = reverse("precedent", args=[project.pk, mine.pk, open_one.pk])
    client = Client()
    client.force_login(erin)
    assert precedent.precedents(mine) == []
    assert client.get(page).status_code == 404
    assert page not in hints(erin, mine, open_one.text)
    factories.demonstration(open_one.prompt, erin, status="submitted")
    assert [each.demonstration for each in precedent.precedents(mine)] == [open_one]
    assert client.get(page).status_code == 200


def test_it_reads_a_bounded_number_of_texts(project, erin, eve, django_assert_num_queries) -> None:
    for number in range(8):
        approved(project, eve, f"roof leaks {number}", group="g")
    mine = Prompt.objects.select_related("project").get(
        pk=factories.prompt(project, input="roof leaks", task_type="letter", group="g").pk
    )
    with django_assert_num_queries(2):
        precedent.precedents(mine)


def test_it_compares_a_precedent_with_ones_own_text(project, prompt, erin, eve) -> None:
    other = approved(project, eve, "roof")
    factories.demonstration(prompt, erin, text="Answer to wall", status="draft")
    client = Client()
    client.force_login(erin)
    page = client.get(reverse("precedent", args=[project.pk, prompt.pk, other.pk])).content.decode()
    assert "<del> roof</del>" in page
    assert "<ins> wall</ins>" in page
