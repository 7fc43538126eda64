"""A project with something to clean, and what a run makes of it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from annotation import parts
from annotation.actions import cleaning
from annotation.cleaning import KINDS
from annotation.cleaning_runs import looking
from annotation.models import CleaningRun, Finding, Project, Prompt, Scope, Split
from tests import factories

INPUT = "Write to Denise at denise.okafor@gmail.com or call (404) 555-0142. SSN 219-09-9999."
ANSWER = "Parties: Denise Okafor. Contact: denise.okafor@gmail.com, who kept the keys of the flat."


def furnished(project: Project, author: User) -> dict[str, Any]:
    """A taught prompt with an answer and two candidates, and a held-out one with a reference."""
    taught = factories.prompt(project, instruction="Summarise.", input=INPUT, group="okafor")
    answer = factories.demonstration(taught, author, text=ANSWER)
    rejected = "Write to denise.okafor@gmail.com at once."
    comparison = factories.comparison(taught, [ANSWER, rejected])
    held_out = factories.prompt(
        project,
        instruction="Summarise.",
        input="Held out: rosa.diaz@gmail.com asked.",
        reference="The secret reference of rosa.diaz@gmail.com.",
        split=Split.EVALUATION,
    )
    return {"taught": taught, "answer": answer, "comparison": comparison, "held_out": held_out}


def run(project: Project, by: User, kinds: list[str] | None = None, scopes: list[str] | None = None) -> CleaningRun:
    made = cleaning.start(project=project, scopes=scopes or Scope.values, kinds=kinds or list(KINDS), by=by, ring=False)
    parts.run(made, looking.do)
    made.refresh_from_db()
    assert made.status == "done", made.problem
    return made


def email_of(prompt: Prompt) -> Finding:
    return Finding.objects.get(prompt=prompt, field="input", kind="email")
