"""What every work screen sends."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.active_time import ActiveSeconds
from annotation.forms.quiet import QuietForm
from annotation.models import Guidelines, Project
from annotation.widgets import Hidden

LONGEST = 100_000


class LongText(forms.CharField):
    """A text as it was typed: nothing stripped, line ends as on every other system."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": False, "max_length": LONGEST, **kwargs})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # a browser would cut a longer text off silently; the server says so instead
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class WorkForm(QuietForm):
    """`version` is the save the person's page started from; `guidelines` the version they had beside it,
    `active_seconds` what their page has counted since they got the item."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=Hidden)
    guidelines = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=Hidden)
    active_seconds = ActiveSeconds()

    def guidelines_seen(self, project: Project) -> Guidelines | None:
        return project.guidelines.filter(version=self.cleaned_data.get("guidelines") or 0).first()
