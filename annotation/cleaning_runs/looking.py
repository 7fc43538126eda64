"""The worker's part of a cleaning run: reads every text, and writes down what is found, part by part."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from django.utils.crypto import salted_hmac

from annotation.cleaning import (
    Boilerplate,
    Cleaners,
    Found,
    Item,
    Learnt,
    Settings,
    Term,
    WordCounts,
    check_many,
    learn,
    own_pattern,
)
from annotation.cleaning_runs import cleanable
from annotation.cleaning_runs.cleanable import Mark, Subject
from annotation.cleaning_runs.comparing import Alike, compared
from annotation.cleaning_runs.findings import Ready, ready
from annotation.models import CleaningRun, Project

FEW = 300  # rows: below, starting processes would take longer than the work
BREATH = 0.02  # between two parts: SQLite lets one write at a time, and people save meanwhile
BETWEEN = frozenset({"duplicate", "near_duplicate", "contradiction"})
LEARNED = frozenset({"typo", "boilerplate"})  # what is told of one text by the words of all

Told = Callable[[CleaningRun], None]


def nothing(work: CleaningRun) -> None:
    pass


def do(work: CleaningRun, told: Told = nothing) -> None:
    """`told` is called after each part, for who waits for it."""
    rows = cleanable.count(work.project, work.scopes)
    passes = [bool(LEARNED.intersection(work.kinds)), True, bool(BETWEEN.intersection(work.kinds))]
    with work.part():
        work.total = rows * sum(passes)
    many = rows >= FEW
    learned = _learn(work, many) if passes[0] else _Learned()
    settings = replace(
        settings_of(work.project, frozenset(work.kinds) - BETWEEN, learned.words.known()),
        passages=learned.passages.often(),
    )
    if not work.state.get("looked"):
        _look(work, settings, many, rows if passes[0] else 0, told)
    if passes[2]:
        _compare(work, many, rows * (passes[0] + 1), told)


def settings_of(project: Project, kinds: frozenset[str], known: dict[str, int] | None = None) -> Settings:
    return Settings(
        secret=salted_hmac("annotation.stand-ins", str(project.pk), algorithm="sha256").hexdigest(),
        kinds=kinds,
        glossary=[Term(term.preferred, tuple(term.variants)) for term in project.glossary.all()],
        patterns=[own_pattern(each.name, each.expression) for each in project.text_patterns.all()],
        language=project.language,
        known=known or {},
    )


# --- What all texts together say of words and passages ------------------------------------------------------------


class _Learned:
    def __init__(self) -> None:
        self.words, self.passages = WordCounts(), Boilerplate()

    def add(self, learnt: Learnt) -> None:
        self.words.add_all(learnt.words)
        self.passages.add_all(learnt.texts, learnt.windows)


def _learn(work: CleaningRun, many: bool) -> _Learned:
    """Begun anew after a break: it is kept nowhere but in memory."""
    learned = _Learned()
    read = 0
    sizes: deque[int] = deque()
    cleaners = Cleaners(Settings(kinds=frozenset())) if many else None
    with cleaners or nullcontext():
        asked = _to_learn(work, sizes)
        for learnt in cleaners.learn(asked) if cleaners else map(learn, asked):
            learned.add(learnt)
            read += sizes.popleft()
            if not work.state:
                with work.part():
                    work.done = read
    return learned


def _to_learn(work: CleaningRun, sizes: deque[int]) -> Iterator[tuple[list[str], list[str]]]:
    for subjects, _mark in cleanable.read(work.project, work.scopes):
        sizes.append(len(subjects))
        words = [text for subject in subjects for text in subject.item.texts.values()]
        passages = [subject.whole for subject in subjects if _is_told_apart(subject)]
        yield words if "typo" in work.kinds else [], passages if "boilerplate" in work.kinds else []


def _is_told_apart(subject: Subject) -> bool:
    """Prompts share their instruction by intent, and candidates are meant to be like one another."""
    return subject.of in ("demonstration", "document")


# --- Each text by itself ------------------------------------------------------------------------------------------


def _look(work: CleaningRun, settings: Settings, many: bool, before: int, told: Told) -> None:
    after = work.state.get("after")
    if after is None:
        work.done = before
    parts = _checked(work, settings, (after[0], after[1]) if after else None, many)
    with parts as checked:
        for subjects, mark, found in checked:
            part = ready(work, subjects, found)
            with work.part():
                work.found += part.write()
                work.done += len(subjects)
                work.state = {"after": mark}
            told(work)
            time.sleep(BREATH)
    with work.part():
        work.state = {"looked": True}


_Part = tuple[list[Subject], Mark, dict[str, list[Found]]]


def _checked(
    work: CleaningRun, settings: Settings, after: Mark | None, many: bool
) -> AbstractContextManager[Iterator[_Part]]:
    """In processes of their own where there is much to do, so that the worker's other threads go on."""
    parts = cleanable.read(work.project, work.scopes, after)
    if not many:
        return nullcontext(
            (subjects, mark, dict(check_many(cleanable.items(subjects), settings))) for subjects, mark in parts
        )
    return _InPool(parts, settings)


class _InPool(AbstractContextManager["Iterator[_Part]"]):
    def __init__(self, parts: Iterable[tuple[list[Subject], Mark]], settings: Settings) -> None:
        self._parts, self._cleaners = parts, Cleaners(settings)
        self._under_way: deque[tuple[list[Subject], Mark]] = deque()

    def __enter__(self) -> Iterator[_Part]:
        return self._each(self._cleaners.__enter__())

    def _each(self, cleaners: Cleaners) -> Iterator[_Part]:
        for answers in cleaners.check(self._asked()):
            subjects, mark = self._under_way.popleft()
            yield subjects, mark, dict(answers)

    def _asked(self) -> Iterator[list[Item]]:
        for subjects, mark in self._parts:
            self._under_way.append((subjects, mark))
            yield cleanable.items(subjects)

    def __exit__(self, *error: object) -> None:
        self._cleaners.__exit__(*error)  # type: ignore[arg-type]


# --- Texts with one another ---------------------------------------------------------------------------------------


def _compare(work: CleaningRun, many: bool, before: int, told: Told) -> None:
    """Begun anew after a break; what is written down already is not written twice."""
    work.done = before
    cleaners = Cleaners(Settings(kinds=frozenset())) if many else None
    with cleaners or nullcontext():
        for number, alike in compared(work.project, work.scopes, frozenset(work.kinds), cleaners):
            part = _ready(work, alike)
            with work.part():
                work.found += part.write()
                work.done += number
            told(work)


def _ready(work: CleaningRun, alike: list[Alike]) -> Ready:
    found: dict[str, list[Found]] = {}
    for each in alike:
        found.setdefault(each.subject.key, []).append(each.found)
    subjects = {each.subject.key: each.subject for each in alike}
    others = {(each.subject.key, each.found): (each.other, each.kept_from_experts) for each in alike}
    return ready(work, list(subjects.values()), found, others)
