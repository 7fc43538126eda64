"""What was confirmed under Cleaning, put in its place in rows as they are read. Nothing of it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from annotation import shapes
from annotation.cleaning import KINDS
from annotation.cleaning_runs import cleanable
from annotation.cleaning_runs.cleaned import Cleaned
from annotation.models import Candidate, Demonstration, Finding, Project, Prompt

Row = Prompt | Demonstration | Candidate


class Cleaning:
    """Of some prompts at a time: first `read`, then each row is asked for. `as_written`: nothing is changed."""

    def __init__(self, project: Project, as_written: bool) -> None:
        self._project = project
        self._found: Cleaned | None = None
        self._wanted = not as_written and Finding.objects.filter(project=project).confirmed().exists()

    def read(self, prompts: Iterable[UUID]) -> None:
        if not self._wanted:
            return
        items = list(prompts)
        answers = Demonstration.objects.filter(prompt__in=items).order_by().values_list("pk", flat=True)
        candidates = Candidate.objects.filter(comparison__prompt__in=items).order_by().values_list("pk", flat=True)
        self._found = Cleaned.of(self._project, [*items, *answers, *candidates])

    def left_out(self, *rows: Row) -> shapes.Refused | None:
        """Why they are not taken out together; otherwise their texts are cleaned."""
        if not self._found:
            return None
        for row in rows:
            if kind := self._found.leaves_out(row.pk, cleanable.texts_of(row)):
                return shapes.Refused(f"Confirmed under Cleaning: {KINDS[kind].title.lower()}.")
        for row in rows:
            self._put_in(row, self._found)
        return None

    def _put_in(self, row: Row, found: Cleaned) -> None:
        if not isinstance(row, Prompt):
            field = next(iter(cleanable.texts_of(row)))
            row.text = found.text(row.pk, field, row.text)
            return
        made = found.prompt(row)
        reference = found.text(row.pk, cleanable.REFERENCE, row.reference)
        row.instruction, row.input, row.history, row.reference = made.instruction, made.input, made.history, reference
