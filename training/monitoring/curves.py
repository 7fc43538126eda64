"""A round's curves as TensorBoard reads them: a file beside the others when the round ends, and one to download."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from training.models import TrainingRound
from training.monitoring import event_files
from training.run_dir import RunDir


def event_file(round: TrainingRound) -> tuple[str, bytes]:
    """Name and content; no content when nothing was measured."""
    events = round.events()
    return event_files.file_name(events), event_files.encode(events)


def folder(round: TrainingRound) -> Path:
    """Named for people: TensorBoard shows the path below its folder as the run's name."""
    project = re.sub(r"[^a-z0-9]+", "-", round.project.name.lower()).strip("-")
    return settings.DATA_DIR / "tensorboard" / f"{project}-{str(round.project_id)[:8]}" / f"round-{round.number}"


def write(round: TrainingRound, run_dir: RunDir) -> None:
    """For `tensorboard --logdir`; a round that is settled twice leaves one file."""
    name, content = event_file(round)
    if not content:
        return
    target = folder(round)
    target.mkdir(parents=True, exist_ok=True)
    (target / name).write_bytes(content)
