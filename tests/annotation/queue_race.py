"""Thirty people at once, in a process of its own with a real database file or server behind DATABASE_URL.

Prints what each of them was handed, as JSON. Run as `python -m tests.annotation.queue_race`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

PEOPLE = 30
COMPARISONS = 60
PROMPTS = 40


def set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    default = connections.databases["default"]
    if "sqlite3" in default["ENGINE"]:
        # thirty writers flat out on a busy machine wait unfairly long; who gets what is what is asked here
        default["OPTIONS"]["timeout"] = 120
    call_command("migrate", verbosity=0)


def all_at_once(work: Callable[[Any], list[str]], people: list[Any]) -> dict[str, list[str]]:
    from django.db import connection

    start = Barrier(len(people))

    def one(person: Any) -> list[str]:
        try:
            start.wait()
            return work(person)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        return dict(zip([person.username for person in people], pool.map(one, people), strict=True))


def rank_everything(project: Any, needed: int) -> Callable[[Any], list[str]]:
    """Ranks until nothing is left; notes "too many" where an item was in more hands than it needs."""
    from annotation import queues
    from annotation.actions import ranking
    from annotation.models import Comparison, Lease

    def work(person: Any) -> list[str]:
        handed = []
        while lease := queues.next_to_rank(project, person):
            handed.append(str(lease.item_id))
            comparison = Comparison.objects.select_related("prompt__project").get(pk=lease.item_id)
            order = [[str(pk)] for pk in comparison.candidates.values_list("pk", flat=True)]
            hands = Lease.objects.live().filter(kind=Lease.Kind.RANK, item_id=lease.item_id).count()
            if hands + comparison.rankings_done > needed:
                handed.append("too many")
            ranking.rank(comparison=comparison, by=person, order=order)
        return handed

    return work


def write_everything(project: Any, needed: int) -> Callable[[Any], list[str]]:
    from annotation import queues
    from annotation.actions import writing
    from annotation.models import Lease, Prompt

    def work(person: Any) -> list[str]:
        handed = []
        while lease := queues.next_to_write(project, person):
            handed.append(str(lease.item_id))
            prompt = Prompt.objects.select_related("project").get(pk=lease.item_id)
            hands = Lease.objects.live().filter(kind=Lease.Kind.WRITE, item_id=lease.item_id).count()
            if hands + prompt.answers_done > needed:
                handed.append("too many")
            saved = writing.save_draft(prompt=prompt, by=person, text="Parties", version=0)
            writing.submit(prompt=prompt, by=person, text="Parties: two", version=saved.version, guidelines=None)
        return handed

    return work


def main() -> None:
    set_up()
    from django.contrib.auth.models import User

    from annotation.models import Comparison, Demonstration, Membership, Role
    from tests import factories

    ada = User.objects.create_user("ada")
    people = [User.objects.create_user(f"person-{number}") for number in range(PEOPLE)]
    report: dict[str, Any] = {}
    for needed in (1, 2, 3):
        project = factories.project(created_by=ada, name=f"overlap {needed}")
        Membership.objects.bulk_create(Membership(project=project, user=each, role=Role.EXPERT) for each in people)
        prompt = factories.prompt(project)
        for _ in range(COMPARISONS):
            factories.comparison(prompt, rankings_needed=needed)
        handed = all_at_once(rank_everything(project, needed), people)
        done = list(Comparison.objects.filter(prompt=prompt).values_list("rankings_done", flat=True))
        report[f"overlap {needed}"] = {"handed": handed, "done": done}
        project = factories.project(created_by=ada, name=f"writing {needed}")
        Membership.objects.bulk_create(Membership(project=project, user=each, role=Role.EXPERT) for each in people)
        for _ in range(PROMPTS):
            factories.prompt(project, answers_needed=needed)
        handed = all_at_once(write_everything(project, needed), people)
        responses = Demonstration.objects.filter(project=project, status="submitted").count()
        done = list(project.prompts.values_list("answers_done", flat=True))
        report[f"writing {needed}"] = {"handed": handed, "done": done, "responses": responses}
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
