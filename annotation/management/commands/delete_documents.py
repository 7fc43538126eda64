from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation import search
from annotation.actions.corpus import delete_documents
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.texts import counted


class Command(BaseCommand):
    help = "Delete texts from a project's corpus. Dataset versions frozen before keep them."

    def add_arguments(self, parser: CommandParser) -> None:
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument("--document", action="append", type=UUID, metavar="ID", help="this one; may be repeated")
        chosen.add_argument("--search", metavar="WORDS", help="those that the page's search finds")
        chosen.add_argument("--all", action="store_true", help="every text of the project")
        add_project(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        documents = project.documents.all()
        if options["document"]:
            documents = documents.filter(pk__in=options["document"])
        elif not options["all"]:
            if not options["search"].strip():
                raise CommandError("--search takes a word or several.")
            documents = search.find(documents, project, options["search"])
        deleted = delete_documents(project=project, documents=documents, by=by)
        report(self, options, f"{counted(deleted, 'text')} deleted.", deleted=deleted)
