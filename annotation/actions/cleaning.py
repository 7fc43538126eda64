"""Starting runs, and what people decide about findings. No text is ever changed here."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from annotation import parts, tasks
from annotation.access import SENIOR
from annotation.actions import Refused
from annotation.cleaning import KINDS, BadPattern, own_pattern
from annotation.cleaning_runs import carrying, cleanable, deciding_all, findings
from annotation.models import (
    BulkDecision,
    CleaningRun,
    Decision,
    Event,
    Finding,
    FindingDecision,
    FindingQuerySet,
    GlossaryTerm,
    Project,
    Scope,
    TextPattern,
)

AT_ONCE = 1_000  # findings that are decided while one waits
LONGEST = 10_000  # characters of a replacement
MOST_VARIANTS = 50
Status = Finding.Status


def visible(project: Project, user: User, role: str | None) -> FindingQuerySet:
    return findings.visible(project, user, role in SENIOR)


# --- Runs ---------------------------------------------------------------------------------------------------------


def start(
    *, project: Project, scopes: Collection[str], kinds: Collection[str], by: User, ring: bool = True
) -> CleaningRun:
    """One at a time: a second would only find the same."""
    if not scopes or set(scopes) - set(Scope.values):
        raise ValidationError({"scopes": "Choose which texts to look at."})
    if not kinds or set(kinds) - set(KINDS):
        raise ValidationError({"kinds": "Choose what to look for."})
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        if project.cleaningruns.unfinished().exists():
            raise Refused("A cleaning run is under way. Wait for its end, or stop it.")
        run = CleaningRun.objects.create(
            project=project,
            scopes=[scope for scope in Scope.values if scope in scopes],
            kinds=[kind for kind in KINDS if kind in kinds],
            created_by=by,
        )
        Event.record("started a cleaning run", run, by=by, project=project, scopes=run.scopes, kinds=run.kinds)
        if ring:
            tasks.ring_after_commit(run)
    return run


def stop(*, run: CleaningRun, by: User) -> None:
    """After the part under way. What it has found stays."""
    with transaction.atomic():
        if not run.ask_to_stop():
            raise Refused("This run is over already.")
        Event.record("stopped a cleaning run", run, by=by, project=run.project)


def resume(*, run: CleaningRun, by: User, ring: bool = True) -> None:
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=run.project_id)
        if run.project.cleaningruns.unfinished().exists():
            raise Refused("A cleaning run is under way. Wait for its end, or stop it.")
        if not run.resume():
            raise Refused("Only a run that was stopped, or could not go on, is taken up again.")
        Event.record("resumed a cleaning run", run, by=by, project=run.project)
        if ring:
            tasks.ring_after_commit(run)


# --- One finding --------------------------------------------------------------------------------------------------


def decide(*, finding: Finding, act: str, by: User, replacement: str | None = None) -> Finding:
    """Confirm or dismiss what is open. `replacement`: what to put there instead of what is proposed."""
    if act not in deciding_all.DECIDED:
        raise ValidationError({"act": "Choose: confirm or dismiss."})
    instead = finding.replacement
    if act == Decision.CONFIRM and finding.replaces:
        instead = _checked(instead if replacement is None else replacement)
    with transaction.atomic():
        if not is_current(finding):
            raise Refused("The text was changed since this was found, so there is nothing to decide any more.")
        rows = Finding.objects.filter(pk=finding.pk, status=Status.OPEN)
        status = deciding_all.DECIDED[Decision(act)]
        if not rows.update(status=status, replacement=instead, decided_by=by, decided_at=timezone.now(), bulk=None):
            raise Refused("Somebody has decided this in the meantime.")
        finding.refresh_from_db()
        FindingDecision.objects.create(finding=finding, act=act, replacement=instead, by=by)
        if act == Decision.CONFIRM:
            carrying.carry(finding)
        Event.record(f"{status} a finding", finding, by=by, project=finding.project, kind=finding.kind)
    return finding


def undo(*, finding: Finding, by: User) -> Finding:
    """Open again, as the machine had proposed it. The decision stays in its history."""
    with transaction.atomic():
        before = Finding.objects.get(pk=finding.pk)
        decided = Finding.objects.filter(pk=finding.pk, status__in=[Status.CONFIRMED, Status.DISMISSED])
        if not decided.reopen():
            raise Refused("This is not decided, so there is nothing to take back.")
        finding.refresh_from_db()
        carrying.take_back(before)
        FindingDecision.objects.create(finding=finding, act=Decision.UNDO, replacement=finding.replacement, by=by)
        Event.record("took a decision on a finding back", finding, by=by, project=finding.project, kind=finding.kind)
    return finding


def _checked(instead: str | None) -> str:
    if instead is None:
        raise ValidationError({"replacement": "Say what should stand there instead."})
    if len(instead) > LONGEST:
        raise ValidationError({"replacement": f"A replacement has {LONGEST:,} characters at most."})
    return instead.replace("\r\n", "\n").replace("\0", "")


def is_current(finding: Finding) -> bool:
    """Whether the text is still the one that it was found in."""
    text = text_of(finding)
    return text is not None and cleanable.hashed(text) == finding.text_sha256


def text_of(finding: Finding) -> str | None:
    """As it is now; None where the field is gone."""
    row = finding.prompt or finding.demonstration or finding.candidate or finding.document
    return cleanable.texts_of(row).get(finding.field) if row else None


# --- Many findings ------------------------------------------------------------------------------------------------


def decide_all(*, project: Project, kind: str, act: str, by: User, expected: int | None = None) -> BulkDecision:
    """All open ones of a kind that this person may see; many are left to the worker. `expected`: as the page said."""
    if kind not in KINDS or act not in deciding_all.DECIDED:
        raise ValidationError({"act": "Choose a kind, and whether to confirm or dismiss."})
    senior = project.role_of(by) in SENIOR
    with transaction.atomic():
        bulk = BulkDecision.objects.create(project=project, kind=kind, act=act, senior=senior, created_by=by)
        number = deciding_all.reached(bulk).count()
        if not number:
            raise Refused("Nothing of this kind is open.")
        if expected is not None and number != expected:
            raise Refused(f"There are {number:,} now, not {expected:,}. Look again.")
        Event.record(f"decided findings: {act}", bulk, by=by, project=project, kind=kind, number=number)
        _begin(bulk, number)
    return _done_at_once(bulk, number)


def undo_all(*, bulk: BulkDecision, by: User) -> BulkDecision:
    """Those of them that are still as this decision left them."""
    if bulk.undoes_id or BulkDecision.objects.filter(undoes=bulk).exists():
        raise Refused("This was taken back already.")
    if bulk.is_unfinished:
        raise Refused("This is still being done. Wait for its end.")
    with transaction.atomic():
        back = BulkDecision.objects.create(
            project=bulk.project, kind=bulk.kind, act=Decision.UNDO, senior=bulk.senior, undoes=bulk, created_by=by
        )
        number = deciding_all.reached(back).count()
        Event.record("took decisions back", back, by=by, project=bulk.project, kind=bulk.kind, number=number)
        _begin(back, number)
    return _done_at_once(back, number)


def _begin(bulk: BulkDecision, number: int) -> None:
    if number > AT_ONCE:
        tasks.ring_after_commit(bulk)


def _done_at_once(bulk: BulkDecision, number: int) -> BulkDecision:
    if number <= AT_ONCE:
        parts.run(bulk, deciding_all.do)
    return bulk


# --- What the project wants -----------------------------------------------------------------------------------------


def add_term(*, project: Project, preferred: str, variants: Collection[str], by: User, note: str = "") -> GlossaryTerm:
    """Or change it, where the project has this preferred form."""
    preferred = " ".join(preferred.split())
    told = list(dict.fromkeys(filter(None, (" ".join(each.split()) for each in variants))))
    told = [each for each in told if each != preferred]
    if not preferred or len(preferred) > 120:
        raise ValidationError({"preferred": "The preferred form has 1 to 120 characters."})
    if len(told) > MOST_VARIANTS or any(len(each) > 120 for each in told):
        raise ValidationError({"variants": f"At most {MOST_VARIANTS} forms, each of at most 120 characters."})
    with transaction.atomic():
        values = {"variants": told, "note": note.strip()[:300]}
        term, _new = project.glossary.update_or_create(preferred=preferred, defaults=values)
        Event.record("changed the glossary", term, by=by, project=project, preferred=preferred, variants=told)
    return term


def remove_term(*, term: GlossaryTerm, by: User) -> None:
    with transaction.atomic():
        Event.record("removed a term", term, by=by, project=term.project, preferred=term.preferred)
        term.delete()


def add_pattern(*, project: Project, name: str, expression: str, by: User) -> TextPattern:
    """Or change it, where the project has one of this name. What could take very long on a text is refused."""
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise ValidationError({"name": "A name has 1 to 60 characters."})
    try:
        own_pattern(name, expression)
    except BadPattern as bad:
        raise ValidationError({"expression": str(bad)}) from None
    with transaction.atomic():
        pattern, _new = project.text_patterns.update_or_create(name=name, defaults={"expression": expression})
        Event.record("changed a pattern", pattern, by=by, project=project, name=name, expression=expression)
    return pattern


def remove_pattern(*, pattern: TextPattern, by: User) -> None:
    with transaction.atomic():
        Event.record("removed a pattern", pattern, by=by, project=pattern.project, name=pattern.name)
        pattern.delete()
