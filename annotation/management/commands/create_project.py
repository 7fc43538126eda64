from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.actions.projects import create_project
from annotation.forms.projects import NewProjectForm
from annotation.management.arguments import add_by, add_json, find_user, report
from annotation.management.project_settings import add_settings, complaint, given
from annotation.models import Project


class Command(BaseCommand):
    help = "Make a project; --by becomes its first admin. Values come from options or from a JSON file."

    def add_arguments(self, parser: CommandParser) -> None:
        add_settings(parser)
        parser.add_argument("--guidelines", metavar="TEXT", help="in Markdown; write_guidelines takes a file")
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        by = find_user(options["by"])
        form = NewProjectForm(given(NewProjectForm(instance=Project()), options))
        if not form.is_valid():
            raise complaint(form)
        project = create_project(by=by, guidelines=form.cleaned_data["guidelines"], **form.values())
        report(self, options, f"“{project.name}” is made (project {project.pk}).", project=project.pk)
