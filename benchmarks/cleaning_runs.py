"""What a cleaning run in a project takes, what the people feel who answer meanwhile, and the pages with many findings.

Run from the repository: `python benchmarks/cleaning_runs.py [--texts 100000] [--findings 200000] [--people 4]`. It
makes a SQLite database in a temporary folder with that many texts as prompts, serves it with two gunicorn workers of
four threads as `make run` does, and cleans in a process of its own, as the worker would, while people submit answers
one after the other with a second between. It prints the seconds, the peak memory of the process and of those it starts,
and p50 and p95 of the submissions before and meanwhile. Then it fills up to as many findings and asks for the list,
one finding's page and the overview in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from statistics import quantiles

from importing import PROMPTS
from meanwhile import People, Watched, tell, tell_people
from serving import ROOT, Server, fresh_database, say, served

from annotation import Browser, timed

WANTED = {"seconds": 300.0, "submission p95 ms": 300.0, "list p95 ms": 300.0, "one finding p95 ms": 300.0}
ASKED = 40


def pages(server: Server, session: str, project: str) -> dict[str, float]:
    """The 95th percentile of each, in milliseconds; the list also far down."""
    browser, path = Browser(server, session), f"/projects/{project}"
    found: dict[str, list[float]] = {"list": [], "list of a kind": [], "one finding": [], "overview": []}
    address = f"{path}/findings/"
    for _ in range(ASKED):
        text = browser.ask("GET", address).text
        one = re.findall(rf'href="({path}/findings/[0-9a-f-]{{36}}/[^"]*)"', text)[-1].replace("&amp;", "&")
        following = re.search(r'href="(\?[^"]*from=[^"]+)"', text)
        found["list"].append(timed(lambda address=address: browser.ask("GET", address)))  # type: ignore[misc]
        found["list of a kind"].append(timed(lambda: browser.ask("GET", f"{path}/findings/?kind=email")))
        found["one finding"].append(timed(lambda one=one: browser.ask("GET", one)))  # type: ignore[misc]
        found["overview"].append(timed(lambda: browser.ask("GET", f"{path}/cleaning/")))
        address = f"{path}/findings/" + (following[1].replace("&amp;", "&") if following else "")
    return {name: quantiles(times, n=20)[18] for name, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--findings", type=int, default=200_000)
    parser.add_argument("--people", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="preceptor-cleaning-") as name:
        folder = Path(name)
        ours, known = fresh_database(folder, PROMPTS, options.people)
        environment, project = {**os.environ, **ours}, known["small"]
        path = folder / "texts.jsonl"
        data = str(Path(__file__).with_name("cleaning_data.py"))
        say([data, "texts", str(path), str(options.texts)], ours)
        say([str(ROOT / "manage.py"), "import_records", str(path), "--project", project, "--by", "ada"], environment)
        with served("config.wsgi", ROOT, ours) as server:
            people = People(server, known["large"], [known[f"person-{number}"] for number in range(options.people)])
            before = people.before()
            command = [sys.executable, "manage.py", "clean", "--project", project, "--by", "ada", "--json"]
            cleaning = Watched(command, environment)
            meanwhile = people.during(cleaning)
            print(f"findings: {say([data, 'findings', project, str(options.findings)], ours)[-1]}")
            asked = {person: pages(server, known[person], project) for person in ("ada", "person-0")}
    report(cleaning, before, meanwhile, people.failed, asked)


def report(
    cleaning: Watched,
    before: list[float],
    meanwhile: list[float],
    failed: list[str],
    asked: dict[str, dict[str, float]],
) -> None:
    counts = json.loads(cleaning.said)
    print(f"read {counts['done']:,}, found {counts['found']:,}")
    p95 = tell_people(before, meanwhile, failed)
    print(f"peak of all its processes together: {cleaning.peak:.0f} MB")
    found = {"seconds": cleaning.seconds, "submission p95 ms": p95}
    found |= {f"{page} p95 ms": max(each[page] for each in asked.values()) for page in next(iter(asked.values()))}
    tell(found, WANTED)


if __name__ == "__main__":
    main()
