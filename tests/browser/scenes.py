"""Puts things into a house's database, in a process of its own that House.scene starts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation.demo import loader
from annotation.models import Demonstration, Membership, Project, Role
from config.management.commands.serve import Command as Serve
from tests import factories, furnished
from tests.evaluation import factories as judged
from training.models import BaseModel

ROLES = {"erin": Role.EXPERT, "rita": Role.REVIEWER, "ada": Role.ADMIN}


def first_start() -> dict[str, Any]:
    """What `make run` does before it starts its processes."""
    Serve().get_ready(load_demo=True)
    return {}


def _people() -> dict[str, User]:
    return {user.username: user for user in User.objects.filter(username__in=ROLES)}


def _project(name: str, **fields: Any) -> Project:
    people = _people()
    made = factories.project(created_by=people["ada"], name=name, **fields)
    for username, role in ROLES.items():
        Membership.objects.create(project=made, user=people[username], role=role)
    return made


def pages() -> dict[str, Any]:
    """Furnish the demo project and list every page of it, and of an empty project beside it."""
    demo, _made = loader.load()
    everywhere = furnished.furnish(demo, **_people())
    empty = factories.project(created_by=_people()["ada"], name="Nothing yet", sections=[])
    Membership.objects.create(project=empty, user=_people()["ada"], role=Role.ADMIN)
    found = [*furnished.plain_pages(demo), *everywhere, *furnished.empty_pages(empty)]
    return {"pages": [asdict(page) for page in found]}


def writing(name: str, prompts: int = 3) -> dict[str, Any]:
    """A project with prompts to write for."""
    project = _project(name)
    made = [factories.prompt(project) for _number in range(prompts)]
    return {"project": str(project.pk), "prompts": [str(prompt.pk) for prompt in made]}


def submitted(name: str) -> dict[str, Any]:
    """One response of Erin's waits for a reviewer; one prompt waits for a response."""
    project = _project(name)
    erin = _people()["erin"]
    waiting = factories.demonstration(factories.prompt(project), erin, status="submitted", version=1)
    other = factories.prompt(project)
    return {"project": str(project.pk), "demonstration": str(waiting.pk), "other": str(other.pk)}


def comparing(name: str, comparisons: int = 2) -> dict[str, Any]:
    project = _project(name)
    for _number in range(comparisons):
        factories.comparison(factories.prompt(project))
    return {"project": str(project.pk)}


def judging(name: str) -> dict[str, Any]:
    """Two prompts answered by two contestants, all four outputs up for blind review."""
    project = _project(name)
    base = BaseModel.objects.default()
    sft = judged.adapter(project, base_model=base)
    judged.held_out(project, 2)
    made = furnished.evaluation(project, _people()["ada"], [None, sft], reviewed_prompts=2)
    return {"project": str(project.pk), "evaluation": str(made.pk)}


def texts_of(project: str) -> dict[str, Any]:
    """What is stored of what people wrote in a project."""
    rows = Demonstration.objects.filter(prompt__project_id=project).order_by("prompt__position")
    return {"texts": [{"status": row.status, "text": row.text, "version": row.version} for row in rows]}


SCENES: dict[str, Callable[..., dict[str, Any]]] = {
    function.__name__: function for function in (pages, writing, submitted, comparing, judging, texts_of)
}


def main(name: str, arguments: str) -> None:
    if name == "first_start":
        made = first_start()
    else:
        with transaction.atomic():
            made = SCENES[name](**json.loads(arguments))
    sys.stdout.write(json.dumps(made, default=str))
