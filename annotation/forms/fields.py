from __future__ import annotations

from typing import Any, TypeVar

from django import forms

F = TypeVar("F", bound=forms.Field)


def field_of(form: forms.BaseForm, name: str, kind: type[F]) -> F:
    """The form's own copy of a field, as the kind it was declared: `form.fields` knows only that it is a field."""
    field = form.fields[name]
    assert isinstance(field, kind)
    return field


class LinesField(forms.CharField):
    """A list of short texts, one per line."""

    def __init__(self, *, rows: int = 5, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "widget": forms.Textarea(attrs={"rows": rows}), **kwargs})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        if isinstance(value, list):
            return [str(each) for each in value]
        return (super().to_python(value) or "").splitlines()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)
