"""What a reviewer of a response sends."""

from __future__ import annotations

from django import forms

from annotation.active_time import ActiveSeconds
from annotation.forms.quiet import QuietForm
from annotation.forms.work import LongText
from annotation.widgets import Hidden


class ApproveForm(QuietForm):
    """`response` is the version of the text that the reviewer has read."""

    response = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=Hidden)
    active_seconds = ActiveSeconds()


class FixForm(ApproveForm):
    text = LongText(label="The response", error_messages={"required": "The response cannot be empty."})

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        if not text:
            raise forms.ValidationError("The response cannot be empty.")
        return text


class ReturnForm(ApproveForm):
    note = LongText(
        label="What should the author change?",
        help_text="They see this above their text when they open it again.",
        max_length=5_000,
        error_messages={"required": "Say what to change, so that the author knows."},
    )

    def clean_note(self) -> str:
        note = self.cleaned_data["note"].strip()
        if not note:
            raise forms.ValidationError("Say what to change, so that the author knows.")
        return note
