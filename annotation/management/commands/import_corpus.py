from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.actions.corpus import CorpusCounts, CorpusRefused, import_documents
from annotation.corpus import read_files
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.texts import counted


class Command(BaseCommand):
    help = (
        "Import texts for the model to read: text files (.txt, .md), JSON Lines with a “text” on every line, or a zip "
        "of them. All of them, or none if one has a problem. Texts the project has already are passed over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="+", help=".txt, .md, .jsonl or .zip, in UTF-8")
        add_project(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        try:
            with ExitStack() as opened:
                files = [(path.name, opened.enter_context(path.open("rb"))) for path in options["file"]]
                texts = read_files(files, settings.MAX_IMPORT_BYTES)
                counts = import_documents(project=project, texts=texts, by=by)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
        except CorpusRefused as refused:
            faults = "\n".join(f"  {each['where']}: {each['reason']}" for each in refused.counts.first_problems)
            raise CommandError(f"{refused}\n{faults}".strip()) from None
        report(self, options, _sentence(counts), **asdict(counts))


def _sentence(counts: CorpusCounts) -> str:
    return (
        f"{counted(counts.new, 'text')} imported with {counted(counts.words, 'word')} ({counts.validation} held out "
        f"to measure with), {counts.known} known already."
    )
