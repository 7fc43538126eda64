from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from annotation import shapes
from annotation.actions.importing import Judgements, Responses
from annotation.imports import files
from annotation.imports.items import detected
from annotation.imports.records import KNOWN_NAMES, TEXTS
from annotation.imports.rows import MAX_CELL, Unreadable
from annotation.project_rules import MOST_PER_ITEM

LABELS = {
    "instruction": "Instruction",
    "input": "Input",
    "response": "Response",
    "external_id": "Id",
    "group": "Group",
    "task_type": "Task type",
    "split": "Split",
    "priority": "Priority",
    "answers_needed": "Answers needed",
    "history": "History",
    "conversation": "Conversation",
}
HELP = {
    "instruction": "What the model is asked to do, or the whole question.",
    "input": "The text it is asked about, if that is a column of its own.",
    "response": "An answer by one of your people, if there is one.",
    "external_id": "Your own number of the record. Importing it again is passed over.",
    "group": "Records that belong together, such as one matter. They are never split.",
    "task_type": "For filtering and for reading results by kind.",
    "split": "What the record is for: train, validation or evaluation.",
    "priority": "When it comes: later, usual, soon or first.",
    "answers_needed": f"How many people write for it, 1 to {MOST_PER_ITEM}. Not in the file: as the project says.",
    "history": "A list of messages that were said before. The model reads them; it learns only the response.",
    "conversation": "A list of messages that ends with the answer, instead of the first three and the history.",
}


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        help_text="JSON Lines, a JSON list, CSV, TSV, Parquet, text or Markdown; in UTF-8, up to 200 MB.",
        widget=forms.FileInput(attrs={"accept": ",".join(files.ENDINGS)}),
        error_messages={"empty": "The file is empty."},
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is None or file.size > settings.MAX_IMPORT_BYTES:
            raise ValidationError("The file is larger than 200 MB. Cut it in two and import one after the other.")
        format = files.format_of(PurePath(file.name or "").name, file.file) if file.file else None
        if format is None or file.file is None:
            raise ValidationError(
                f"The file's name should end in {', '.join(files.ENDINGS[:-1])} or {files.ENDINGS[-1]}."
            )
        self.format = format
        try:
            self.samples = files.samples(file.file, format)
            self.columns = files.columns_of(self.samples)
        except Unreadable as error:
            raise ValidationError(str(error)) from None
        self.shape = detected(self.samples)
        if not self.columns:
            raise ValidationError("No record was found in the file: look at its first lines in a text editor.")
        return file


class MappingForm(forms.Form):
    """Which column is what, and what becomes of the records."""

    fixed_instruction = forms.CharField(
        label="Instruction for all records",
        required=False,
        max_length=MAX_CELL,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Used where a record brings none.",
    )
    responses = forms.ChoiceField(
        label="Responses arrive as", choices=Responses.choices, widget=forms.RadioSelect, initial=Responses.APPROVED
    )
    split_by = forms.ChoiceField(
        label="Held out are",
        choices=[("group", "A share of the groups, chosen by chance"), ("column", "Those the file's split names")],
        widget=forms.RadioSelect,
    )
    evaluation_share = forms.IntegerField(
        label="Held out for evaluation, %",
        min_value=0,
        max_value=90,
        initial=10,
        help_text="Of all prompts. The model never learns from these.",
    )
    validation_share = forms.IntegerField(
        label="For validation, %",
        min_value=0,
        max_value=50,
        initial=10,
        help_text="Of the rest. Watched while training.",
    )
    judgements = forms.ChoiceField(
        label="What the file says of answers arrives as",
        choices=Judgements.choices,
        widget=forms.RadioSelect,
        initial=Judgements.DECIDE,
        required=False,
    )
    shape = forms.ChoiceField(label="Read as", widget=forms.RadioSelect, required=False)
    skip_problems = forms.BooleanField(label="Import without the lines that have a problem", required=False)

    def __init__(self, *args: Any, columns: list[str], shape: str = "", **kwargs: Any) -> None:
        """`shape`: the one that the file's rows are in, if they are in any."""
        super().__init__(*args, **kwargs)
        self.columns = columns
        self.found = shapes.SHAPES.get(shape)
        known = [(shape, self.found.title)] if self.found else []
        self.fields["shape"].choices = [*known, ("", "Plain columns: I say which is what")]  # type: ignore[attr-defined]
        for field in KNOWN_NAMES:
            self.fields[f"column-{field}"] = forms.ChoiceField(
                label=LABELS[field],
                help_text=HELP[field],
                required=False,
                choices=[("", "Not in the file"), *((column, column) for column in columns)],
            )

    @property
    def column_fields(self) -> list[Any]:
        return [self[f"column-{field}"] for field in KNOWN_NAMES]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("shape"):
            return cleaned
        chosen = self.chosen_columns()
        if "conversation" not in chosen and "instruction" not in chosen and not cleaned.get("fixed_instruction"):
            self.add_error("column-instruction", "Choose the column, or type an instruction for all records below.")
        if "conversation" in chosen and chosen.keys() & set(TEXTS):
            self.add_error("column-conversation", "A conversation holds instruction, input and response already.")
        if cleaned.get("split_by") == "column" and "split" not in chosen:
            self.add_error("column-split", "Choose the column that says what is held out.")
        return cleaned

    def chosen_columns(self) -> dict[str, str]:
        columns = {field: self.cleaned_data.get(f"column-{field}", "") for field in KNOWN_NAMES}
        return {field: column for field, column in columns.items() if column}

    def saved(self) -> dict[str, Any]:
        """The choices as the import row keeps them; `initial_from` reads them back."""
        names = ("shape", "fixed_instruction", "responses", "split_by", "evaluation_share", "validation_share")
        judgements = self.cleaned_data["judgements"] or Judgements.DECIDE.value
        chosen = {name: self.cleaned_data[name] for name in names}
        return {"columns": self.chosen_columns(), "judgements": judgements, **chosen}


def initial_from(saved: dict[str, Any]) -> dict[str, Any]:
    columns = {f"column-{field}": column for field, column in saved.get("columns", {}).items()}
    return {**{name: value for name, value in saved.items() if name != "columns"}, **columns}
