"""A draft by the model, for somebody who writes: asked for, looked at, taken over, put back."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import headings, model_side, queues
from annotation.actions import Refused
from annotation.models import Demonstration, DraftsByModel, Event, ModelDraft, Prompt
from annotation.queues import Conflict
from annotation.texts import words

OWN_WORDS = 10  # of one's own before a draft may be asked for, where the project says "once they have begun"
Origin = Demonstration.Origin


def offered(prompt: Prompt) -> bool:
    """Whether the page speaks of drafts at all."""
    if prompt.project.drafts_by_model == DraftsByModel.NEVER:
        return False
    drafter = model_side.drafter()
    return drafter is not None and drafter.writes_for(prompt.project)


def why_not_yet(prompt: Prompt, text: str) -> str:
    """What must happen before a draft can be asked for, as a sentence; empty when nothing must."""
    drafter = model_side.drafter()
    if drafter is None or not offered(prompt):
        return "This project offers no drafts."
    if prompt.project.drafts_by_model == DraftsByModel.AFTER_OWN and _own_words(prompt, text) < OWN_WORDS:
        return f"Write {OWN_WORDS} words of your own first: a draft that is read first steers what one writes."
    return drafter.why_not_now(prompt.project)


def _own_words(prompt: Prompt, text: str) -> int:
    """Headings that were put in place are not one's own."""
    required = prompt.project.sections
    given = [section.heading for section in headings.sections(text, required)]
    return len(words(text)) - sum(len(words(heading)) for heading in given)


def ask(*, prompt: Prompt, by: User, text: str) -> ModelDraft:
    """Once for each prompt and person; asking again gives the same, unless it had failed."""
    if reason := why_not_yet(prompt, text):
        raise Refused(reason)
    drafter = model_side.drafter()
    assert drafter
    with transaction.atomic():
        queues.lock(prompt.project)
        known = ModelDraft.objects.filter(prompt=prompt, asked_by=by).first()
        if known and not known.refusal:
            return known
        ModelDraft.objects.filter(prompt=prompt, asked_by=by).delete()
        made = ModelDraft.objects.create(prompt=prompt, asked_by=by, key=drafter.ask(prompt=prompt, by=by))
        Event.record("asked the model for a draft", prompt, by=by, project=prompt.project)
    return made


def of(prompt: Prompt, person: User) -> ModelDraft | None:
    """What this person has asked for, with its text as soon as that is there."""
    draft = ModelDraft.objects.filter(prompt=prompt, asked_by=person).first()
    if draft is None or draft.ready_at or draft.refusal:
        return draft
    drafter = model_side.drafter()
    answer = drafter.found(draft.key) if drafter else model_side.NoDraft("No model is in use any more.")
    if isinstance(answer, model_side.NoDraft):
        draft.refusal = answer.reason[:300]
        draft.save(update_fields=["refusal"])
    elif answer:
        draft.text, draft.source, draft.ready_at = answer.text, answer.source[:200], timezone.now()
        with transaction.atomic():
            queues.lock(prompt.project)  # else their page may save its text for the first time between the two below
            draft.save(update_fields=["text", "source", "ready_at"])
            _note_that_it_was_seen(draft, person)
    return draft


def _note_that_it_was_seen(draft: ModelDraft, person: User) -> None:
    """From here on their text may owe something to it, taken over or not."""
    seen = {"draft_text": draft.text, "draft_source": draft.source}
    changed = Demonstration.objects.filter(prompt=draft.prompt_id, author=person).update(**seen)
    if not changed:
        Demonstration.objects.create(prompt_id=draft.prompt_id, author=person, **seen)


def take_over(*, prompt: Prompt, by: User, text: str, version: int) -> Demonstration | Conflict:
    """Put the draft where `text` stands; that is kept, to be put back."""
    return _replace(prompt, by, text, version, taking=True)


def put_back(*, prompt: Prompt, by: User, text: str, version: int) -> Demonstration | Conflict:
    return _replace(prompt, by, text, version, taking=False)


def _replace(prompt: Prompt, by: User, text: str, version: int, *, taking: bool) -> Demonstration | Conflict:
    with transaction.atomic():
        queues.lock(prompt.project)
        draft = ModelDraft.objects.select_for_update().filter(prompt=prompt, asked_by=by).first()
        mine = Demonstration.objects.select_for_update().filter(prompt=prompt, author=by).first()
        if draft is None or mine is None or not draft.ready_at or (draft.taken_at is None) is not taking:
            raise Refused("There is no draft to take over." if taking else "There is no text to put back.")
        if mine.status in (Demonstration.Status.SUBMITTED, Demonstration.Status.APPROVED):
            raise Refused("This response is submitted already.")
        if mine.version != version and mine.text != text:
            return Conflict(mine.version, {"text": mine.text})
        if taking:
            mine.text, mine.origin = draft.text, Origin.DRAFTED
            draft.own_text, draft.taken_at = text, timezone.now()
        else:
            mine.text, mine.origin = draft.own_text, Origin.WRITTEN
            draft.own_text, draft.taken_at = "", None
        mine.version += 1
        mine.save()
        draft.save()
        verb = "took the model's draft over" if taking else "put their own text back"
        Event.record(verb, mine, by=by, project=prompt.project, source=draft.source)
    return mine
