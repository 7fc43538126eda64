"""One row for training, as it is frozen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from training.run_dir import dumps

PROVENANCE = ("origin", "consensus", "rankers")  # of pairs and judged candidates; ids begin with the comparison's


@dataclass(frozen=True)
class Row:
    """One row for training, with where it came from."""

    id: str
    prompt_id: str
    group: str
    split: str
    task_type: str
    guidelines: int | None
    people: frozenset[int]
    content: dict[str, Any] = field(hash=False)
    revisions: tuple[str, ...] = ()  # of the demonstration, or the rankings: which state of it was frozen
    at: datetime | None = None
    score: int | None = None  # of the response, when it was read

    def as_json(self) -> dict[str, Any]:
        of_prompt = {"prompt_id": self.prompt_id} if self.prompt_id else {}
        of_type = {"task_type": self.task_type} if self.task_type else {}
        return {"id": self.id, **of_prompt, **of_type, "group": self.group, **self.content}

    def source(self) -> dict[str, Any]:
        """Where it came from, for the manifest."""
        if "text" in self.content:
            return {"id": self.id, "title": self.content["title"], "sha256": self.content_sha256}
        provenance = {name: self.content[name] for name in PROVENANCE if name in self.content}
        of_revisions = {"revisions": list(self.revisions)} if self.revisions else {}
        return {
            "id": self.id,
            "prompt_id": self.prompt_id,
            "guidelines": self.guidelines,
            **provenance,
            **of_revisions,
            "people": sorted(self.people),
            "sha256": self.content_sha256,
        }

    @cached_property
    def content_sha256(self) -> str:
        return row_sha256(self.as_json())


def row_sha256(row: dict[str, Any]) -> str:
    """Over what a model would read, and nothing that a database gave it."""
    content = {name: value for name, value in row.items() if name not in ("id", "prompt_id")}
    return hashlib.sha256(dumps(content).encode()).hexdigest()
