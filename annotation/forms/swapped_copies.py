from __future__ import annotations

from django import forms

from annotation.forms.quiet import QuietForm
from annotation.forms.work import LongText


class CopyForm(QuietForm):
    instruction = LongText(label="Instruction", error_messages={"required": "The instruction cannot be empty."})
    input = LongText(label="Input", required=False)
    text = LongText(label="Response", error_messages={"required": "The response cannot be empty."})


class DismissForm(QuietForm):
    reason = forms.CharField(
        label="Why not", max_length=500, error_messages={"required": "Say in a few words why it is dismissed."}
    )
