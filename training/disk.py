"""What the data folder holds and what is free beside it, for people who wonder where their disk went."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from training.estimating.estimates import size

REMEMBERED_SECONDS = 60  # looking at every file takes a moment where there are many rounds
PACKAGE = "package"


@dataclass(frozen=True)
class DiskUse:
    runs_bytes: int
    packages_bytes: int
    adapters_bytes: int
    datasets_bytes: int
    base_models_bytes: int
    free_bytes: int

    @property
    def sentence(self) -> str:
        parts = {
            "Runs": self.runs_bytes,
            "packages": self.packages_bytes,
            "adapters": self.adapters_bytes,
            "dataset versions": self.datasets_bytes,
            "base models": self.base_models_bytes,
        }
        taken = ", ".join(f"{name} {size(taken)}" for name, taken in parts.items())
        return f"{taken}; {size(self.free_bytes)} free."


KEY = "disk-use"
KEPT = (
    "While a round trains, at most its two newest checkpoints are kept; when it is over they are deleted. "
    "Its adapter, its log and its curves stay."
)


def use() -> DiskUse:
    """Of the whole installation, at most a minute old."""
    known = cache.get(KEY)
    if known is None:
        known = _look()
        cache.set(KEY, known, REMEMBERED_SECONDS)
    return known


def _look() -> DiskUse:
    runs = packages = 0
    for path, taken in _files(settings.RUNS_DIR, set()):
        if PACKAGE in path.relative_to(settings.RUNS_DIR).parts[2:-1]:
            packages += taken
        else:
            runs += taken
    return DiskUse(
        runs_bytes=runs,
        packages_bytes=packages,
        adapters_bytes=_taken(settings.ADAPTERS_DIR),
        datasets_bytes=_taken(settings.DATASETS_DIR),
        base_models_bytes=_taken(settings.BASE_MODELS_DIR),
        free_bytes=shutil.disk_usage(settings.DATA_DIR).free,
    )


def _taken(folder: Path) -> int:
    return sum(taken for _path, taken in _files(folder, set()))


def _files(folder: Path, seen: set[int]) -> Iterator[tuple[Path, int]]:
    """Each file once, however many links lead to it, and what it takes; others may delete it while we look."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path), seen)
                continue
            about = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        if about.st_ino not in seen:
            seen.add(about.st_ino)
            yield Path(entry.path), about.st_blocks * 512
