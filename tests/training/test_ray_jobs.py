"""What the launcher for Ray makes of answers that a healthy cluster does not give; test_launcher.py has a real one."""

from __future__ import annotations

import runpy
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.training.answering import Question, answering
from tests.training.ray_cluster import TOKEN
from training.other_server import Away, Server
from training.run_dir import RunDir, write_json
from training.running import launcher, ray_jobs
from training.running.ray_entry import Watched


class Cluster:
    """Takes jobs and says of them what a test wants; None instead of an answer closes the connection."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.stopped: list[str] = []
        self.open = False
        self.strange: tuple[int, Any] | None = None
        self.loses_answers = self.refuses = False

    def __call__(self, question: Question) -> tuple[int, Any] | None:
        self.asked.append(question)
        if self.strange:
            return self.strange
        if not self.open and question.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, "Unauthorized: Missing authentication token"
        named = question.path.removeprefix("/api/jobs/")
        if not named:
            return self._take(question.body) if question.method == "POST" else (200, [])
        if named.endswith("/stop"):
            self.stopped.append(named.removesuffix("/stop"))
            return 200, {"stopped": True}
        return (200, self.jobs[named]) if named in self.jobs else (404, f"Job {named} does not exist")

    def _take(self, job: dict[str, Any]) -> tuple[int, Any] | None:
        if self.refuses:
            return 400, "Traceback\nValueError: no such resource"
        if job["submission_id"] in self.jobs:
            return 400, "ValueError: already exists"
        self.jobs[job["submission_id"]] = {"status": "PENDING", **job}
        return None if self.loses_answers else (200, {"submission_id": job["submission_id"]})


@pytest.fixture
def cluster(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    found = Cluster()
    monkeypatch.setattr(ray_jobs, "ASK_SECONDS", 0.0)
    monkeypatch.setattr(ray_jobs, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(ray_jobs, "LATE_SECONDS", 0.0)
    with answering(found) as address:
        settings.RAY_ADDRESS, settings.RAY_AUTH_TOKEN = address, TOKEN
        yield found


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    found = RunDir(tmp_path / "f00" / "attempt-2")
    found.path.mkdir(parents=True)
    return found


by = ray_jobs.Ray()


def test_it_refuses_a_cluster_that_asks_for_no_token(cluster: Cluster, run_dir: RunDir) -> None:
    cluster.open = True
    with pytest.raises(ray_jobs.NotLaunched, match=r"answers without a token.*RAY_AUTH_MODE=token"):
        by.submit("sft", run_dir)
    assert not cluster.jobs


def test_it_refuses_what_is_no_ray_cluster(cluster: Cluster, run_dir: RunDir, settings: Any) -> None:
    cluster.strange = (404, "Not here")
    with pytest.raises(ray_jobs.NotLaunched, match="does not answer as a Ray cluster does"):
        by.submit("sft", run_dir)
    settings.RAY_ADDRESS = "http://127.0.0.1:9"
    with pytest.raises(ray_jobs.NotLaunched, match="does not answer"):
        by.submit("sft", run_dir)


def test_it_asks_for_what_a_job_needs(cluster: Cluster, run_dir: RunDir, settings: Any) -> None:
    assert launcher.RECIPES == "training.recipes"
    settings.RAY_CPUS, settings.RAY_GPUS = 4, 1.0
    by.submit("sft", run_dir)
    job = cluster.jobs["preceptor-f00-attempt-2"]
    assert (job["entrypoint_num_cpus"], job["entrypoint_num_gpus"]) == (4, 1.0)
    assert job["entrypoint"].endswith(f"-m training.running.ray_entry training.recipes.sft {run_dir.path} 4 180")
    assert TOKEN not in str(job)


def test_a_lost_answer_makes_no_second_job(cluster: Cluster, run_dir: RunDir) -> None:
    cluster.loses_answers = True
    handle = by.submit("sft", run_dir)
    assert not handle.taken
    cluster.loses_answers = False
    assert by.poll(handle) is None
    assert handle.taken
    assert len(cluster.jobs) == 1
    assert "does not answer" in by.tail(handle)


def test_it_says_what_the_cluster_does_not_take(cluster: Cluster, run_dir: RunDir) -> None:
    cluster.refuses = True
    handle = by.submit("sft", run_dir)
    assert by.poll(handle) == 1
    assert run_dir.log_tail(1) == "The Ray cluster did not take the job: ValueError: no such resource"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"status": "PENDING"}, None),
        ({"status": "RUNNING"}, None),
        ({"status": "SUCCEEDED", "driver_exit_code": 0}, 0),
        ({"status": "STOPPED"}, -15),
        ({"status": "FAILED", "driver_exit_code": -9}, -9),
        ({"status": "FAILED", "driver_exit_code": 137}, -9),
        ({"status": "FAILED", "driver_exit_code": 1}, 1),
        ({"status": "FAILED", "error_type": "JOB_SUPERVISOR_ACTOR_DIED"}, -9),
        ({"status": "FAILED", "error_type": "JOB_SUPERVISOR_ACTOR_START_TIMEOUT", "message": "No room."}, 1),
    ],
)
def test_it_knows_how_a_job_ended(cluster: Cluster, run_dir: RunDir, told: dict[str, Any], code: int | None) -> None:
    handle = by.submit("sft", run_dir)
    cluster.jobs[handle.submission_id] = told
    assert by.poll(handle) == code
    assert (told.get("message", "") in run_dir.log_tail(1)) or code != 1


def test_a_cluster_that_began_anew_has_lost_its_jobs(cluster: Cluster, run_dir: RunDir) -> None:
    handle = by.submit("sft", run_dir)
    cluster.strange = (503, "Starting")
    assert by.poll(handle) is None
    cluster.strange = None
    cluster.jobs.clear()
    assert by.poll(handle) == -signal.SIGKILL


def test_it_waits_for_a_result_that_the_folder_shows_late(
    cluster: Cluster, run_dir: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_jobs, "LATE_SECONDS", 60.0)
    handle = by.submit("sft", run_dir)
    cluster.jobs[handle.submission_id] = {"status": "SUCCEEDED", "driver_exit_code": 0}
    assert by.poll(handle) is by.poll(handle) is None
    write_json(run_dir.result_file, {"status": "succeeded"})
    assert by.poll(handle) == 0


def test_a_job_that_never_began_has_no_result_to_wait_for(
    cluster: Cluster, run_dir: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_jobs, "LATE_SECONDS", 60.0)
    handle = by.submit("sft", run_dir)
    cluster.jobs[handle.submission_id] = {"status": "FAILED", "error_type": "RUNTIME_ENV_SETUP_FAILURE"}
    assert by.poll(handle) == 1
    assert run_dir.log_tail() == "Ray could not start the job."


def test_it_tells_that_a_job_waits(cluster: Cluster, run_dir: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_jobs, "USUAL_START_SECONDS", 0.0)
    handle = by.submit("sft", run_dir)
    assert by.poll(handle) is by.poll(handle) is None
    assert run_dir.log_tail() == "Waiting for a free place in the Ray cluster."


def test_it_ends_an_earlier_attempt_that_nobody_waits_for(cluster: Cluster, run_dir: RunDir) -> None:
    earlier = RunDir(run_dir.path.parent / "attempt-1")
    earlier.path.mkdir()
    by.submit("sft", run_dir)
    assert cluster.stopped == ["preceptor-f00-attempt-1"]
    assert Watched(earlier).read() == {"stop_within": 0}
    assert "shown_at" in Watched(run_dir).read()


def test_it_cancels_by_way_of_the_folder_while_the_cluster_is_away(
    cluster: Cluster, run_dir: RunDir, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    handle = by.submit("sft", run_dir)
    settings.RAY_ADDRESS = "http://127.0.0.1:9"
    monkeypatch.setattr(ray_jobs, "CANCEL_SECONDS", 0.1)
    by.cancel(handle, grace_seconds=0.1)
    assert by.poll(handle) == -signal.SIGKILL
    assert Watched(run_dir).read() == {"stop_within": 0.1}


def test_what_the_cluster_never_took_is_cancelled_at_once(cluster: Cluster, run_dir: RunDir) -> None:
    cluster.loses_answers = True
    handle = by.submit("sft", run_dir)
    by.cancel(handle)
    assert by.poll(handle) == -signal.SIGTERM
    assert cluster.stopped == [handle.submission_id]


def test_a_cluster_takes_every_recipe(settings: Any) -> None:
    settings.LAUNCHER = "ray"
    assert {type(launcher.launcher_for(recipe)) for recipe in ("sft", "generate", "preflight")} == {ray_jobs.Ray}
    assert launcher.refusals("kto", {}) == {}


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"LAUNCHER": "slurm"}, "there are local, accelerate and ray"),
        ({"RAY_ADDRESS": ""}, "set RAY_ADDRESS"),
        ({"RAY_ADDRESS": "head:6379"}, "such as http://head:8265"),
        ({"RAY_AUTH_TOKEN": ""}, "set RAY_AUTH_TOKEN, or RAY_AUTH_TOKEN_PATH"),
        ({"RAY_AUTH_TOKEN": "", "RAY_AUTH_TOKEN_PATH": "/not/there"}, "names a file that cannot be read"),
    ],
)
def test_the_installation_does_not_start_with_half_a_cluster(
    environment: dict[str, str], said: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"LAUNCHER": "ray", "RAY_ADDRESS": "http://head:8265/", "RAY_AUTH_TOKEN": TOKEN}
    for name, value in {**whole, **environment, "DATA_DIR": str(settings.DATA_DIR)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match=said):
        runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))


def test_the_token_may_lie_in_a_file(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.joinpath("token").write_text(f"{TOKEN}\n")
    given = {"LAUNCHER": "ray", "RAY_ADDRESS": "http://head:8265/", "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}
    for name, value in {**given, "DATA_DIR": str(settings.DATA_DIR)}.items():
        monkeypatch.setenv(name, value)
    read = runpy.run_path(str(settings.BASE_DIR / "config" / "settings.py"))
    assert (read["RAY_ADDRESS"], read["RAY_AUTH_TOKEN"]) == ("http://head:8265", TOKEN)


def test_a_token_goes_to_no_other_address() -> None:
    asked: list[Question] = []

    def elsewhere(question: Question) -> tuple[int, Any]:
        asked.append(question)
        return 200, {}

    with answering(elsewhere) as other, answering(lambda _question: (307, {"to": other})) as address:
        assert Server(address, {"Authorization": "Bearer x"}).ask("GET", "/api/jobs/").status == 307
    assert asked == []


def test_an_answer_without_an_end_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.other_server.LONGEST_ANSWER", 1000)
    with answering(lambda _question: (200, "x" * 2000)) as address, pytest.raises(Away, match="no end"):
        Server(address).ask("GET", "/")
    with answering(lambda _question: (200, "[1]")) as address:
        assert Server(address).ask("GET", "/").json == {}
