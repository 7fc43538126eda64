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
import sys
import tempfile
from pathlib import Path

from meanwhile import People, Watched, tell, tell_people
from serving import ANSWER, ROOT, fresh_database, served

WANTED = {"seconds": 90.0, "peak MB": 300.0, "submission p95 ms": 300.0}
PROMPTS = 5_000


def write_rows(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            row = {"id": f"row-{number}", "group": f"matter-{number // 7}", "instruction": f"Sum up note {number}."}
            file.write(json.dumps({**row, "input": f"Note {number}. {ANSWER[:450]}", "output": ANSWER[:450]}) + "\n")


class Importing(Watched):
    def __init__(self, path: Path, project: str, environment: dict[str, str]) -> None:
        command = ["manage.py", "import_records", str(path), "--project", project, "--by", "ada", "--json"]
        super().__init__([sys.executable, *command], environment)


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
            before = people.before()
            importing = Importing(path, known["large"], {**os.environ, **ours})
            meanwhile = people.during(importing)
        report(importing, before, meanwhile, people.failed)


def report(importing: Importing, before: list[float], meanwhile: list[float], failed: list[str]) -> None:
    print(f"imported {json.loads(importing.said)['new']:,}")
    p95 = tell_people(before, meanwhile, failed)
    tell({"seconds": importing.seconds, "peak MB": importing.peak, "submission p95 ms": p95}, WANTED)


if __name__ == "__main__":
    main()
