"""Many workers claim at once, in a process of its own with a real database file or server behind DATABASE_URL.

Prints as JSON who claimed what. Run as `python -m tests.training.claim_race`.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

JOBS = 100
WORKERS = 8


def at_once(work: Any) -> list[Any]:
    from django.db import connection

    start = Barrier(WORKERS)

    def one(number: int) -> Any:
        try:
            start.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(WORKERS)))


def claim_samplings(pks: list[str]) -> dict[str, int]:
    """Every worker tries every job."""
    from training.models import Sampling

    def work(number: int) -> list[str]:
        jobs = Sampling.objects.in_bulk(pks)
        return [str(pk) for pk, job in jobs.items() if job.claim(uuid.uuid4())]

    return Counter(pk for claimed in at_once(work) for pk in claimed)


def train_all(project: Any) -> dict[str, Any]:
    """Rounds, one at a time: every claim is followed by a look at how many run, then by its end."""
    from training.jobs import Status
    from training.models import TrainingRound

    def work(number: int) -> dict[str, int]:
        seen = {"claims": 0, "most_at_once": 0}
        while waiting := list(TrainingRound.objects.filter(status=Status.QUEUED)):
            for round in waiting:
                owner = uuid.uuid4()
                if not round.claim(owner):
                    continue
                running = TrainingRound.objects.filter(status=Status.RUNNING).count()
                seen = {"claims": seen["claims"] + 1, "most_at_once": max(seen["most_at_once"], running)}
                round.succeed(owner, {})
        return seen

    seen = at_once(work)
    return {
        "claims": sum(item["claims"] for item in seen),
        "most_at_once": max(item["most_at_once"] for item in seen),
        "attempts": sorted(project.rounds.values_list("attempt", flat=True)),
    }


def launch_all(project: Any, version: Any, by: Any) -> list[int]:
    """Everybody launches at the same moment; the numbers must not collide."""
    from training.actions import rounds

    def work(number: int) -> int:
        return rounds.launch_round(project=project, method="sft", dataset_version=version, params={}, by=by).number

    return sorted(at_once(work))


def main() -> None:
    from tests.training.house import set_up

    set_up()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from tests import factories
    from training import actions
    from training.models import BaseModel, Sampling

    call_command("migrate", verbosity=0)
    actions.register_base_model(directory=factories.base_model_folder(settings.BASE_MODELS_DIR / "toy"))
    ada = User.objects.create_user("ada")
    project = factories.project(created_by=ada)
    for _number in range(3):
        factories.demonstration(factories.prompt(project), ada)
    version = actions.freeze(kind="demonstrations", project=project, by=ada)
    common = {"sources": [], "prompts": [], "params": {}, "created_by": ada}
    jobs = [
        Sampling(project=project, purpose="playground", base_model=BaseModel.objects.get(), **common)
        for _number in range(JOBS)
    ]
    pks = [str(job.pk) for job in Sampling.objects.bulk_create(jobs)]
    report = {
        "samplings": claim_samplings(pks),
        "attempts": sorted(set(Sampling.objects.values_list("attempt", flat=True))),
        "numbers": launch_all(project, version, ada),
        "rounds": train_all(project),
    }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
