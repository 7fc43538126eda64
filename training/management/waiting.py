"""What the commands that start jobs share."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import report
from annotation.models import Project
from annotation.texts import capital
from training import progress, tasks
from training.arrangement import baselines
from training.jobs import Job, Status
from training.models import Adapter, TrainingRound
from training.wording import NO_WORKER, sentence, standing

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 30
TOLD = {baselines.SHUFFLED: "baseline", baselines.BEST_HALF: "best_half"}


def add_wait(parser: CommandParser) -> None:
    parser.add_argument("--wait", action="store_true", help="print progress until it is over; fail when it fails")


def add_round(parser: CommandParser) -> None:
    parser.add_argument("--round", type=int, required=True, metavar="NUMBER", help="the round's number")


def find_round(project: Project, number: int) -> TrainingRound:
    round = project.rounds.filter(number=number).first()
    if round is None:
        raise CommandError(f"“{project}” has no round {number}.")
    return round


def find_adapter(project: Project, named: str) -> Adapter:
    """By the number of its round, or "latest"."""
    adapters = project.adapters.select_related("base_model", "round")
    found = adapters.writing().first() if named == "latest" else None
    if named.isdigit():
        found = adapters.filter(round__number=int(named)).first()
    if found is None:
        raise CommandError(f"There is no adapter of round {named}." if named.isdigit() else "There is no adapter yet.")
    return found


def refusal(error: ValidationError) -> CommandError:
    return CommandError(" ".join(error.messages))


def wait_for(command: BaseCommand, job: Job) -> None:
    """A line whenever something has changed. Ends with CommandError when the job did not succeed."""
    said = ""
    without_worker_since: float | None = None
    while True:
        job.refresh_from_db()
        line = sentence(job) if job.is_final or job.status == Status.QUEUED else _line(job)
        if line == NO_WORKER:
            without_worker_since = without_worker_since or time.monotonic()
            waited = time.monotonic() - without_worker_since
            line = "Waiting for a worker." if waited < PATIENCE_SECONDS else NO_WORKER
        else:
            without_worker_since = None
        if line != said:
            said = line
            command.stderr.write(line)
        if job.is_final:
            break
        time.sleep(LOOK_SECONDS)
    if job.status != Status.SUCCEEDED:
        raise CommandError(f"{capital(str(job))} {standing(job)}.")


def _line(job: Job) -> str:
    now: dict[str, Any] = progress.summarise(job.run_dir().events()) or job.progress
    bar = progress.bar(now)
    loss = f" · loss {now['loss']:.3f}" if now.get("loss") is not None else ""
    held_out = f" · held-out loss {now['eval_loss']:.3f}" if now.get("eval_loss") is not None else ""
    return f"{now.get('phase', 'Starting')}: {bar.text}{loss}{held_out}" if bar.maximum else bar.text


def report_round(command: BaseCommand, options: dict[str, Any], round: TrainingRound) -> None:
    """Where a round that was just launched stands, after waiting for it and its baseline if that was asked."""
    beside = [(each, baselines.kind_of(each)) for each in round.baselines.select_related("baseline_of")]
    beside.sort(key=lambda each: each[0].number)
    if options["wait"]:
        wait_for(command, round)
    for each, kind in beside if options["wait"] else []:
        command.stderr.write(f"Now its {kind}, {each}.")
        wait_for(command, each)
    note = "" if options["wait"] else worker_note()
    named = "".join(f" Round {each.number} is its {kind}." for each, kind in beside)
    said = f"{round} {standing(round)} ({round.pk}).{named}{note}"
    told = {TOLD[kind]: each.number for each, kind in beside}
    report(command, options, said, id=round.pk, number=round.number, status=round.status, **told)


def worker_note() -> str:
    return "" if tasks.worker_is_running() else f" {NO_WORKER}"
