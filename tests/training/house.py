"""A small installation in a folder of its own (DATA_DIR), for tests that need real workers.

python -m tests.training.house prepare BASE_MODEL_DIR   makes it and freezes a dataset version
python -m tests.training.house launch PARAMS_JSON       launches an SFT round and prints its id
python -m tests.training.house register BASE_MODEL_DIR  makes another base model known
python -m tests.training.house rank                     ranks every comparison: the first candidate is better
python -m tests.training.house ring ROUND TIMES         rings for a round as often
python -m tests.training.house cancel ROUND...          asks to cancel rounds
python -m tests.training.house die ROUND WHEN           runs a round as a worker that is killed: stored or recorded
python -m tests.training.house settle                   does what the worker's watch does
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()


def prepare(base_model: Path) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotation.models import Membership, Role
    from tests import factories
    from training import actions

    call_command("migrate", verbosity=0)
    actions.register_base_model(directory=factories.base_model_folder(base_model, name="tiny"))
    ada = User.objects.create_user("ada", is_staff=True)
    project = factories.project(created_by=ada, sections=[])
    Membership.objects.create(project=project, user=ada, role=Role.ADMIN)
    for number in range(24):
        prompt = factories.prompt(project, instruction="Summarise.", input=f"Matter {number}: the roof leaks.")
        factories.demonstration(prompt, ada, text=f"Repair the roof of matter {number}.")
    actions.freeze(kind="demonstrations", project=project, by=ada)


def launch(params: dict[str, Any]) -> str:
    from django.contrib.auth.models import User

    from annotation.models import Project
    from training import actions

    project = Project.objects.get()
    version = project.dataset_versions.get()
    by = User.objects.get()
    round = actions.launch_round(project=project, method="sft", dataset_version=version, params=params, by=by)
    return str(round.pk)


def register(directory: Path) -> None:
    from training import actions

    actions.register_base_model(directory=directory)


def rank() -> None:
    from django.contrib.auth.models import User

    from annotation.actions.ranking import rank as rank_one
    from annotation.models import Comparison

    for comparison in Comparison.objects.filter(rankings_done=0):
        order = [[str(pk)] for pk in comparison.candidates.values_list("pk", flat=True)]
        rank_one(comparison=comparison, by=User.objects.get(), order=order)


def ring(pk: str, times: int) -> None:
    from training import tasks

    for _bell in range(times):
        tasks.run_round(pk)


def cancel(pks: list[str]) -> None:
    from django.contrib.auth.models import User

    from training import actions
    from training.models import TrainingRound

    for round in TrainingRound.objects.filter(pk__in=pks):
        actions.cancel_round(round=round, by=User.objects.get())


def die(pk: str, when: str) -> None:
    """The recipe has ended well; its worker is killed after the adapter is in its place, or its row is written."""
    import signal
    import uuid
    from dataclasses import replace

    from training.models import TrainingRound
    from training.running import runner
    from training.running.kinds import ROUND

    def killed(round: Any, run_dir: Any, result: Any) -> None:
        if when == "recorded":
            ROUND.publish(round, run_dir, result)
        os.kill(os.getpid(), signal.SIGKILL)

    round, owner = TrainingRound.objects.get(pk=pk), uuid.uuid4()
    assert round.claim(owner)
    finish(round)
    runner._settle(replace(ROUND, publish=killed), round, owner, end=runner.End.EXITED, exit_code=0)


def finish(round: Any) -> None:
    """What a recipe leaves when it has ended well."""
    import numpy as np
    from safetensors.numpy import save_file

    from training.run_dir import directory_sha256, write_json

    run_dir = round.run_dir()
    run_dir.adapter.mkdir(parents=True)
    names = ("base_model.layer.lora_A.weight", "base_model.layer.lora_B.weight")
    tensors = {name: np.full((4, 4), 0.5, dtype=np.float32) for name in names}
    save_file(tensors, run_dir.adapter / "adapter_model.safetensors")
    write_json(run_dir.adapter / "adapter_config.json", {"base_model_name_or_path": "tiny", "r": 4})
    steps = {"global_step": 30, "max_steps": 30, "adapter_sha256": directory_sha256(run_dir.adapter)}
    write_json(run_dir.result_file, {"status": "succeeded", **steps})


def settle() -> None:
    from training import tasks

    tasks.reconcile_all()


if __name__ == "__main__":
    set_up()
    match sys.argv[1:]:
        case ["prepare", directory]:
            prepare(Path(directory))
        case ["launch", given]:
            sys.stdout.write(launch(json.loads(given)))
        case ["register", directory]:
            register(Path(directory))
        case ["rank"]:
            rank()
        case ["ring", pk, times]:
            ring(pk, int(times))
        case ["cancel", *pks]:
            cancel(pks)
        case ["die", pk, when]:
            die(pk, when)
        case ["settle"]:
            settle()
