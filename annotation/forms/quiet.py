from __future__ import annotations

from django import forms


class QuietForm(forms.Form):
    """A form whose complaints are ours: without `required`, no browser stops it with a bubble in its own words that
    vanishes and that no screen reader finds again. The server says what is missing, beside the field."""

    use_required_attribute = False
