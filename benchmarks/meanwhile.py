"""Long work in a process of its own, watched, and the people who answer meanwhile."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from statistics import quantiles

import psutil
from serving import ROOT, Server

from annotation import Writes

BEFORE_SECONDS = 15.0


class People:
    """Each answers, waits a second, and answers again."""

    def __init__(self, server: Server, project: str, sessions: list[str]) -> None:
        self.at_work = [Writes(server, session, project) for session in sessions]
        self.times: list[float] = []
        self.failed: list[str] = []
        self.over = threading.Event()
        for person in self.at_work:
            person.next()
            person.submit()

    def during(self, act: Callable[[], object]) -> list[float]:
        """The milliseconds of each answer that was submitted meanwhile."""
        self.times, self.over = [], threading.Event()
        threads = [threading.Thread(target=self._work, args=[each]) for each in self.at_work]
        for thread in threads:
            thread.start()
        act()
        self.over.set()
        for thread in threads:
            thread.join()
        return self.times

    def before(self) -> list[float]:
        return self.during(lambda: time.sleep(BEFORE_SECONDS))

    def _work(self, person: Writes) -> None:
        try:
            while not self.over.wait(1.0):
                started = time.perf_counter()
                person.submit()
                self.times.append((time.perf_counter() - started) * 1000)
        except RuntimeError as error:
            self.failed.append(str(error))


class Watched:
    """A process: `seconds` that it took, `peak` MB that it and those it started held together, and what it `said`."""

    def __init__(self, command: list[str], environment: Mapping[str, str]) -> None:
        self.command, self.environment = command, environment
        self.seconds = self.peak = 0.0
        self.said = ""

    def __call__(self) -> None:
        process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        self.started = time.perf_counter()
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            self.peak = max(self.peak, _resident(seen))
            self.look()
            time.sleep(0.1)
        self.seconds = time.perf_counter() - self.started
        self.said = process.stdout.read()
        if process.returncode:
            raise SystemExit(f"{' '.join(self.command[1:3])} failed")

    def look(self) -> None:
        """Ten times a second, what else there is to see."""


def _resident(process: psutil.Process) -> float:
    try:
        return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


def tell_people(before: list[float], meanwhile: list[float], failed: list[str]) -> float:
    """Says what they felt; the 95th percentile meanwhile, in milliseconds."""
    print(f"{len(failed)} submissions failed")
    for name, times in (("before", before), ("meanwhile", meanwhile)):
        cuts = quantiles(times, n=20)
        print(f"submissions {name}: {len(times)}, p50 {cuts[9]:.0f} ms, p95 {cuts[18]:.0f} ms")
    return quantiles(meanwhile, n=20)[18]


def tell(found: Mapping[str, float], wanted: Mapping[str, float]) -> None:
    for what, value in found.items():
        most = f" (wanted: {wanted[what]:.0f} at most)" if what in wanted else ""
        print(f"{what}: {value:.2f}{most}" if value < 10 else f"{what}: {value:.0f}{most}")
