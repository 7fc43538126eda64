"""What an import of 100,000 rows takes, and what the people feel who answer meanwhile.

Run from the repository: `python benchmarks/importing.py [--rows 100000] [--people 4]`. It makes a SQLite database in a
temporary folder, serves it with two gunicorn workers of four threads as `make run` does, and imports a JSON Lines file
of about a kilobyte a row in a process of its own, as the worker would, while people submit answers one after the other
with a second between. It prints the seconds of the import, the peak memory of its process, and p50 and p95 of the
submissions before and meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

import psutil
from serving import ANSWER, ROOT, Server, fresh_database, served

from annotation import Writes

WANTED = {"seconds": 90.0, "peak MB": 300.0, "submission p95 ms": 300.0}
PROMPTS = 5_000
BEFORE_SECONDS = 15.0


def write_rows(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            row = {"id": f"row-{number}", "group": f"matter-{number // 7}", "instruction": f"Sum up note {number}."}
            file.write(json.dumps({**row, "input": f"Note {number}. {ANSWER[:450]}", "output": ANSWER[:450]}) + "\n")


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
        self.times, self.over = [], threading.Event()
        threads = [threading.Thread(target=self._work, args=[each]) for each in self.at_work]
        for thread in threads:
            thread.start()
        act()
        self.over.set()
        for thread in threads:
            thread.join()
        return self.times

    def _work(self, person: Writes) -> None:
        try:
            while not self.over.wait(1.0):
                started = time.perf_counter()
                person.submit()
                self.times.append((time.perf_counter() - started) * 1000)
        except RuntimeError as error:
            self.failed.append(str(error))


class Importing:
    def __init__(self, path: Path, project: str, environment: dict[str, str]) -> None:
        command = ["manage.py", "import_records", str(path), "--project", project, "--by", "ada", "--json"]
        self.command, self.environment = [sys.executable, *command], environment
        self.seconds, self.peak = 0.0, 0.0

    def __call__(self) -> None:
        started = time.perf_counter()
        process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, text=True)
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                self.peak = max(self.peak, seen.memory_info().rss / 1e6)
            except psutil.NoSuchProcess:
                break
            time.sleep(0.2)
        said, _ = process.communicate()
        self.seconds = time.perf_counter() - started
        if process.returncode:
            sys.exit("the import failed")
        self.counts = json.loads(said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="preceptor-importing-") as name:
        folder = Path(name)
        ours, known = fresh_database(folder, PROMPTS, options.people)
        path = folder / "rows.jsonl"
        write_rows(path, options.rows)
        print(f"{options.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        with served("config.wsgi", ROOT, ours) as server:
            sessions = [known[f"person-{number}"] for number in range(options.people)]
            people = People(server, known["large"], sessions)
            before = people.during(lambda: time.sleep(BEFORE_SECONDS))
            importing = Importing(path, known["large"], {**os.environ, **ours})
            meanwhile = people.during(importing)
        report(importing, before, meanwhile, people.failed)


def report(importing: Importing, before: list[float], meanwhile: list[float], failed: list[str]) -> None:
    print(f"imported {importing.counts['new']:,}; {len(failed)} submissions failed")
    for name, times in (("before", before), ("meanwhile", meanwhile)):
        cuts = quantiles(times, n=20)
        print(f"submissions {name}: {len(times)}, p50 {cuts[9]:.0f} ms, p95 {cuts[18]:.0f} ms")
    found = {
        "seconds": importing.seconds,
        "peak MB": importing.peak,
        "submission p95 ms": quantiles(meanwhile, n=20)[18],
    }
    for what, value in found.items():
        print(f"{what}: {value:.0f} (wanted: {WANTED[what]:.0f} at most)")


if __name__ == "__main__":
    main()
