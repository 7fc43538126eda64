"""The chooser on the page of a new round."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from training.advice import advising
from training.models import BaseModel, DatasetVersion
from training.params import CHOICES


def which_way(form: forms.Form, asked: Any, version: DatasetVersion | None) -> dict[str, Any] | None:
    """For the choices of the form, or those that the page asks about while it is filled in."""
    parent = _picked(form, "parent_adapter", asked)
    base = _picked(form, "base_model", asked) or (parent.base_model if parent else BaseModel.objects.default())
    return advising.which_way(base, version) if version and base else None


def version_asked(form: forms.Form, asked: Any) -> DatasetVersion | None:
    versions: Any = form.fields["dataset_version"]
    return _picked(form, "dataset_version", asked) or versions.queryset.first()


def what_is_trained(form: forms.Form, asked: Any) -> dict[str, str]:
    """As a setting; empty where the method leaves no choice."""
    name = "finetuning_type"
    if name not in form.fields:
        return {}
    value = asked.get(name) or form[name].value()
    return {name: value} if value in dict(CHOICES[name]) else {}


def _picked(form: forms.Form, name: str, asked: Any) -> Any:
    try:
        return form.fields[name].clean(asked.get(name) or form[name].value())
    except ValidationError:
        return None
