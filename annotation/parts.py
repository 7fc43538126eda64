"""Runs what is done in parts: claims it, keeps its lease while a part takes long, and brings it to a state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from django.db import connection

from annotation.models.in_parts import InParts, Stopped, TakenOver

log = structlog.get_logger(__name__)
RENEW_SECONDS = 15.0
CACHE_KB = 16_000

W = TypeVar("W", bound=InParts)


class Unable(Exception):
    """The work cannot go on; its message tells the person who started it why, and what to do."""


def run(work: W, do: Callable[[W], None]) -> W:
    """To its end, from where an earlier attempt had come; does nothing when somebody else is at it.

    `do` works in `with work.part():` blocks, and reads from `work.state` and `work.done` where to begin.
    """
    if not work.claim():
        return work
    try:
        with _kept_alive(work), _more_at_hand():
            do(work)
    except TakenOver:
        work.refresh_from_db()
    except Stopped:
        work.end(InParts.Status.STOPPED)
    except Unable as reason:
        work.end(InParts.Status.FAILED, str(reason))
    except Exception as error:
        log.exception("work failed", kind=type(work).__name__, pk=str(work.pk))
        work.end(InParts.Status.FAILED, f"{type(error).__name__}: {error}")
    else:
        work.end(InParts.Status.DONE)
    return work


@contextmanager
def _kept_alive(work: InParts) -> Iterator[None]:
    """Renews the lease from a thread of its own: a part may take longer than the lease."""
    over = threading.Event()

    def keep() -> None:
        try:
            while not over.wait(RENEW_SECONDS):
                try:
                    if not work.renew():
                        return
                except Exception:
                    log.exception("lease not renewed", kind=type(work).__name__, pk=str(work.pk))
        finally:
            connection.close()

    thread = threading.Thread(target=keep, name=f"lease of {work.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _more_at_hand() -> Iterator[None]:
    """Ids are random, so what an import writes is all over SQLite's file: this connection keeps 16 MB of it meanwhile.

    All the time would be too much: a web process has a connection for each of its threads.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        (usual,) = cursor.execute("PRAGMA cache_size").fetchone()
        cursor.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = {usual}")
