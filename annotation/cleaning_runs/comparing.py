"""What only two texts together show: the same words, nearly the same, or answers that cannot both be right."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from annotation.checks import similar
from annotation.cleaning import Cleaners, Contradictions, Duplicates, Found, NearDuplicates
from annotation.cleaning_runs import cleanable
from annotation.cleaning_runs.cleanable import Subject
from annotation.models import Demonstration, Document, Project, Prompt

COMPARED = ("prompt", "demonstration", "document")  # candidates are meant to be like one another
WRITTEN_AT_ONCE = 200


@dataclass(frozen=True)
class Alike:
    """`kept_from_experts`: the other one is not for them."""

    subject: Subject
    found: Found
    other: str
    kept_from_experts: bool


def compared(
    project: Project, scopes: Collection[str], kinds: Collection[str], cleaners: Cleaners | None
) -> Iterator[tuple[int, list[Alike]]]:
    """Of each part, how many rows it has and what they are found to be like."""
    same = {of: Duplicates() for of in COMPARED}
    near = {of: NearDuplicates() for of in COMPARED}
    answers: dict[str, str] = {}
    against = Contradictions(lambda key: answers.get(key) or _answer(key))
    for subjects, _mark in cleanable.read(project, scopes):
        answers = {subject.key: subject.whole for subject in subjects if subject.of == "demonstration"}
        found: list[Alike] = []
        new: list[Subject] = []
        for subject in subjects:
            if subject.of not in COMPARED:
                continue
            first = same[subject.of].first(subject.key, subject.question, subject.whole)
            if first is None:
                new.append(subject)
            elif "duplicate" in kinds:
                found.append(_alike(subject, "duplicate", first, ""))
            if "contradiction" in kinds and subject.of == "demonstration":
                found += _contradictions(against, subject)
        if "near_duplicate" in kinds:
            for subject, signature in _signed(new, cleaners):
                near[subject.of].add(subject.key, signature)
        yield len(subjects), found
    if "near_duplicate" in kinds:
        yield from _near(near)


def _contradictions(against: Contradictions, subject: Subject) -> Iterator[Alike]:
    (field, text) = next(iter(subject.item.texts.items()))
    for each in against.add(subject.key, subject.question, text):
        found = Found(field, each.start, each.end, "contradiction", None, each.note)
        yield Alike(subject, found, each.other, True)


def _alike(subject: Subject, kind: str, other: str, note: str) -> Alike:
    field = {"prompt": "input", "demonstration": "response", "document": "text"}[subject.of]
    field = field if field in subject.item.texts else "instruction"
    return Alike(subject, Found(field, 0, 0, kind, None, note), other, _is_kept(other))


def _is_kept(key: str) -> bool:
    """Whether experts must not see this text."""
    of, _, pk = key.partition(" ")
    return of == "demonstration" or (of == "prompt" and Prompt.objects.held_out().filter(pk=pk).exists())


def _answer(key: str) -> str:
    subject = _subject(key)
    return subject.whole if subject else ""


def _asked_about(subject: Subject) -> str:
    """Of a prompt its input, which the instruction would drown: it is often the same for all."""
    return subject.item.texts.get("input") or subject.whole


def _signed(subjects: list[Subject], cleaners: Cleaners | None) -> Iterator[tuple[Subject, bytes]]:
    by_key = {subject.key: subject for subject in subjects}
    texts = [(key, _asked_about(subject)) for key, subject in by_key.items()]
    if cleaners is None:
        for key, text in texts:
            yield by_key[key], similar.signature(text)
        return
    half = len(texts) // 2 + 1
    for signed in cleaners.signatures([texts[:half], texts[half:]]):
        for key, signature in signed:
            yield by_key[key], signature


def _near(near: dict[str, NearDuplicates]) -> Iterator[tuple[int, list[Alike]]]:
    found: list[Alike] = []
    for kept in near.values():
        for each in kept.found(_both):
            subject = _subject(each.key)
            if subject:
                note = f"{int(100 * each.share)} % of its five-word pieces stand in another one."
                found.append(_alike(subject, "near_duplicate", each.like, note))
            if len(found) == WRITTEN_AT_ONCE:
                yield 0, found
                found = []
    yield 0, found


def _both(one: str, other: str) -> tuple[str, str]:
    first, second = _subject(one), _subject(other)
    return _asked_about(first) if first else "", _asked_about(second) if second else ""


def _subject(key: str) -> Subject | None:
    row = cleanable.row_of(key)
    if isinstance(row, Prompt):
        return cleanable.of_prompt(row)
    if isinstance(row, Demonstration):
        return cleanable.of_demonstration(row, row.prompt)
    if isinstance(row, Document):
        return cleanable.of_document(row)
    return None
