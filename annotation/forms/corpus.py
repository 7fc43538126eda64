from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One or several files; its value is a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        clean_one = super().clean
        return [clean_one(each, initial) for each in data or [None]]


class CorpusForm(forms.Form):
    files = FilesField(  # type: ignore[assignment]  # what a class of forms declares becomes no attribute of it
        label="Files",
        help_text=(
            "Text files (.txt, .md), one document each; JSON Lines with a “text” on every line; or a zip of them. "
            "UTF-8, up to 100 files and 200 MB at once."
        ),
        widget=FilesInput(attrs={"accept": ".txt,.md,.jsonl,.ndjson,.zip"}),
        allow_empty_file=True,  # said with the file's name when it is read
    )

    def clean_files(self) -> list[UploadedFile]:
        files: list[UploadedFile] = self.cleaned_data["files"]
        if sum(file.size or 0 for file in files) > settings.MAX_IMPORT_BYTES:
            raise ValidationError("The files are larger than 200 MB. Import them one after the other.")
        return files


class CorpusSearchForm(forms.Form):
    q = forms.CharField(label="Search", required=False, max_length=200)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.is_valid()

    @property
    def search(self) -> str:
        return self.cleaned_data.get("q", "")
