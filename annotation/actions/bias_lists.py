from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.bias.matching import WORD
from annotation.models import BiasLists, Event, Project

MOST_GROUPS = 50
MOST_TERMS = 200
LONGEST = 80
Named = Sequence[dict[str, Any]]


def set_bias_lists(
    *,
    project: Project,
    by: User,
    groups: Named | None = None,
    outcomes: Named | None = None,
    roles: Sequence[Sequence[str]] | None = None,
) -> BiasLists:
    """What is None stays. Groups and outcomes are {"name", "terms"}, roles are pairs."""
    given = {"groups": groups, "outcomes": outcomes, "roles": roles}
    problems = {"groups": _named(groups or ()), "outcomes": _named(outcomes or ()), "roles": _pairs(roles or ())}
    if wrong := {field: [problem] for field, problem in problems.items() if problem}:
        raise ValidationError(wrong)
    with transaction.atomic():
        lists, _made = BiasLists.objects.select_for_update().get_or_create(project=project)
        for field, value in given.items():
            if value is not None:
                setattr(lists, field, list(value))
        lists.save()
        said = {field: value for field, value in given.items() if value is not None}
        Event.record("changed the lists of the bias audit", lists, by=by, project=project, **said)
    return lists


def _named(given: Named) -> str:
    if len(given) > MOST_GROUPS:
        return f"At most {MOST_GROUPS}."
    names = [each["name"].lower() for each in given]
    if len(set(names)) < len(names):
        return "Two have the same name."
    return next((problem for each in given if (problem := _problem(each["name"], each["terms"]))), "")


def _problem(name: str, terms: Sequence[str]) -> str:
    if not name or len(name) > LONGEST or "|" in name:
        return f"A name has 1 to {LONGEST} characters, and no “|”."
    if not 1 <= len(terms) <= MOST_TERMS:
        return f"“{name}” needs 1 to {MOST_TERMS} terms."
    if bad := next((term for term in terms if len(term) > LONGEST or not WORD.search(term)), None):
        return f"“{bad[:40]}” of “{name}” is no term: it needs a letter or a digit, and at most {LONGEST} characters."
    return ""


def _pairs(given: Sequence[Sequence[str]]) -> str:
    if len(given) > MOST_GROUPS:
        return f"At most {MOST_GROUPS}."
    if any(len(pair) != 2 or not all(WORD.fullmatch(role) and len(role) <= LONGEST for role in pair) for pair in given):
        return "A pair has two roles of one word each, such as landlord and tenant."
    roles = [role.lower() for pair in given for role in pair]
    return "A role stands in one pair only." if len(set(roles)) < len(roles) else ""
