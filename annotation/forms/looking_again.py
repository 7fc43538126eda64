from __future__ import annotations

from django import forms

from annotation.forms.quiet import QuietForm
from annotation.forms.work import LongText
from annotation.widgets import Hidden


class CorrectionForm(QuietForm):
    """`version` is the save of the response that its reader has in view."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=Hidden)
    text = LongText(label="The response", error_messages={"required": "The response cannot be empty."})

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        if not text:
            raise forms.ValidationError("The response cannot be empty.")
        return text
