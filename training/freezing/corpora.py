"""A project's texts as frozen rows."""

from __future__ import annotations

from django.db.models import QuerySet

from annotation.models import Document, Project
from training.freezing import datasets
from training.freezing.datasets import Row


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
