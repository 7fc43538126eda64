"""A small installation in a folder of its own (DATA_DIR), for tests that need real workers.

python -m tests.training.house prepare BASE_MODEL_DIR   makes it and freezes a dataset version
python -m tests.training.house launch PARAMS_JSON       launches an SFT round and prints its id
python -m tests.training.house register BASE_MODEL_DIR  makes another base model known
python -m tests.training.house rank                     ranks every comparison: the first candidate is better
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
