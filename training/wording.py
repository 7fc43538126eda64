"""Where a job stands, in one sentence for people who wait, and what a pre-flight has found."""

from __future__ import annotations

from typing import Any

from annotation.texts import counted
from training import tasks
from training.arrangement import arrangement_words, baselines, by_task
from training.estimating import estimate_words, experience
from training.findings import found, lessons, rewards
from training.jobs import Job, Status
from training.methods import RLOO
from training.models import TrainingRound
from training.progress import duration

NO_WORKER = "No worker is running, so nothing will start. Whoever runs this installation starts one."


def lessons_of(round: TrainingRound) -> list[str]:
    """What a round that has succeeded says about the next one."""
    if round.status != Status.SUCCEEDED:
        return []
    return lessons.lessons(round.events(), round.result, round.params)


def task_losses(round: TrainingRound, events: list[dict[str, Any]]) -> list[by_task.Line]:
    """Held-out loss of each task type; its rows as the check before training has counted them."""
    mixture = experience.report_of(round.run_dir()).get("mixture", []) if round.attempt else []
    losses = round.result.get("tasks") or by_task.losses(events)
    return by_task.lines(losses, {part["task_type"]: part["held_out"] for part in mixture})


def rewarded(round: TrainingRound, events: list[dict[str, Any]]) -> list[str]:
    return rewards.sentences(events, round.params) if round.method == RLOO.key else []


def measured(round: TrainingRound) -> list[str]:
    """What its page says in tables and beside other rounds, for a shell."""
    events = round.events()
    types = [f"Held-out loss, {line}." for line in task_losses(round, events)]
    beside = [f"{each}. {each.sentence}" for each in baselines.beside(round)]
    return [*types, *beside, *rewarded(round, events)]


STANDINGS = {
    Status.QUEUED: "is queued",
    Status.RUNNING: "is running",
    Status.SUCCEEDED: "has succeeded",
    Status.FAILED: "has failed",
    Status.CANCELLED: "was cancelled",
}


def standing(job: Job) -> str:
    """For after its name: “Round 2 · SFT has succeeded”."""
    return STANDINGS[Status(job.status)]


def sentence(job: Job) -> str:
    if job.status == Status.QUEUED:
        return _queued(job)
    if job.status == Status.RUNNING:
        return _running(job)
    if job.status == Status.FAILED:
        return job.failure_message or "It failed."
    if job.status == Status.CANCELLED:
        return "Nothing of it was kept."
    return _succeeded(job)


def _queued(job: Job) -> str:
    if not tasks.worker_is_running():
        return NO_WORKER
    if isinstance(job, TrainingRound) and (blocking := job.blocked_by()):
        if blocking.project_id != job.project_id:
            return "Waiting for a round of another project to end. One round trains at a time, and projects take turns."
        return f"Waiting for round {blocking.number} to end. One round trains at a time."
    if isinstance(job, TrainingRound) and (lacking := experience.lacks_disk(job)):
        return f"{lacking} Free some space in the data folder: it {'goes on' if job.attempt else 'starts'} by itself."
    if job.attempt:
        return "It was interrupted. It goes on from its last checkpoint in a moment."
    return "Waiting for its turn."


def _running(job: Job) -> str:
    phase = job.progress.get("phase") or "Starting"
    if job.cancel_requested_at:
        return "Stopping."
    again = f" Attempt {job.attempt}, from the last checkpoint." if job.attempt - job.released > 1 else ""
    return f"{phase}.{again}"


def _succeeded(job: Job) -> str:
    took = duration((job.finished_at - job.started_at).total_seconds()) if job.finished_at and job.started_at else ""
    return " ".join(part for part in (f"Done in {took}." if took else "Done.", _gain(job.result)) if part)


def _gain(result: dict[str, Any]) -> str:
    if result.get("found"):
        return found.sentence(result)
    before, after = result.get("eval_loss_before"), result.get("eval_loss")
    if result.get("perplexity") and result.get("perplexity_before"):
        return _surprise(result["perplexity_before"], result["perplexity"])
    if before is None or after is None:
        return ""
    verb = "fell" if after < before else "rose"
    words = f"Loss on held-out rows {verb} from {before:.2f} to {after:.2f}."
    if result.get("eval_reward_accuracy") is not None:
        words += f" It prefers the chosen answer in {100 * result['eval_reward_accuracy']:.0f} % of the held-out pairs."
    return words


def _surprise(before: float, after: float) -> str:
    """Of a model that has read texts. Perplexity: among how many tokens it would be choosing, on average."""
    verb = "less" if after < before else "more"
    return (
        f"A held-out page of your texts surprises the model {verb}: "
        f"perplexity {before:,.1f} before, {after:,.1f} after."
    )


PARTS = {"train": "To learn from", "validation": "To check with"}


def findings(report: dict[str, Any]) -> list[str]:
    """What a pre-flight's report says: its rows, then what speaks against a round, or that nothing does."""
    parts = [f"{label}: {_part(report[name])}" for name, label in PARTS.items() if "tokens" in report.get(name, {})]
    verdict = report.get("reasons") or ["Everything is in order."]
    arranged = arrangement_words.lines(report)
    return [*parts, *arranged, *report.get("notes", []), *estimate_words.lines(report), *verdict]


def _part(part: dict[str, Any]) -> str:
    if not part["rows"]:
        return "no rows."
    tokens, cut = part["tokens"], part["truncated"]["count"]
    learned = f"{100 * part['trained_share']:.0f} % of {part['total_tokens']:,} tokens are learned"
    too_long = f"; {counted(cut, 'row')} too long" if cut else ""
    spread = f"{tokens['min']} to {tokens['max']} tokens (median {tokens['median']})"
    length = spread if tokens["min"] < tokens["max"] else f"{tokens['max']} tokens"
    if "texts" in part:
        blocks = f"{counted(part['rows'], 'block')} of up to {counted(tokens['max'], 'token')}"
        return f"{counted(part['texts'], 'text')} with {counted(part['total_tokens'], 'token')}, read in {blocks}."
    return f"{counted(part['rows'], 'row')} of {length}; {learned}{too_long}."
