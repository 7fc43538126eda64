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
TURNS, TURN_TAKERS, FEW = 200, 2, 5


def at_once(work: Any, workers: int = WORKERS) -> list[Any]:
    from django.db import connection

    start = Barrier(workers)

    def one(number: int) -> Any:
        try:
            start.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, range(workers)))


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


def train_in_turn(projects: list[Any]) -> dict[str, Any]:
    """Two workers take rounds as bells would have them, until none waits."""
    from training.models import TrainingRound

    def work(number: int) -> list[tuple[str, str]]:
        mine = []
        while first := TrainingRound.objects.in_turn().first():
            owner = uuid.uuid4()
            if first.claim(owner):
                mine.append((first.started_at.isoformat(), str(first.pk)))
                first.succeed(owner, {})
        return mine

    claimed = sorted(claim for one in at_once(work, TURN_TAKERS) for claim in one)
    project_of = {
        str(pk): order for order, project in enumerate(projects) for pk in project.rounds.values_list("pk", flat=True)
    }
    return {
        "claimed": len(claimed),
        "different": len({pk for _at, pk in claimed}),
        "attempts": sorted(set(TrainingRound.objects.values_list("attempt", flat=True))),
        "ends": sorted(set(TrainingRound.objects.values_list("status", flat=True))),
        "order": [project_of[pk] for _at, pk in claimed],
    }


def copy_rounds(round: Any, projects: list[Any]) -> None:
    """As many more like this one, all for the first project but a few for each of the others."""
    from training.models import TrainingRound

    common = {
        name: getattr(round, name) for name in ("method", "base_model", "dataset_version", "params", "created_by")
    }
    shares = [TURNS - FEW * (len(projects) - 1), *[FEW] * (len(projects) - 1)]
    for project, share in zip(projects, shares, strict=True):
        for number in range(1000, 1000 + share):
            TrainingRound.objects.create(project=project, number=number, **common)


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
    others = [factories.project(created_by=ada, name=name) for name in ("Small", "Smaller")]
    report = {
        "samplings": claim_samplings(pks),
        "attempts": sorted(set(Sampling.objects.values_list("attempt", flat=True))),
        "numbers": launch_all(project, version, ada),
        "rounds": train_all(project),
    }
    copy_rounds(project.rounds.first(), [project, *others])
    report["in_turn"] = train_in_turn([project, *others])
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
