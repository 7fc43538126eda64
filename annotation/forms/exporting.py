from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms

from annotation.exports.kinds import FORMATS, PARTS, problem_with, problem_with_frozen, shapes_of, shapes_of_frozen
from annotation.forms.fields import field_of

SHAPE_HELP = "Which program is to read it. The rows say the same in every shape."
FORMAT_HELP = (
    "CSV for spreadsheets puts an apostrophe before whatever a spreadsheet would take for a formula, so take that one "
    "only to look at it in a spreadsheet. CSV and Parquet go with shapes whose rows fit into a table."
)
AS_WRITTEN_HELP = (
    "Otherwise what was confirmed under Cleaning is put in its place, and the texts that it leaves out are not in the "
    "file. The ids of the rows are the same."
)

PART_HELP = "In a file of all rows each says which it is, where its shape has a place for that."


class FileForm(forms.Form):
    """Shape and file of rows: `shapes` by name, and `problem` says why a choice does not go together, or nothing."""

    shape = forms.ChoiceField(label="Shape", help_text=SHAPE_HELP)
    format = forms.ChoiceField(label="File", choices=list(FORMATS.items()), help_text=FORMAT_HELP)

    def __init__(self, data: Any, *, shapes: dict[str, str], problem: Callable[..., str]) -> None:
        super().__init__(data)
        self.problem = problem
        field_of(self, "shape", forms.ChoiceField).choices = list(shapes.items())

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "shape" not in cleaned or "format" not in cleaned:
            return cleaned
        parts = [cleaned["part"]] if "part" in cleaned else []
        if problem := self.problem(cleaned["shape"], cleaned["format"], *parts):
            self.add_error("format", problem)
        return cleaned


class ExportForm(FileForm):
    as_written = forms.BooleanField(label="Texts as they were written", required=False, help_text=AS_WRITTEN_HELP)

    def __init__(self, data: Any = None, *, kind: str) -> None:
        super().__init__(data, shapes=shapes_of(kind), problem=partial(problem_with, kind))


class FrozenExportForm(FileForm):
    part = forms.ChoiceField(label="Rows", choices=list(PARTS.items()), required=False, help_text=PART_HELP)

    def __init__(self, data: Any = None, *, kind: str) -> None:
        super().__init__(data, shapes=shapes_of_frozen(kind), problem=partial(problem_with_frozen, kind))
