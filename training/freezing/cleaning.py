"""Rows as they are frozen: with what experts confirmed put in place, without what they left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from annotation.cleaning import KINDS
from annotation.cleaning_runs.cleanable import texts_of
from annotation.cleaning_runs.cleaned import Cleaned
from annotation.models import Candidate, Demonstration, Document, Project, Prompt
from training.freezing.datasets import question, said
from training.freezing.row import Row

AT_ONCE = 500
SIDES = ("completion", "chosen", "rejected")


def cleaned(project: Project, rows: list[Row]) -> tuple[list[Row], dict[str, Any]]:
    """The rows, and for the version's page how many of them were changed or left out, by kind. No rows are touched,
    and no figures given, where nothing was confirmed."""
    confirmed = Cleaned.of(project)
    if not confirmed:
        return rows, {}
    found: list[Row] = []
    left_out: Counter[str] = Counter()
    changed = 0
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        sources = _Sources(project, some, confirmed)
        for row in some:
            kind = sources.leaves_out(row)
            made = row if kind else sources.cleaned(row)
            if not kind and _is_empty(made):
                kind = "empty"
            if kind:
                left_out[kind] += 1
                continue
            changed += made.content != row.content
            found.append(made)
    if not changed and not left_out:
        return rows, {}
    by_kind = sorted((confirmed.used + left_out).items())
    figures = {
        "changed": changed,
        "left_out": sum(left_out.values()),
        "left_out_by_kind": dict(sorted(left_out.items())),
        "places_by_kind": dict(sorted(confirmed.used.items())),
        "by_title": [(KINDS[kind].title, number) for kind, number in by_kind],
    }
    return found, {"cleaning": figures}


def _is_empty(row: Row) -> bool:
    """Whether cleaning left nothing to learn: no words, or two sides that say the same."""
    texts = [row.content[side][0]["content"] for side in SIDES if side in row.content]
    texts += [row.content["text"]] if "text" in row.content else []
    return not all(text.strip() for text in texts) or (len(texts) == 2 and texts[0] == texts[1])


class _Sources:
    """What stands in the database behind some frozen rows: their ids name it (`datasets`, `preferences`)."""

    def __init__(self, project: Project, rows: list[Row], confirmed: Cleaned) -> None:
        self._template, self._confirmed = project.instruction_template, confirmed
        named = {pk for row in rows for pk in _named(row)}
        self._prompts = Prompt.objects.in_bulk([UUID(row.prompt_id) for row in rows if row.prompt_id])
        answers = Demonstration.objects.filter(pk__in=named).values_list("pk", "text")
        candidates = Candidate.objects.filter(pk__in=named).values_list("pk", "text")
        documents = Document.objects.filter(pk__in=named).values_list("pk", "text")
        texts = {"response": answers, "candidate": candidates, "text": documents}
        self._texts = {pk: (field, text) for field, found in texts.items() for pk, text in found}

    def leaves_out(self, row: Row) -> str:
        prompt = self._prompt(row)
        if prompt and (kind := self._confirmed.leaves_out(prompt.pk, texts_of(prompt))):
            return kind
        answers = (self._confirmed.leaves_out(pk, dict([self._texts[pk]])) for pk in _named(row) if pk in self._texts)
        return next(filter(None, answers), "")

    def _prompt(self, row: Row) -> Prompt | None:
        return self._prompts.get(UUID(row.prompt_id)) if row.prompt_id else None

    def cleaned(self, row: Row) -> Row:
        return replace(row, content={**row.content, **dict(self._parts(row))})

    def _parts(self, row: Row) -> Iterator[tuple[str, Any]]:
        if prompt := self._prompt(row):
            yield "prompt", question(self._confirmed.prompt(prompt), self._template)
        for side, pk in zip(_sides(row), _named(row), strict=True):
            if pk not in self._texts:
                continue
            field, original = self._texts[pk]
            text = self._confirmed.text(pk, field, original)
            if text == original:
                continue
            yield side, text if side == "text" else said("assistant", text.strip())


def _sides(row: Row) -> Iterable[str]:
    if "text" in row.content:
        return ("text",)
    return ("completion",) if "completion" in row.content else ("chosen", "rejected")


def _named(row: Row) -> list[UUID]:
    """Of the text behind each side."""
    return [UUID(pk) for pk in row.id.split(":")[-len(list(_sides(row))) :]]
