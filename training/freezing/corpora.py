"""A project's texts as frozen rows."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import QuerySet

from annotation.models import Document, Project
from training.freezing import datasets
from training.freezing.in_order import in_order
from training.freezing.row import Row


def documents_to_freeze(project: Project) -> QuerySet[Document]:
    return project.documents.all()


def document_rows(project: Project) -> Iterator[Row]:
    for document in in_order(documents_to_freeze(project), "created_at", "pk"):
        yield Row(
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
