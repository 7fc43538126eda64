"""What somebody who writes a response sends."""

from __future__ import annotations

from django import forms

from annotation.forms.work import LongText, WorkForm
from annotation.models import Difficulty
from annotation.widgets import FlatSelect


class WritingForm(WorkForm):
    """`difficulty` is its author's mark, for rounds that go from easy to hard."""

    difficulty = forms.TypedChoiceField(
        label="How hard was it?",
        choices=[("", "Not marked"), *Difficulty.choices],
        coerce=int,
        empty_value=None,
        required=False,
        widget=FlatSelect,
    )


class ResponseForm(WritingForm):
    text = LongText(label="Your response", error_messages={"required": "Write a response before you submit."})

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        if not text:
            raise forms.ValidationError("Write a response before you submit.")
        return text


class DraftForm(WritingForm):
    """The same fields, unfinished: anything goes, even nothing."""

    text = LongText(required=False)
