"""The chooser on the page of a new round."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from training.models import BaseModel
from training.this_machine import this_machine
from training.which_way import WAYS, comparison, recommend


def which_way(form: forms.Form, asked: Any) -> dict[str, Any] | None:
    """For the choices of the form, or those that the page asks about while it is filled in."""
    version = _picked(form, "dataset_version", asked) or form.fields["dataset_version"].queryset.first()
    parent = _picked(form, "parent_adapter", asked)
    base = _picked(form, "base_model", asked) or (parent.base_model if parent else BaseModel.objects.default())
    if version is None or base is None:
        return None
    machine = this_machine()
    return {
        "base": base,
        "version": version,
        "machine": machine,
        "advice": recommend(parameters=base.parameters, rows=version.train_rows, machine=machine),
        "ways": WAYS,
        "comparison": comparison(base.parameters),
    }


def _picked(form: forms.Form, name: str, asked: Any) -> Any:
    try:
        return form.fields[name].clean(asked.get(name) or form[name].value())
    except ValidationError:
        return None
