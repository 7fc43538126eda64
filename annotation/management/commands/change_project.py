from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from annotation.actions.projects import change_project
from annotation.forms.projects import ProjectForm
from annotation.management.arguments import add_by, add_json, add_project, find_actor, find_project, report
from annotation.management.project_settings import add_settings, complaint, given


class Command(BaseCommand):
    help = "Change a project's settings; what is not named stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        add_project(parser)
        add_settings(parser)
        add_by(parser)
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        project = find_project(options["project"])
        by = find_actor(options["by"], project)
        form = ProjectForm(given(ProjectForm(instance=project), options), instance=project)
        if not form.is_valid():
            raise complaint(form)
        changed = change_project(project=project, by=by, **form.values())
        said = f"Changed: {', '.join(changed)}." if changed else "Nothing was changed."
        report(self, options, said, project=project.pk, changed=changed)
