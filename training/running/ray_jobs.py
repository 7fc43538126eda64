"""Recipes as jobs of a Ray cluster whose nodes share this installation's folder and DATA_DIR.

Ray is asked over its REST interface, so that nothing of it is installed here, and no answer that does not come can
hold up a lease. What a recipe reads and writes are files of the run directory, as everywhere; what Ray says decides
only whether its process still runs. See docs/adr/0008-ray-over-http.md.
"""

from __future__ import annotations

import contextlib
import math
import shlex
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings

from training.other_server import Answer, Away, Server
from training.run_dir import RunDir
from training.running import launcher
from training.running.ray_entry import Watched

log = structlog.get_logger(__name__)

ASK_SECONDS = 1.0
SHOW_SECONDS = 5.0  # how often the node is shown that somebody waits for its work
UNWATCHED_SECONDS = 180  # a network file system may show a change a minute late
RETRY_SECONDS = 15.0
USUAL_START_SECONDS = 30.0
WAITING_SECONDS = 600.0
LATE_SECONDS = 60.0  # how late a network file system may show the result of a process that has ended
CANCEL_SECONDS = 10.0  # for the word that it has, beyond the grace
ENDED = {"SUCCEEDED": 0, "STOPPED": -signal.SIGTERM}
NEVER_BEGAN = ("RUNTIME_ENV", "JOB_SUPERVISOR_ACTOR_START", "JOB_ENTRYPOINT_COMMAND_START")


class NotLaunched(Exception):
    """Why no job may or can be given to the cluster, as a sentence."""


@dataclass
class RayJob:
    """One attempt's job: its name is the attempt's, so that the cluster itself refuses a second one."""

    submission_id: str
    run_dir: RunDir
    entrypoint: str
    began: float = field(default_factory=time.monotonic)
    taken: bool = False  # the cluster has it
    code: int | None = None
    over: float = 0.0  # since when it is said to be
    next_question: float = 0.0
    next_sign: float = 0.0
    next_word: float = 0.0
    written: int = 0  # of its log, by us


class Ray:
    """A job of its own for each recipe. While the cluster does not answer, nothing is known, and nothing is lost."""

    def submit(self, recipe: str, run_dir: RunDir) -> RayJob:
        cluster = _cluster()
        refuse_open(cluster)
        _stop_earlier(cluster, run_dir)
        job = RayJob(_name(run_dir), run_dir, _entrypoint(recipe, run_dir))
        Watched(run_dir).show()
        self._hand_over(cluster, job)
        return job

    def poll(self, handle: RayJob, wait_seconds: float = 0) -> int | None:
        until = time.monotonic() + wait_seconds
        while handle.code is None:
            now = time.monotonic()
            if now >= handle.next_sign:
                handle.next_sign = now + SHOW_SECONDS
                Watched(handle.run_dir).show()
            if now >= handle.next_question:
                with contextlib.suppress(Away):
                    self._look(_cluster(), handle)
            left = until - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(left, ASK_SECONDS / 4))
        return handle.code

    def cancel(self, handle: RayJob, grace_seconds: float = launcher.GRACE_SECONDS) -> None:
        """By way of the cluster, and by way of the folder for as long as the cluster does not answer."""
        Watched(handle.run_dir).stop(grace_seconds)
        handle.next_sign = float("inf")
        until = time.monotonic() + grace_seconds + CANCEL_SECONDS
        asked = False
        while handle.code is None and time.monotonic() < until:
            with contextlib.suppress(Away):
                asked = asked or _ask_to_stop(_cluster(), handle.submission_id)
                self._look(_cluster(), handle) if handle.taken else None
            if not handle.taken:  # if it was after all, its node finds in the folder that it is to stop
                handle.code = -signal.SIGTERM
            time.sleep(ASK_SECONDS / 4)
        if handle.code is None:
            log.warning("no word that the job has stopped", job=handle.submission_id)
            handle.code = -signal.SIGKILL

    def tail(self, handle: RayJob, lines: int = 40) -> str:
        """What the recipe printed; before it has, or where it never could, what Ray has to say."""
        if lines <= 0 or _log_size(handle) > handle.written:
            return handle.run_dir.log_tail(lines)
        said = ""
        with contextlib.suppress(Away):
            said = str(_cluster().ask("GET", _path(handle.submission_id, "/logs")).json.get("logs") or "")
        return "\n".join(said.splitlines()[-lines:]) or handle.run_dir.log_tail(lines)

    def _look(self, cluster: Server, job: RayJob) -> None:
        job.next_question = time.monotonic() + ASK_SECONDS
        if not job.taken:
            self._hand_over(cluster, job)
            return
        answer = cluster.ask("GET", _path(job.submission_id))
        if answer.status == 404:  # the cluster began anew, and with it went what it ran
            job.code = -signal.SIGKILL
        elif answer.status == 200:
            job.code = _once_shown(job, self._code(job, answer.json))

    def _hand_over(self, cluster: Server, job: RayJob) -> None:
        """An answer that got lost on its way makes no second job: the cluster knows this one by its name."""
        job.next_question = time.monotonic() + RETRY_SECONDS
        try:
            answer = cluster.ask("POST", "/api/jobs/", _request(job))
            job.taken = answer.status == 200 or cluster.ask("GET", _path(job.submission_id)).status == 200
        except Away as away:
            _say(job, f"The Ray cluster does not answer ({away}); it is asked again.", every=WAITING_SECONDS)
            return
        if not job.taken and answer.status in (400, 401, 403):
            _write(job, f"The Ray cluster did not take the job: {_last_line(answer)}")
            job.code = 1
        job.next_question = 0.0 if job.taken else job.next_question

    def _code(self, job: RayJob, told: dict[str, Any]) -> int | None:
        status = told.get("status")
        if status in ("PENDING", "RUNNING"):
            if status == "PENDING" and time.monotonic() > job.began + USUAL_START_SECONDS:
                _say(job, "Waiting for a free place in the Ray cluster.", every=WAITING_SECONDS)
            return None
        if status != "FAILED":
            return ENDED.get(str(status), -signal.SIGKILL)
        code = told.get("driver_exit_code")
        if code is not None:
            if _log_size(job) <= job.written and not job.over:  # it ended before it could write there
                _write(job, self.tail(job))
            return 128 - int(code) if int(code) > 128 else int(code)
        if str(told.get("error_type") or "").startswith(NEVER_BEGAN):
            _write(job, str(told.get("message") or "Ray could not start the job."))
            job.over = -math.inf  # it can have no result
            return 1
        return -signal.SIGKILL  # its node went away


def _once_shown(job: RayJob, code: int | None) -> int | None:
    """A recipe that came to its end has left a result: until it is to be seen, its end is not known here."""
    if code not in (0, 1) or job.run_dir.result() is not None:
        return code
    job.over = job.over or time.monotonic()
    return code if time.monotonic() - job.over >= LATE_SECONDS else None


def refuse_open(cluster: Server) -> None:
    """A cluster that takes jobs from anybody runs anybody's code, beside clients' texts: it gets none of ours."""
    place = cluster.address
    try:
        stranger = Server(place).ask("GET", "/api/jobs/")
        known = cluster.ask("GET", "/api/jobs/")
    except Away as away:
        raise NotLaunched(f"The Ray cluster at {place} does not answer: {away}.") from away
    if stranger.status == 200:
        raise NotLaunched(
            f"The Ray cluster at {place} answers without a token, so whoever reaches it could run programs on it. "
            "Start it with RAY_AUTH_MODE=token (Ray 2.52 or newer) and the token that RAY_AUTH_TOKEN names here."
        )
    if known.status in (401, 403):
        raise NotLaunched(f"The Ray cluster at {place} does not know the token in RAY_AUTH_TOKEN.")
    if known.status != 200 or stranger.status not in (401, 403):
        raise NotLaunched(f"{place} does not answer as a Ray cluster does (status {known.status}).")


def _cluster() -> Server:
    return Server(settings.RAY_ADDRESS, {"Authorization": f"Bearer {settings.RAY_AUTH_TOKEN}"})


def _name(run_dir: RunDir) -> str:
    return f"preceptor-{run_dir.path.parent.name}-{run_dir.path.name}"


def _path(submission_id: str, more: str = "") -> str:
    return f"/api/jobs/{submission_id}{more}"


def _entrypoint(recipe: str, run_dir: RunDir) -> str:
    """This installation's Python and code, as they lie on the folder that the nodes share."""
    how = (str(settings.RECIPE_THREADS or settings.RAY_CPUS), str(UNWATCHED_SECONDS))
    entry = ["training.running.ray_entry", f"{launcher.RECIPES}.{recipe}", str(run_dir.path), *how]
    return f"cd {shlex.quote(str(settings.BASE_DIR))} && exec {shlex.join([sys.executable, '-m', *entry])}"


def _request(job: RayJob) -> dict[str, Any]:
    """Without a number of cores or cards Ray would run it on the head node, and count nothing."""
    wanted = {"entrypoint_num_cpus": settings.RAY_CPUS, "entrypoint_num_gpus": settings.RAY_GPUS}
    counted = {name: number for name, number in wanted.items() if number}
    return {"entrypoint": job.entrypoint, "submission_id": job.submission_id, **counted}


def _stop_earlier(cluster: Server, run_dir: RunDir) -> None:
    """Whoever ran an earlier attempt is gone; its job may not have noticed yet."""
    for earlier in run_dir.path.parent.glob("attempt-*"):
        if earlier != run_dir.path:
            Watched(RunDir(earlier)).stop(0)
            with contextlib.suppress(Away):
                _ask_to_stop(cluster, _name(RunDir(earlier)))


def _ask_to_stop(cluster: Server, submission_id: str) -> bool:
    """Whether the cluster heard it."""
    return cluster.ask("POST", _path(submission_id, "/stop")).status in (200, 404)


def _last_line(answer: Answer) -> str:
    lines = [line for line in answer.text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"status {answer.status}."


def _say(job: RayJob, sentence: str, *, every: float) -> None:
    """In the log, where people read it, and where it counts as a sign of life."""
    if time.monotonic() >= job.next_word:
        job.next_word = time.monotonic() + every
        _write(job, sentence)


def _write(job: RayJob, text: str) -> None:
    line = (text.rstrip("\n") + "\n").encode()
    with job.run_dir.log.open("ab") as file:
        file.write(line)
    job.written += len(line)


def _log_size(job: RayJob) -> int:
    return job.run_dir.log.stat().st_size if job.run_dir.log.exists() else 0
