"""How long the server takes to hand out the next item, with 100 and with 10,000 prompts in the project.

Run from the repository: `python benchmarks/next_item.py`. It makes a database of its own in a temporary folder, nine
tenths of whose prompts are answered and ranked, and prints p50 and p95 in milliseconds, the number of queries, and
processor time as a multiple of the floor: a bare view of one row by primary key and a template, measured in the same
run, since neither the machine's speed nor what else runs on it is the program's.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SIZES = (100, 10_000)
TIMES = 60
FLOOR = "bare row and template"


def set_up(folder: str) -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", DATA_DIR=folder, LOG_LEVEL="ERROR")
    os.environ.pop("DATABASE_URL", None)
    import django
    from django.conf import settings

    django.setup()
    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def fill(size: int, people: dict[str, Any]) -> Any:
    """A project with `size` prompts; of every ten, nine have an approved response and a ranked comparison."""
    from django.utils import timezone

    from annotation.models import Candidate, Comparison, Demonstration, Guidelines, Membership, Project, Prompt, Ranking

    ada, eve = people["ada"], people["eve"]
    project = Project.objects.create(name=f"{size} prompts", objective="Speed", created_by=ada, sections=["Parties"])
    Guidelines.objects.create(project=project, version=1, text="Write **one** heading.\n" * 40, created_by=ada)
    for name, user in people.items():
        role = {"ada": "admin", "rita": "reviewer"}.get(name, "expert")
        Membership.objects.create(project=project, user=user, role=role)
    prompts = [
        Prompt(project=project, position=number, instruction="Summarise this note.", input=f"{number} " + "word " * 60)
        for number in range(size)
    ]
    Prompt.objects.bulk_create(prompts, batch_size=500)
    now = timezone.now()
    # what is open lies at the end: the longest way for the queue to walk
    open_from = min(size * 9 // 10, size - 1)
    Demonstration.objects.bulk_create(
        [
            Demonstration(prompt=prompt, author=eve, text="Parties: two", status="approved", reviewed_at=now)
            for prompt in prompts[:open_from]
        ],
        batch_size=500,
    )
    comparisons = [
        Comparison(prompt=prompt, seed=number, rankings_done=int(number < open_from))
        for number, prompt in enumerate(prompts)
    ]
    Comparison.objects.bulk_create(comparisons, batch_size=500)
    texts = ("Parties: two. " * 50, "The client came in. " * 40)
    Candidate.objects.bulk_create(
        [Candidate(comparison=each, text=text, source="x") for each in comparisons for text in texts], batch_size=500
    )
    Ranking.objects.bulk_create(
        [Ranking(comparison=each, ranker=eve, order=[]) for each in comparisons[:open_from]], batch_size=500
    )
    return project


def bare_view() -> str:
    """The floor, under /bare/: what no page of any kind can be faster than."""
    from django.contrib.auth.decorators import login_not_required
    from django.http import HttpRequest, HttpResponse
    from django.template import Context, Template
    from django.urls import path

    from annotation.models import Prompt
    from config import urls

    template = Template("<!doctype html><title>Bare</title><p>{{ prompt.instruction }}</p><p>{{ prompt.input }}</p>")

    @login_not_required
    def bare(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        return HttpResponse(template.render(Context({"prompt": Prompt.objects.get(pk=pk)})))

    urls.urlpatterns.append(path("bare/<uuid:pk>/", bare))
    return "/bare/{}/"


def measured(act: Callable[[], Any], times: int) -> tuple[float, float, float, int]:
    """p50 and p95 in milliseconds, p50 of processor time alone, and the queries of the last call."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    act()
    spent, computed = [], []
    for _ in range(times):
        start, computing = time.perf_counter(), time.process_time()
        response = act()
        spent.append((time.perf_counter() - start) * 1000)
        computed.append((time.process_time() - computing) * 1000)
        assert response.status_code in (200, 302), (response.status_code, response.content[:500])
    with CaptureQueriesContext(connection) as queries:
        act()
    return median(spent), quantiles(spent, n=20)[18], median(computed), len(queries)


class Expert:
    """Somebody at work in one project, through a browser's requests."""

    def __init__(self, project: Any, client: Any) -> None:
        self.project, self.client = project, client
        self.base = f"/projects/{project.pk}"
        self.item = {"write": self.in_hand("write"), "rank": self.in_hand("rank")}
        self.version = self.saves = 0

    def in_hand(self, word: str) -> str:
        return self.client.get(f"{self.base}/{word}/").url.rstrip("/").split("/")[-1]

    def finds(self) -> Any:
        return self.client.get(f"{self.base}/write/")

    def opens(self) -> Any:
        return self.client.get(f"{self.base}/write/{self.item['write']}/")

    def saves_a_draft(self) -> Any:
        self.saves += 1
        data = {"version": self.version, "text": f"Parties: {self.saves}"}
        response = self.client.post(f"{self.base}/write/{self.item['write']}/save/", data)
        self.version = response.json()["version"]
        return response

    def submits(self) -> Any:
        response = self.judges("write", {"version": self.version, "text": "Parties: two\n" * 12})
        self.version = 0
        return response

    def ranks(self) -> Any:
        return self.judges("rank", {"version": 0, "choice": "a"})

    def judges(self, word: str, data: dict[str, Any]) -> Any:
        url = f"{self.base}/{word}/{self.item[word]}/"
        response = self.client.post(url, {"action": "submit", **data}, headers={"HX-Request": "true"})
        self.item[word] = response["HX-Push-Url"].rstrip("/").split("/")[-1]
        return response


def acts(project: Any, client: Any, bare: str) -> dict[str, Callable[[], Any]]:
    first = project.prompts.order_by("position").first()
    expert = Expert(project, client)
    return {
        FLOOR: lambda: client.get(bare.format(first.pk)),
        "find the next prompt": expert.finds,
        "show it": expert.opens,
        "save a draft": expert.saves_a_draft,
        "submit, show the next": expert.submits,
        "rank, show the next": expert.ranks,
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        set_up(folder)
        from django.contrib.auth.models import User
        from django.test import Client

        people = {name: User.objects.create_user(name) for name in ("ada", "erin", "eve", "rita")}
        bare = bare_view()
        client = Client()
        client.force_login(people["erin"])
        print(f"{'prompts':>8}  {'':24}  {'p50 ms':>7}  {'p95 ms':>7}  {'CPU ms':>7}  {'queries':>7}  {'x floor':>7}")
        for size in SIZES:
            project = fill(size, people)
            floor = 0.0
            for name, act in acts(project, client, bare).items():
                times = min(TIMES, size // 10 - 4) if name.endswith("the next") else TIMES
                p50, p95, cpu, queries = measured(act, times)
                floor = floor or cpu
                print(f"{size:8}  {name:24}  {p50:7.1f}  {p95:7.1f}  {cpu:7.1f}  {queries:7}  {cpu / floor:7.1f}")


if __name__ == "__main__":
    main()
