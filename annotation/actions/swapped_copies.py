"""Swapped copies: proposed by the machine, approved, changed or dismissed by people, and each decision undone."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused
from annotation.actions.importing import last_position
from annotation.bias import swapping
from annotation.models import Demonstration, Event, Guidelines, Prompt, Revision, Split, SwappedCopy

State = SwappedCopy.State
CHANGED = "The original was changed, or is no longer approved, since this copy was proposed. Dismiss it."
HELD_OUT = "The original is held out by now, so a copy of it may not be taught. Dismiss it."


class Act(models.TextChoices):
    APPROVE = "approve", "Approve"
    DISMISS = "dismiss", "Dismiss"
    UNDO = "undo", "Take a decision back"


def propose(
    originals: Sequence[Demonstration],
    kind: str,
    *,
    roles: Sequence[Sequence[str]] = (),
    origins: Sequence[str] = (),
    source: str = "",
    most: int = 1_000,
) -> int:
    """Of those that have no copy of this kind yet; how many are new. An open copy of an older text gives way."""
    versions = {each.pk: each.version for each in originals}
    there: set[UUID] = set()
    for copy in SwappedCopy.objects.filter(original__in=list(versions), kind=kind):
        if copy.state == State.OPEN and copy.original_version != versions[copy.original_id]:
            copy.delete()
        else:
            there.add(copy.original_id)
    made = [_copy(each, kind, roles, origins, source) for each in originals if each.pk not in there]
    return len(SwappedCopy.objects.bulk_create([copy for copy in made if copy][:most], batch_size=200))


def _copy(
    original: Demonstration, kind: str, roles: Sequence[Sequence[str]], origins: Sequence[str], source: str
) -> SwappedCopy | None:
    """None where there is nobody to exchange."""
    prompt = original.prompt
    texts = [prompt.instruction, prompt.input, original.text, *prompt.said_before]
    swapped = swapping.swap(texts, kind, roles=roles or swapping.ROLE_PAIRS, origins=origins)
    if list(swapped.texts) == texts:
        return None
    instruction, given, text, *said = swapped.texts
    return SwappedCopy(
        project_id=prompt.project_id,
        original=original,
        original_version=original.version,
        kind=kind,
        instruction=instruction,
        input=given,
        history=[{**turn, "content": content} for turn, content in zip(prompt.history, said, strict=True)],
        text=text,
        doubts=swapped.doubts,
        source=source,
    )


def decide(*, copy: SwappedCopy, act: str, by: User, **said: str) -> None:
    """`said`: the texts that are approved, or the reason for which it is dismissed."""
    if act == Act.APPROVE:
        approve(copy=copy, by=by, **said)
    elif act == Act.DISMISS:
        dismiss(copy=copy, by=by, **said)
    else:
        undo(copy=copy, by=by)


def approve(*, copy: SwappedCopy, by: User, instruction: str, input: str, text: str) -> Prompt:
    """As it was proposed or as it is given here: a prompt of its own in its original's split and group."""
    with transaction.atomic():
        queues.lock(copy.project)
        original = Demonstration.objects.select_related("prompt").get(pk=copy.original_id)
        if original.status != Demonstration.Status.APPROVED or original.version != copy.original_version:
            raise Refused(CHANGED)
        if original.prompt.split == Split.EVALUATION:
            raise Refused(HELD_OUT)
        changed = (instruction, input, text) != (copy.instruction, copy.input, copy.text)
        copy.instruction, copy.input, copy.text = instruction, input, text
        _settle(copy, by, State.APPROVED)
        prompt = _prompt(copy, original.prompt)
        response = _response(copy, prompt, by)
        copy.prompt = prompt
        copy.save(update_fields=["prompt", "instruction", "input", "text"])
        Revision.objects.create(demonstration=response, text=text, status=response.status, created_by=by)
        Prompt.objects.filter(pk=prompt.pk).recount_answers()
        verb = "changed and approved a swapped copy" if changed else "approved a swapped copy"
        Event.record(verb, copy, by=by, project=copy.project, original=str(original.pk), prompt=str(prompt.pk))
    return prompt


def _prompt(copy: SwappedCopy, original: Prompt) -> Prompt:
    """Where the original has no group its text stands for one: the copy joins it, so that no freezing parts them."""
    prompt = copy.prompt or Prompt(project=copy.project, position=last_position(copy.project) + 1, answers_needed=0)
    prompt.instruction, prompt.input, prompt.history = copy.instruction, copy.input, copy.history
    prompt.group = original.group or original.text_sha256[:16]
    prompt.split, prompt.task_type, prompt.difficulty = original.split, original.task_type, original.difficulty
    prompt.save()
    return prompt


def _response(copy: SwappedCopy, prompt: Prompt, by: User) -> Demonstration:
    now = timezone.now()
    response = prompt.demonstrations.first() or Demonstration(prompt=prompt)
    response.author, response.reviewed_by = by, by
    response.status, response.origin = Demonstration.Status.APPROVED, Demonstration.Origin.SWAPPED
    response.text, response.compared = copy.text, False
    response.guidelines = Guidelines.objects.filter(project=copy.project).order_by("-version").first()
    response.submitted_at = response.reviewed_at = now
    response.version += 1
    response.save()
    return response


def dismiss(*, copy: SwappedCopy, by: User, reason: str) -> None:
    with transaction.atomic():
        _settle(copy, by, State.DISMISSED, reason)
        Event.record("dismissed a swapped copy", copy, by=by, project=copy.project, reason=reason)


def undo(*, copy: SwappedCopy, by: User) -> None:
    """Open again. The response of an approved one is a draft then, which no new version takes in."""
    with transaction.atomic():
        queues.lock(copy.project)
        decided = SwappedCopy.objects.filter(pk=copy.pk).exclude(state=State.OPEN)
        if not decided.update(state=State.OPEN, reason="", decided_by=None, decided_at=None):
            raise Refused("Nobody has decided on this copy.")
        if copy.prompt_id:
            rows = Demonstration.objects.filter(prompt=copy.prompt_id, origin=Demonstration.Origin.SWAPPED)
            rows.update(status=Demonstration.Status.DRAFT, submitted_at=None, reviewed_at=None, reviewed_by=None)
            Prompt.objects.filter(pk=copy.prompt_id).recount_answers()
        Event.record("took a decision on a swapped copy back", copy, by=by, project=copy.project)
    copy.refresh_from_db()


def _settle(copy: SwappedCopy, by: User, state: str, reason: str = "") -> None:
    open_ = SwappedCopy.objects.open().filter(pk=copy.pk)
    if not open_.update(state=state, reason=reason, decided_by=by, decided_at=timezone.now()):
        raise Refused("Somebody has decided on this copy already.")
    copy.state = state
