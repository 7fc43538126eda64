"""A project's texts as frozen rows, and whether they give held-out prompts away."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from annotation.models import Document, Project, Prompt
from annotation.texts import words
from training.freezing import datasets, leakage
from training.freezing.datasets import Row
from training.models import DatasetVersion

NAMED = 3


def documents_to_freeze(project: Project) -> QuerySet[Document]:
    return project.documents.all()


def document_rows(project: Project) -> list[Row]:
    return [
        Row(
            id=str(document.pk),
            prompt_id="",
            group=document.group or document.sha256[:16],
            split=document.split,
            task_type="",
            guidelines=None,
            people=frozenset(),
            content={"title": document.title, "text": document.text},
            at=datasets.local(document.created_at),
        )
        for document in documents_to_freeze(project).order_by("created_at", "pk")
    ]


def leaks(project: Project, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Texts that hold what a held-out prompt asks about, with both, most alike first."""
    ours = {row["id"]: row for row in rows}
    theirs = {str(prompt.pk): prompt for prompt in project.prompts.held_out()}
    found = leakage.contained(
        ((key, row["text"]) for key, row in ours.items()), ((key, _asked(prompt)) for key, prompt in theirs.items())
    )
    return [
        {
            "kind": leak.kind,
            "similarity": leak.similarity,
            "training_prompt": leak.training_id,
            "training_name": ours[leak.training_id]["title"],
            "training_text": datasets.clip(ours[leak.training_id]["text"]),
            "held_out_prompt": leak.held_out_id,
            "held_out_name": str(theirs[leak.held_out_id]),
            "held_out_text": datasets.clip(_asked(theirs[leak.held_out_id])),
        }
        for leak in found
    ]


def _asked(prompt: Prompt) -> str:
    """What a text would have to hold: the input, or with one too short to know again the instruction before it."""
    return prompt.input if len(words(prompt.input)) >= leakage.RUN else f"{prompt.instruction}\n{prompt.input}"


def refusal(version: DatasetVersion, found: list[dict[str, Any]]) -> str:
    """Why a round may not read these texts."""
    named = [
        f"“{leak['training_name']}” holds {_share(leak)} held-out {leak['held_out_name']} (“{leak['held_out_text']}”)."
        for leak in found[:NAMED]
    ]
    more = f" And {len(found) - NAMED} more." if len(found) > NAMED else ""
    return (
        f"{version} holds texts that the evaluation asks about, so its results would mean nothing. "
        f"{' '.join(named)}{more} Delete those texts from the corpus, then freeze again and use the new version."
    )


def _share(leak: dict[str, Any]) -> str:
    return "all of" if leak["kind"] == "exact" else f"{100 * leak['similarity']:.0f} % of"
