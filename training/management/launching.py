"""What the commands that check and launch a round share: its settings as options."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from annotation.models import Project
from training import choosing
from training.management.waiting import find_adapter
from training.methods import METHODS
from training.models import BaseModel, DatasetVersion

PRESETS = list(dict.fromkeys(name for method in METHODS.values() for name in method.presets))


def add_settings(parser: CommandParser) -> None:
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("--dataset", type=int, metavar="NUMBER", help="version to learn from (default: the newest)")
    parser.add_argument(
        "--preset", choices=PRESETS, default="standard", help="default: standard; auto is for DPO and finds its own"
    )
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="replaces a value of the preset, such as learning_rate=0.0005; may be given several times",
    )
    parser.add_argument("--parent", metavar="ROUND", help="start from the adapter of this round, or `latest`")
    parser.add_argument("--reward", metavar="ROUND", help="RLOO: the reward model of this round gives marks too")
    parser.add_argument("--base-model", metavar="NAME", help="default: the default one, or that of the parent")
    parser.add_argument("--start-from-base", action="store_true", help="DPO, KTO or RLOO without a parent adapter")
    parser.add_argument("--note", default="", help="what this round is meant to find out")


def settings_from(options: dict[str, Any], project: Project) -> dict[str, Any]:
    """What start_preflight and launch_round take, beside the person."""
    method, presets = options["method"], METHODS[options["method"]].presets
    if options["preset"] not in presets:
        raise CommandError(f"{METHODS[method].name} has no preset {options['preset']}: choose {', '.join(presets)}.")
    version = find_dataset(project, method, options["dataset"])
    given = dict(map(_param, options["param"]))
    return {
        "project": project,
        "method": method,
        "dataset_version": version,
        "params": choosing.preset_params(method, options["preset"], given, rows=version.train_rows),
        "parent_adapter": find_adapter(project, options["parent"]) if options["parent"] else None,
        "reward_adapter": find_adapter(project, options["reward"]) if options["reward"] else None,
        "base_model": find_base_model(options["base_model"]),
        "start_from_base": options["start_from_base"],
        "note": options["note"],
    }


def _param(given: str) -> tuple[str, Any]:
    name, separator, value = given.partition("=")
    if not separator:
        raise CommandError(f"--param takes NAME=VALUE, not “{given}”.")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()


def find_dataset(project: Project, method: str, number: int | None) -> DatasetVersion:
    versions = choosing.dataset_versions(project, method)
    found = versions.first() if number is None else versions.filter(number=number).first()
    if found is None:
        named = f"version {number}" if number else "dataset version"
        raise CommandError(f"“{project}” has no {named} that {method.upper()} learns from: freeze one first.")
    return found


def find_version(project: Project, kind: str, number: int | None) -> DatasetVersion:
    """Of this kind; the newest without a number."""
    versions = project.dataset_versions.filter(kind=kind).order_by("-number")
    found = versions.filter(number=number).first() if number else versions.first()
    if found is None:
        raise CommandError(f"“{project}” has no such dataset version.")
    return found


def find_base_model(name: str | None) -> BaseModel | None:
    if name is None:
        return None
    found = BaseModel.objects.filter(name=name).first()
    if found is None:
        raise CommandError(f"There is no base model called “{name}”.")
    return found
