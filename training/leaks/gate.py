"""Before every round: has all that it learns from been compared with all that is held out, and is it apart?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.core.exceptions import ValidationError

from annotation import parts
from annotation.models import Project
from annotation.tasks import ring_after_commit
from annotation.texts import counted
from training.freezing.datasets import clip
from training.leaks import comparing, held_out
from training.models import Adapter, DatasetVersion, HeldOutText, Leak, LeakCheck

AT_ONCE = 1_000_000  # rows times held-out texts; about a second, which a request may take
NAMED = 3


def learned_from(version: DatasetVersion, *adapters: Adapter | None) -> list[DatasetVersion]:
    """What a round would learn from, and what the adapters it builds on have learned from, oldest last."""
    found = {version.pk: version}
    for adapter in adapters:
        while adapter:
            round = adapter.round
            found.setdefault(round.dataset_version_id, round.dataset_version)
            for taught in learned_from(round.dataset_version, round.reward_adapter):
                found.setdefault(taught.pk, taught)
            adapter = round.parent_adapter
    # What has gone from this machine cannot be compared any more; what comparing it found before still counts.
    return [each for each in found.values() if each == version or each.directory.is_dir() or each.leaks.exists()]


def look(version: DatasetVersion) -> LeakCheck:
    """Have the version compared with whatever is held out by now: at once when that is little, else by the worker."""
    held_out.sync(version.project)
    check, _made = LeakCheck.objects.get_or_create(version=version, defaults={"project": version.project})
    if is_compared(check):
        return check
    check.again()
    if _much(check):
        ring_after_commit(check)
        return check
    return parts.run(check, comparing.do)


def look_again(project: Project) -> None:
    """When something new is held out: what rounds learned from and may learn from next is compared with it."""
    versions = project.dataset_versions.order_by("-created_at")
    newest = {version.kind: version for version in reversed(versions)}
    for version in dict.fromkeys([*newest.values(), *versions.filter(rounds__isnull=False).distinct()]):
        if version.directory.is_dir():
            look(version)


def is_compared(check: LeakCheck) -> bool:
    """With all that is held out by now."""
    return check.compared_at is not None and check.up_to >= check.project.held_out_texts.newest()


def _much(check: LeakCheck) -> bool:
    texts = HeldOutText.objects.filter(project=check.project_id, pk__gt=check.up_to).count()
    return texts * (check.version.train_rows + check.version.validation_rows) > AT_ONCE


def waits_for(version: DatasetVersion, *adapters: Adapter | None) -> list[LeakCheck]:
    """Comparisons that a round with these has to wait for; asks nobody to make them."""
    versions = learned_from(version, *adapters)
    known = {check.version_id: check for check in LeakCheck.objects.filter(version__in=versions)}
    there = [each for each in versions if each == version or each.directory.is_dir()]
    checks = (known.get(each.pk) or LeakCheck(version=each, project=each.project) for each in there)
    return [check for check in checks if not is_compared(check)]


def settle(version: DatasetVersion, *adapters: Adapter | None) -> bool:
    """The worker's first step of a round: compare what is not compared yet. False while another worker does that."""
    for each in learned_from(version, *adapters):
        if each != version and not each.directory.is_dir():
            continue
        held_out.sync(each.project)
        check, _made = LeakCheck.objects.get_or_create(version=each, defaults={"project": each.project})
        if is_compared(check):
            continue
        check.again()
        if parts.run(check, comparing.do).is_unfinished:
            return False
    return True


def admit(version: DatasetVersion, *adapters: Adapter | None) -> str:
    """Just before a round begins: why it may not, or nothing."""
    settle(version, *adapters)
    waiting = waits_for(version, *adapters)
    if waiting:
        problem = waiting[0].problem or "It is being compared at this moment."
        return f"{waiting[0].version} could not be compared with what is held out. {problem} Try it again."
    return refusal(version, learned_from(version, *adapters))


def refuse(version: DatasetVersion, *adapters: Adapter | None) -> None:
    """Held-out prompts that training has seen would make every later number a lie.

    What is not compared yet does not refuse: the round waits for it.
    """
    versions = learned_from(version, *adapters)
    for each in versions:
        if each == version or each.directory.is_dir():
            look(each)
    problem = refusal(version, versions)
    if problem:
        raise ValidationError({"dataset_version": [problem]})


def refusal(version: DatasetVersion, versions: list[DatasetVersion]) -> str:
    """Why no round may learn from these; empty where they are apart, as far as they have been compared."""
    for each in versions:
        if each.leaks.exists():
            return _own(each) if each == version else _inherited(each)
    return ""


def _own(version: DatasetVersion) -> str:
    return (
        f"{version} holds what the evaluation also asks, so its results would mean nothing. {_named(version)} "
        "Freeze again without these rows, on the page of this version, and use the new one."
    )


def _inherited(version: DatasetVersion) -> str:
    return (
        f"What this round would build on has learned from {version}, which holds what the evaluation also asks, so "
        f"its results would mean nothing. {_named(version)} Start from the base model, or from an adapter that did "
        "not learn from these rows."
    )


def _named(version: DatasetVersion) -> str:
    rows = version.leaks.values("row_id").distinct().count()
    worst = version.leaks.worst_first().select_related("held_out")[:NAMED]
    more = f" {counted(rows, 'row')} in all." if rows > NAMED else ""
    return " ".join(_sentences(worst)) + more


def _sentences(leaks: Iterable[Leak]) -> Iterator[str]:
    for leak in leaks:
        yield f"{sentence(leak)} “{clip(leak.passage or leak.text)}”"


def sentence(leak: Leak) -> str:
    theirs = f"held-out {leak.held_out}" + (" (its reference)" if leak.against == Leak.Against.REFERENCE else "")
    ours = leak.name if leak.place != Leak.Place.RESPONSE else f"The response to {leak.name}"
    if leak.kind == Leak.Kind.PASSAGE:
        return f"{ours} has a passage in common with {theirs}:"
    alike = "the same as" if leak.kind == Leak.Kind.EXACT else f"{leak.similarity:.0%} the same as"
    if leak.place == Leak.Place.TEXT:
        alike = "all of" if leak.kind == Leak.Kind.EXACT else f"{leak.similarity:.0%} of"
        return f"“{ours}” holds {alike} {theirs}:"
    return f"{ours} is {alike} {theirs}:"
