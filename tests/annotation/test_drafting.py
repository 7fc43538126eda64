"""Drafts by the model, for somebody who writes: offered, asked for, taken over, put back."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from annotation import model_side, queues
from annotation.actions import Refused, drafting
from annotation.model_side import Draft, NoDraft
from annotation.models import Demonstration, Event, ModelDraft, Project, Prompt
from tests import factories

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
OWN = "The landlord of Denise Okafor kept her deposit and sent no list of damages."


class Writer:
    """A model that answers when it is told to."""

    def __init__(self) -> None:
        self.answer: Draft | NoDraft | None = None
        self.writes = True
        self.asked: list[str] = []
        self.busy = ""

    def writes_for(self, project: Project) -> bool:
        return self.writes

    def why_not_now(self, project: Project) -> str:
        return self.busy

    def ask(self, *, prompt: Prompt, by) -> str:
        self.asked.append(str(prompt.pk))
        return f"job-{len(self.asked)}"

    def found(self, key: str) -> Draft | NoDraft | None:
        return self.answer


@pytest.fixture
def writer(monkeypatch) -> Writer:
    made = Writer()
    monkeypatch.setattr(model_side._lent, "drafter", made)
    return made


@pytest.fixture
def prompt(project) -> Prompt:
    return factories.prompt(project)


@pytest.fixture
def as_erin(sign_in, erin) -> Client:
    return sign_in(erin)


def at(prompt: Prompt, name: str = "write_draft") -> str:
    return reverse(name, args=[prompt.project_id, prompt.pk])


def ask(client: Client, prompt: Prompt, text: str = OWN, **more):
    return client.post(at(prompt), {"text": text, "action": "ask"}, headers=HTMX, **more)


def test_it_offers_a_draft_only_where_the_project_and_a_model_do(as_erin, prompt, writer) -> None:
    assert "Ask the model for a draft" in as_erin.get(at(prompt, "write")).content.decode()
    Project.objects.update(drafts_by_model="never")
    assert "draft by the model" not in as_erin.get(at(prompt, "write")).content.decode().lower()
    assert "offers no drafts" in ask_refused(as_erin, prompt)
    Project.objects.update(drafts_by_model="at once")
    writer.writes = False
    assert "Ask the model" not in as_erin.get(at(prompt, "write")).content.decode()
    assert writer.asked == []


def ask_refused(client: Client, prompt: Prompt) -> str:
    """As a plain form: the reason is a message on the page."""
    client.post(at(prompt), {"text": OWN, "action": "ask"})
    return client.get(at(prompt, "write")).content.decode()


def test_it_wants_own_words_first_and_no_headings_for_words(as_erin, prompt, writer) -> None:
    headings = "\n".join(f"{heading}:" for heading in factories.SECTIONS)
    refused = ask(as_erin, prompt, headings).content.decode()
    assert "Write 10 words of your own first" in refused
    assert writer.asked == []
    assert "The model is drafting" in ask(as_erin, prompt).content.decode()
    Project.objects.update(drafts_by_model="at once")
    other = factories.prompt(prompt.project)
    assert "The model is drafting" in ask(as_erin, other, "").content.decode()


def test_it_says_why_the_model_cannot_draft_now(as_erin, prompt, writer) -> None:
    writer.busy = "The model cannot draft at the moment."
    assert "cannot draft at the moment" in ask(as_erin, prompt).content.decode()
    assert not ModelDraft.objects.exists()


def test_it_asks_once_and_shows_the_draft_when_it_is_there(as_erin, prompt, writer, erin) -> None:
    ask(as_erin, prompt)
    ask(as_erin, prompt)
    assert len(writer.asked) == 1
    waiting = as_erin.get(at(prompt), headers=HTMX).content.decode()
    assert "every 2s" in waiting
    assert Demonstration.objects.filter(draft_text="").count() == 0
    writer.answer = Draft("The landlord kept the deposit <b>.", "SFT adapter of round 2")
    as_erin.post(at(prompt, "write_save"), {"text": OWN, "version": 0})
    shown = as_erin.get(at(prompt), headers=HTMX).content.decode()
    assert "SFT adapter of round 2" in shown
    assert "&lt;b&gt;" in shown or "&lt;" in shown
    assert "<ins>" in shown, "word by word beside one's own"
    mine = Demonstration.objects.get()
    assert (mine.draft_text, mine.draft_source, mine.origin) == (
        "The landlord kept the deposit <b>.",
        "SFT adapter of round 2",
        "written",
    )


def test_it_waits_for_a_text_that_is_saved_at_the_same_moment(prompt, writer, erin, monkeypatch) -> None:
    """On PostgreSQL: what another request is saving is there once the project's lock is had."""
    drafting.ask(prompt=prompt, by=erin, text=OWN)
    writer.answer = Draft("Drafted words.", "the model")
    monkeypatch.setattr(
        queues, "lock", lambda project: Demonstration.objects.create(prompt=prompt, author=erin, text=OWN, version=1)
    )
    drafting.of(prompt, erin)
    mine = Demonstration.objects.get()
    assert (mine.text, mine.version, mine.draft_text) == (OWN, 1, "Drafted words.")


def test_it_takes_the_draft_over_and_puts_ones_own_back(as_erin, prompt, writer) -> None:
    writer.answer = Draft("Drafted words.", "the model")
    as_erin.post(at(prompt, "write_save"), {"text": OWN, "version": 0})
    ask(as_erin, prompt)
    version = Demonstration.objects.get().version
    form = {"text": f"{OWN} More.", "version": version, "guidelines": 1}
    as_erin.post(at(prompt, "write"), {**form, "action": "take draft"})
    mine = Demonstration.objects.get()
    assert (mine.text, mine.origin) == ("Drafted words.", "drafted")
    assert "Put my own text back" in as_erin.get(at(prompt, "write")).content.decode()
    back = {"text": "Drafted words.", "version": mine.version, "guidelines": 1, "action": "put back"}
    as_erin.post(at(prompt, "write"), back)
    mine.refresh_from_db()
    assert (mine.text, mine.origin, mine.draft_text) == (f"{OWN} More.", "written", "Drafted words.")
    assert Event.objects.filter(verb="took the model's draft over").exists()


def test_it_takes_nothing_over_that_is_not_there_nor_over_a_newer_text(as_erin, prompt, writer, erin) -> None:
    form = {"text": OWN, "version": 0, "guidelines": 1, "action": "take draft"}
    assert as_erin.post(at(prompt, "write"), form).status_code == 409
    writer.answer = Draft("Drafted words.", "the model")
    as_erin.post(at(prompt, "write_save"), {"text": OWN, "version": 0})
    ask(as_erin, prompt)
    Demonstration.objects.update(text="Typed elsewhere", version=9)
    refused = as_erin.post(at(prompt, "write"), {**form, "text": "Typed here", "version": 1})
    assert refused.status_code == 409
    assert "Typed elsewhere" in refused.content.decode()
    assert Demonstration.objects.get().text == "Typed elsewhere"
    with pytest.raises(Refused):
        drafting.put_back(prompt=prompt, by=erin, text="x", version=9)


def test_it_says_that_a_draft_failed_and_lets_one_ask_again(as_erin, prompt, writer) -> None:
    ask(as_erin, prompt)
    writer.answer = NoDraft("The model could not write a draft.")
    shown = as_erin.get(at(prompt), headers=HTMX).content.decode()
    assert "could not write a draft" in shown
    assert "Ask the model for a draft" in shown
    writer.answer = None
    ask(as_erin, prompt)
    assert len(writer.asked) == 2


def test_it_shows_a_draft_to_who_asked_and_the_reviewer_what_became_of_it(
    as_erin, prompt, writer, erin, rita, eve
) -> None:
    factories.demonstration(
        prompt, erin, status="submitted", version=1, text="Denise left.", draft_text="Dennis left.", draft_source="M 7"
    )
    client = Client()
    client.force_login(rita)
    shown = client.get(reverse("approve", args=[prompt.project_id, Demonstration.objects.get().pk])).content.decode()
    assert "Begun from a draft by M 7" in shown
    assert "<del>Dennis</del>" in shown
    client.force_login(eve)
    assert "Dennis" not in client.get(at(prompt), headers=HTMX).content.decode()
