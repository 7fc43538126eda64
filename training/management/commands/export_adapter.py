from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from training.actions import start_package
from training.actions.packaging import record_download
from training.management.waiting import find_adapter, refusal, wait_for
from training.models import Package


class Command(BaseCommand):
    help = "Pack an adapter to be taken elsewhere, wait, and write the file: adapter folder, merged model or GGUF."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        parser.add_argument("--adapter", required=True, metavar="ROUND", help="of this round, or `latest`")
        parser.add_argument("--format", choices=Package.Format.values, required=True)
        parser.add_argument(
            "--output", required=True, metavar="PATH", help="where to: a file, or a folder that is there"
        )
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        adapter = find_adapter(project, options["adapter"])
        try:
            package = start_package(adapter=adapter, format=options["format"], by=by)
        except ValidationError as error:
            raise refusal(error) from error
        wait_for(self, package)
        if package.file is None:
            raise CommandError("The file is gone from this machine. Try again.")
        target = Path(options["output"])
        target = target / package.file.name if target.is_dir() else target
        try:
            shutil.copyfile(package.file, target)
        except OSError as error:
            raise CommandError(f"{target} cannot be written: {error.strerror}.") from None
        record_download(package=package, by=by)
        report(
            self,
            options,
            f"{package} written to {target}.",
            id=package.pk,
            output=str(target),
            sha256=package.result["sha256"],
            size_bytes=package.result["size_bytes"],
            largest_difference=package.result.get("largest_difference"),
        )
