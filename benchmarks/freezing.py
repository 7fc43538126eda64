"""What it takes to freeze 100,000 rows, what people feel meanwhile, and how fast the version's pages are.

Run from the repository: `python benchmarks/freezing.py [--rows 100000] [--people 4]`. It makes a SQLite database in a
temporary folder, imports a JSON Lines file of about a kilobyte a row, serves it with two gunicorn workers of four
threads as `make run` does, and freezes the approved responses in a process of its own, as the worker would, while
people submit answers one after the other with a second between. Then it freezes the best half, and opens the pages of
the versions, a comparison of the two, where a text went, and the search for a client's texts, each five times. It
prints the seconds and the peak memory of the freezing, also as a ratio to an export of the same rows made just before,
p50 and p95 of the submissions before and meanwhile, and the median time of each page.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from exporting import Exporting
from importing import PROMPTS, Importing, write_rows
from meanwhile import People, Watched, tell, tell_people
from serving import ROOT, fresh_database, served

WANTED = {"submission p95 ms": 300.0}
FREEZE = """
import sys
import django
django.setup()
from django.contrib.auth.models import User
from annotation.models import Project
from training.actions import freeze
project = Project.objects.get(pk=sys.argv[1])
version = freeze(project=project, kind="demonstrations", by=User.objects.get(username="ada"))
print(version.train_rows, version.validation_rows, version.pk)
"""
PAGES = """
import json, statistics, sys, time
import django
django.setup()
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from annotation import parts
from annotation.models import Demonstration, Project
from training import freezing_run
from training.actions import erasing, freezing
from training.erasing import carrying_out
from training.models import DatasetVersion, FreezeRun
project, version = Project.objects.get(pk=sys.argv[1]), DatasetVersion.objects.get(pk=sys.argv[2])
ada = User.objects.get(username="ada")
found = {}
started = time.perf_counter()
try:
    half = freezing.freeze_best_half(version=version, by=ada)
except freezing.ValidationError:
    half = parts.run(FreezeRun.objects.get(best_half_of=version), freezing_run.do).version
found["best half, seconds"] = time.perf_counter() - started
started = time.perf_counter()
group = project.prompts.exclude(group="").first().group
search = erasing.look_for(project=project, kind="group", name=group, by=ada)
parts.run(search, carrying_out.do)
found["search for a client, seconds"] = time.perf_counter() - started
client = Client(headers={"host": "127.0.0.1"})
client.force_login(ada)
prompt = Demonstration.objects.get(pk=version.rows.first().demonstration).prompt_id
pages = {
    "version page ms": reverse("dataset", args=[project.pk, version.pk]),
    "dataset versions ms": reverse("datasets", args=[project.pk]),
    "comparison ms": reverse("dataset_comparison", args=[project.pk]) + f"?first={version.pk}&second={half.pk}",
    "where a text went ms": reverse("lineage", args=[project.pk, "prompt", prompt]),
}
for name, address in pages.items():
    times = []
    for _time in range(5):
        started = time.perf_counter()
        response = client.get(address)
        times.append(1000 * (time.perf_counter() - started))
        assert response.status_code == 200, (name, response.status_code)
    found[name] = statistics.median(times)
print(json.dumps(found))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="preceptor-freezing-") as name:
        folder = Path(name)
        ours, known = fresh_database(folder, PROMPTS, options.people)
        environment = {**os.environ, **ours}
        path = folder / "rows.jsonl"
        write_rows(path, options.rows)
        Importing(path, known["large"], environment)()
        exporting = Exporting(folder, known["large"], "jsonl", environment)
        exporting()
        with served("config.wsgi", ROOT, ours) as server:
            people = People(server, known["large"], [known[f"person-{number}"] for number in range(options.people)])
            before = people.before()
            freezing = Watched([sys.executable, "-c", FREEZE, known["large"]], environment)
            meanwhile = people.during(freezing)
        train, validation, version = freezing.said.split()
        print(f"froze {int(train) + int(validation):,} rows", flush=True)
        p95 = tell_people(before, meanwhile, people.failed)
        ratio = freezing.seconds / exporting.seconds
        print(
            f"seconds: {freezing.seconds:.0f}, {ratio:.1f} times an export of the same rows ({exporting.seconds:.0f})"
        )
        tell({"peak MB": freezing.peak, "submission p95 ms": p95}, WANTED)
        command = [sys.executable, "-c", PAGES, known["large"], version]
        tell(
            json.loads(subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True).stdout),
            {},
        )


if __name__ == "__main__":
    main()
