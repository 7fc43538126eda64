"""Making an export at once, in a command, and putting its file where somebody wants it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from django.core.management.base import CommandError

from annotation import parts
from annotation.exports import job
from annotation.models import Export


def make(work: Export, output: str) -> None:
    """Of what was queued without ringing; the file that the worker would keep is deleted."""
    parts.run(work, job.do)
    path = work.path
    if path is None:
        raise CommandError(work.problem or "It was stopped.")
    try:
        copy(path, output)
    finally:
        job.delete_file(work)


def copy(path: Path, output: str) -> None:
    """- is the standard output."""
    if output == "-":
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)
        return
    try:
        shutil.copyfile(path, output)
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
