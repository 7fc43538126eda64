"""Checking in processes of their own, so that the other threads of a worker go on."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from annotation.cleaning.boilerplate import windows
from annotation.cleaning.checking import Item, check_many
from annotation.cleaning.kinds import Found
from annotation.cleaning.settings import Settings
from annotation.cleaning.signatures import signature
from annotation.cleaning.typos import words_of

PROCESSES = 2
_AHEAD = 2  # chunks per process that wait to be checked: what bounds the memory

G = TypeVar("G")
R = TypeVar("R")
_settings = Settings(kinds=frozenset())


def _begin(settings: Settings) -> None:
    global _settings
    _settings = settings
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A pool's process waits for work also when its worker was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _check(items: Sequence[Item]) -> list[tuple[str, list[Found]]]:
    return check_many(items, _settings)


def _sign(texts: Sequence[tuple[str, str]]) -> list[tuple[str, bytes]]:
    return [(key, signature(text)) for key, text in texts]


@dataclass(frozen=True)
class Learnt:
    """For `WordCounts.add_all` and `Boilerplate.add_all`."""

    words: Counter[str]
    texts: int
    windows: npt.NDArray[np.uint32]


def learn(asked: tuple[Sequence[str], Sequence[str]]) -> Learnt:
    """Texts whose words are counted, and texts whose passages are."""
    for_words, for_passages = asked
    return Learnt(words_of(for_words), len(for_passages), windows(for_passages))


class Cleaners:
    """A context manager. Chunks of some hundred items each; answers come in the order asked."""

    def __init__(self, settings: Settings, processes: int = PROCESSES) -> None:
        self._processes = processes
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(settings,))

    def check(self, chunks: Iterable[Sequence[Item]]) -> Iterator[list[tuple[str, list[Found]]]]:
        """Keep the items of a group in one chunk."""
        return self._each(_check, chunks)

    def learn(self, chunks: Iterable[tuple[Sequence[str], Sequence[str]]]) -> Iterator[Learnt]:
        return self._each(learn, chunks)

    def signatures(self, chunks: Iterable[Sequence[tuple[str, str]]]) -> Iterator[list[tuple[str, bytes]]]:
        """Of (key, text), for NearDuplicates."""
        return self._each(_sign, chunks)

    def _each(self, function: Callable[[G], R], chunks: Iterable[G]) -> Iterator[R]:
        under_way: deque[Future[R]] = deque()
        for chunk in chunks:
            under_way.append(self._pool.submit(function, chunk))
            if len(under_way) >= _AHEAD * self._processes:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
