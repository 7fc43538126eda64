"""What people say about a prompt."""

from __future__ import annotations

from django import forms

from annotation.forms.quiet import QuietForm
from annotation.forms.work import LongText

MOST = 5_000


class RemarkForm(QuietForm):
    text = LongText(label="Your remark", max_length=MOST, error_messages={"required": "Write something first."})

    def clean_text(self) -> str:
        return _said(self.cleaned_data["text"], "Write something first.")


class NoteForm(QuietForm):
    note = LongText(label="Your note", max_length=MOST, required=False)

    def clean_note(self) -> str:
        return self.cleaned_data["note"].strip()


class FlagForm(QuietForm):
    reason = forms.CharField(
        label="What is wrong with it?",
        max_length=500,
        error_messages={"required": "Say in one sentence what is wrong."},
    )


class OutcomeForm(QuietForm):
    outcome = forms.CharField(
        label="What was done about it?", max_length=500, error_messages={"required": "Say what was done about it."}
    )


def _said(text: str, else_: str) -> str:
    if not text.strip():
        raise forms.ValidationError(else_)
    return text.strip()
