from __future__ import annotations

from typing import Any

from django import forms

from annotation.forms.work import LongText, WorkForm


class CorrectionForm(WorkForm):
    """`texts` are the candidates: an answer that one of them is already is no better one."""

    text = LongText(required=False, label="The better answer")

    def __init__(self, *args: Any, texts: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = texts

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if not text.strip():
            raise forms.ValidationError("Write an answer before you submit.")
        if text.strip() in self.texts:
            raise forms.ValidationError("This is one of the answers as it stands. Change what makes it unusable.")
        return text
