"""What an export of 100,000 rows takes, and what the people feel who answer meanwhile.

Run from the repository: `python benchmarks/exporting.py [--rows 100000] [--people 4] [--format jsonl]`. It makes a
SQLite database in a temporary folder, imports a JSON Lines file of about a kilobyte a row, serves it with two gunicorn
workers of four threads as `make run` does, and takes the approved responses out in a process of its own, as the worker
would, while people submit answers one after the other with a second between. It prints the seconds until the file
begins and until it is there, the peak memory of its process, and p50 and p95 of the submissions before and meanwhile.
Beside the seconds stand those of a bare program of twenty lines that reads the same columns with one statement and
writes them as JSON, without shapes, cleaning, progress or anybody who could stop it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from importing import PROMPTS, Importing, write_rows
from meanwhile import People, Watched, tell, tell_people
from serving import ROOT, fresh_database, served

WANTED = {"first byte, seconds": 2.0, "peak MB": 200.0, "submission p95 ms": 300.0}
MAKE = """
import sys, time
import django
django.setup()
from django.contrib.auth.models import User
from annotation import parts
from annotation.actions import exporting
from annotation.exports import job
from annotation.models import Project
project, format = sys.argv[1:]
by = User.objects.get(username="ada")
work = exporting.start(
    project=Project.objects.get(pk=project), kind="demonstrations", format=format, by=by, ring=False
)
queued = time.time()
parts.run(work, job.do)
print(queued, time.time() - queued, work.done, work.size)
sys.exit(work.problem or None)
"""
BARE = """
import json, sqlite3, sys, time
started = time.perf_counter()
database, target = sys.argv[1:]
rows = sqlite3.connect(database).execute(
    "select p.external_id, p.\\"group\\", p.split, p.instruction, p.input, d.text from annotation_demonstration d "
    "join annotation_prompt p on p.id = d.prompt_id where d.status = 'approved' order by p.position"
)
with open(target, "w", encoding="utf-8") as file:
    for name, group, split, instruction, given, text in rows:
        asked = [{"role": "user", "content": f"{instruction}\\n\\n{given}"}]
        said = [{"role": "assistant", "content": text}]
        row = {"id": name, "group": group, "split": split, "prompt": asked, "completion": said}
        file.write(json.dumps(row, ensure_ascii=False) + "\\n")
print(time.perf_counter() - started)
"""


class Exporting(Watched):
    """`began`: when the file's first byte was there, by the clock."""

    def __init__(self, folder: Path, project: str, format: str, environment: dict[str, str]) -> None:
        super().__init__([sys.executable, "-c", MAKE, project, format], environment)
        self.folder = folder / "exports"
        self.began = 0.0

    def look(self) -> None:
        if not self.began and any(path.stat().st_size for path in self.folder.glob(".*.rows")):
            self.began = time.time()


def bare_seconds(folder: Path) -> float:
    command = [sys.executable, "-c", BARE, str(folder / "preceptor.sqlite3"), str(folder / "bare.jsonl")]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--format", default="jsonl", choices=["jsonl", "parquet", "hugging_face"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="preceptor-exporting-") as name:
        folder = Path(name)
        ours, known = fresh_database(folder, PROMPTS, options.people)
        environment = {**os.environ, **ours}
        path = folder / "rows.jsonl"
        write_rows(path, options.rows)
        Importing(path, known["large"], environment)()
        with served("config.wsgi", ROOT, ours) as server:
            sessions = [known[f"person-{number}"] for number in range(options.people)]
            people = People(server, known["large"], sessions)
            before = people.before()
            exporting = Exporting(folder, known["large"], options.format, environment)
            meanwhile = people.during(exporting)
        report(exporting, bare_seconds(folder), before, meanwhile, people.failed)


def report(exporting: Exporting, bare: float, before: list[float], meanwhile: list[float], failed: list[str]) -> None:
    queued, seconds, rows, size = map(float, exporting.said.split())
    print(f"exported {rows:,.0f} rows, {size / 1e6:.0f} MB")
    p95 = tell_people(before, meanwhile, failed)
    print(f"seconds: {seconds:.1f}, {seconds / bare:.1f} times the bare program's {bare:.1f}")
    found = {"first byte, seconds": exporting.began - queued, "peak MB": exporting.peak, "submission p95 ms": p95}
    tell(found, WANTED)


if __name__ == "__main__":
    main()
