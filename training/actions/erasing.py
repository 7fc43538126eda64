from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotation.actions import Refused
from annotation.models import Event, Project, name_of
from annotation.tasks import ring_after_commit
from training.models import Adapter, DatasetVersion, Erasure

NOT_FOUND = {
    Erasure.Kind.GROUP: "There is no prompt and no text of this group. Write it as the prompts carry it.",
    Erasure.Kind.ANNOTATOR: "Nobody with this user name has worked in this project.",
}


def look_for(*, project: Project, kind: str, name: str, by: User) -> Erasure:
    """Queue the search for everything that concerns somebody. Nothing is erased by it."""
    name, person = name.strip(), None
    if kind == Erasure.Kind.ANNOTATOR:
        person = User.objects.filter(username=name).first()
        if person is None or not _worked_here(project, person):
            raise ValidationError({"name": NOT_FOUND[Erasure.Kind.ANNOTATOR]})
    if kind == Erasure.Kind.GROUP and not _is_group(project, name):
        raise ValidationError({"name": NOT_FOUND[Erasure.Kind.GROUP]})
    if kind == Erasure.Kind.PERSON and len(name) < 3:
        raise ValidationError({"name": "Write the whole name: this is found in too many words."})
    with transaction.atomic():
        made = Erasure.objects.create(project=project, kind=kind, name=name, person=person, created_by=by)
        Event.record("looked for somebody's texts", made, by=by, project=project, kind=kind)
        ring_after_commit(made)
    return made


def _worked_here(project: Project, person: User) -> bool:
    mine = (
        project.memberships.filter(user=person),
        project.demonstrations.filter(author=person),
        person.rankings.filter(project=project),
    )
    return any(rows.exists() for rows in mine)


def _is_group(project: Project, name: str) -> bool:
    frozen = DatasetVersion.objects.filter(project=project, rows__group=name)
    places = (project.prompts.filter(group=name), project.documents.filter(group=name), frozen)
    return any(rows.exists() for rows in places)


def erase(*, erasure: Erasure, typed: str, by: User) -> Erasure:
    """Begin to take out what was found; `typed` is the name once more."""
    if typed.strip() != erasure.name:
        raise ValidationError({"typed": "This is not the name. Type it as it stands above."})
    with transaction.atomic():
        queued = Erasure.objects.filter(pk=erasure.pk, stage=Erasure.Stage.LOOK, status=Erasure.Status.DONE).update(
            stage=Erasure.Stage.ERASE,
            status=Erasure.Status.QUEUED,
            created_by=by,
            done=0,
            total=None,
            state={},
            finished_at=None,
        )
        if not queued:
            raise Refused("This has begun already, or is still being looked for.")
        erasure.refresh_from_db()
        Event.record("began to erase texts", erasure, by=by, project=erasure.project, kind=erasure.kind)
        ring_after_commit(erasure)
    return erasure


def resume_erasing(*, erasure: Erasure, by: User) -> Erasure:
    with transaction.atomic():
        if not erasure.resume():
            raise Refused("Only what failed or was stopped can go on.")
        Event.record("went on erasing texts", erasure, by=by, project=erasure.project)
        ring_after_commit(erasure)
    return erasure


def forget_search(*, erasure: Erasure, by: User) -> None:
    """What was only looked for, with the name."""
    with transaction.atomic():
        if not Erasure.objects.filter(pk=erasure.pk, stage=Erasure.Stage.LOOK).exists():
            raise Refused("Only a search can be thrown away.")
        Event.record("threw a search away", erasure, by=by, project=erasure.project)
        erasure.delete()


def allow_adapter(*, adapter: Adapter, because: str, by: User) -> Adapter:
    """Somebody decides that it may be used although rows that it learned from were erased."""
    if not because.strip():
        raise ValidationError({"because": "Say why, so that others understand it later."})
    with transaction.atomic():
        allowed = Adapter.objects.filter(pk=adapter.pk, allowed_at=None).exclude(erased_at=None)
        if not allowed.update(allowed_at=timezone.now(), allowed_by=by, allowed_because=because.strip()[:300]):
            raise Refused("There is nothing to decide about this adapter.")
        Event.record("allowed an adapter after an erasure", adapter, by=by, project=adapter.project, said=name_of(by))
    adapter.refresh_from_db()
    return adapter
