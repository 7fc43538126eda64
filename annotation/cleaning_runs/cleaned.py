"""Texts as they are taught: the original with what was confirmed put in its place. Nothing of it is stored.

A finding counts only for the very text it was made at, so a text that was changed since is taken as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from annotation.cleaning import KINDS, Found, replaced
from annotation.cleaning_runs import cleanable
from annotation.models import Finding, FindingQuerySet, Project, Prompt

AT_ONCE = 500
LEAVES_OUT = frozenset(name for name, kind in KINDS.items() if not kind.replaces)
_Place = tuple[str, str]


@dataclass
class Cleaned:
    """What was confirmed about some rows. `used` counts the places that were changed, by kind."""

    _found: dict[_Place, list[tuple[str, Found]]]
    used: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, project: Project, items: Sequence[UUID | str] | None = None) -> Cleaned:
        """Of these rows only, or of all of the project."""
        confirmed = Finding.objects.filter(project=project).confirmed()
        cleaned = cls({})
        if items is None:
            cleaned._add(confirmed)
        for start in range(0, len(items or ()), AT_ONCE):
            cleaned._add(confirmed.filter(item__in=(items or ())[start : start + AT_ONCE]))
        return cleaned

    def _add(self, rows: FindingQuerySet) -> None:
        fields = ("item", "field", "text_sha256", "kind", "start", "end", "replacement")
        for item, name, sha256, kind, start, end, replacement in rows.values_list(*fields).iterator(2_000):
            place = (str(item), name)
            self._found.setdefault(place, []).append((sha256, Found(name, start, end, kind, replacement)))

    def __bool__(self) -> bool:
        return bool(self._found)

    def text(self, item: UUID | str, field: str, original: str) -> str:
        """The same wherever it is asked: of two places that overlap the first one counts."""
        found = [each for each in self._holding(item, field, original) if each.kind not in LEAVES_OUT]
        if not found:
            return original
        self.used.update(each.kind for each in found)
        return replaced(original, sorted(found))

    def leaves_out(self, item: UUID | str, texts: dict[str, str]) -> str:
        """The kind of finding for which the row is not taught; empty where there is none."""
        for name, text in texts.items():
            for each in sorted(self._holding(item, name, text)):
                if each.kind in LEAVES_OUT:
                    return each.kind
        return ""

    def prompt(self, prompt: Prompt) -> Prompt:
        """An unsaved copy with its texts cleaned."""
        texts = {name: self.text(prompt.pk, name, text) for name, text in cleanable.texts_of(prompt).items()}
        history = [
            {**message, "content": texts.get(f"message {number}", message["content"])}
            for number, message in enumerate(prompt.history, start=1)
        ]
        return Prompt(
            pk=prompt.pk,
            project_id=prompt.project_id,
            instruction=texts["instruction"],
            input=texts.get("input", ""),
            history=history,
        )

    def _holding(self, item: UUID | str, field: str, original: str) -> Sequence[Found]:
        found = self._found.get((str(item), field))
        if not found:
            return ()
        sha256 = cleanable.hashed(original)
        return [each for of, each in found if of == sha256]
