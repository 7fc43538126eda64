from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions.freezing import record_export
from training.freezing import datasets
from training.models import DatasetVersion


class Command(BaseCommand):
    help = "Write the frozen rows of a dataset version, in the format TRL reads."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--kind", choices=DatasetVersion.Kind.values, required=True)
        parser.add_argument("--number", type=int, metavar="NUMBER", help="the version (default: the newest)")
        parser.add_argument("--part", choices=list(datasets.FILES), default="train", help="default: train")
        parser.add_argument("--output", required=True, metavar="FILE", help="where to; - is the standard output")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        versions = project.dataset_versions.filter(kind=options["kind"]).order_by("-number")
        version = versions.filter(number=options["number"]).first() if options["number"] else versions.first()
        path = datasets.file_of(version, options["part"]) if version else None
        if version is None or path is None:
            raise CommandError(f"“{project}” has no such dataset version, or its files are missing.")
        record_export(version=version, part=options["part"], by=by)
        content = path.read_text(encoding="utf-8")
        if options["output"] == "-":
            sys.stdout.write(content)
            return
        try:
            Path(options["output"]).write_text(content, encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['output']} cannot be written: {error.strerror}.") from None
        said = f"{version} ({options['part']}) written to {options['output']}."
        report(self, options, said, id=version.pk, part=options["part"], output=options["output"])
