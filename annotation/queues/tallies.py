"""Numbers about a whole project, which cost what the project is large: counted now and then, not at every page."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

COUNT_AT_EVERY_PAGE = 1_000
SHARE = 1 / 300  # of one processor's time, at most, goes into counting the same again
SHORTEST = 60
LONGEST = 15 * 60

N = TypeVar("N", bound=dict[str, int])


def seldom(key: str, count: Callable[[], N]) -> N:
    """What `count` says, or what it said a while ago: the longer it takes, the longer that is kept.

    Where everything is small it is counted anew each time, so that a number changes with what one has just done.
    """
    known: N | None = cache.get(key)
    if known is not None:
        return known
    started = time.perf_counter()
    counts = count()
    if max(counts.values(), default=0) > COUNT_AT_EVERY_PAGE:
        took = time.perf_counter() - started
        cache.set(key, counts, timeout=min(max(SHORTEST, took / SHARE), LONGEST))
    return counts


def enough(key: str, most: int, count: Callable[[], int]) -> int:
    """What `count` says, which counts no further than `most`. Where it came to that, it is not asked again for a while:
    what waits for one person grows less by a handful in that time."""
    if cache.get(key):
        return most
    counted = count()
    if counted >= most:
        cache.set(key, True, timeout=SHORTEST)
    return counted
