from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions import Refused
from annotation.exports.kinds import FORMATS, FROZEN
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.management.taking_out import copy, make
from annotation.shapes import SHAPES
from training.actions.freezing import record_manifest, take_out
from training.freezing import datasets
from training.models import DatasetVersion

PARTS = {"train": "train", "validation": "validation", "all": ""}


class Command(BaseCommand):
    help = "Write the frozen rows of a dataset version to a file, in a shape you choose."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", choices=DatasetVersion.Kind.values, required=True)
        parser.add_argument("--number", type=int, metavar="NUMBER", help="the version (default: the newest)")
        parser.add_argument("--part", choices=[*PARTS, "manifest"], default="train", help="default: train")
        parser.add_argument("--shape", default=FROZEN, metavar="SHAPE", help=f"{FROZEN} (default), {', '.join(SHAPES)}")
        parser.add_argument("--format", default="jsonl", choices=list(FORMATS), help="default: jsonl")
        parser.add_argument("--output", required=True, metavar="FILE", help="where to; - is the standard output")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        part, output = options["part"], options["output"]
        versions = project.dataset_versions.filter(kind=options["kind"]).order_by("-number")
        version = versions.filter(number=options["number"]).first() if options["number"] else versions.first()
        path = datasets.file_of(version, "manifest") if version else None
        if version is None or path is None:
            raise CommandError(f"“{project}” has no such dataset version, or its files are missing.")
        about: dict[str, Any] = {"id": version.pk, "part": part, "output": output}
        if part == "manifest":
            record_manifest(version=version, by=by)
            copy(path, output)
        else:
            try:
                shape, format = options["shape"], options["format"]
                work = take_out(version=version, shape=shape, format=format, part=PARTS[part], by=by, ring=False)
            except Refused as refused:
                raise CommandError(str(refused)) from None
            make(work, output)
            about |= {"shape": work.shape, "rows": work.done, "sha256": work.sha256, "left_out": work.left_out}
        if output != "-":
            report(self, options, f"{version} ({part}) written to {output}.", **about)
