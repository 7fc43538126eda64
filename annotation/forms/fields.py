from __future__ import annotations

from typing import TypeVar

from django import forms

F = TypeVar("F", bound=forms.Field)


def field_of(form: forms.BaseForm, name: str, kind: type[F]) -> F:
    """The form's own copy of a field, as the kind it was declared: `form.fields` knows only that it is a field."""
    field = form.fields[name]
    assert isinstance(field, kind)
    return field
