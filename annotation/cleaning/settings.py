"""What a project wants found: built once, sent to other processes once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from annotation.cleaning.boilerplate import Passages
from annotation.cleaning.kinds import KINDS
from annotation.cleaning.patterns import OwnPattern
from annotation.cleaning.terms import Glossary, Term
from annotation.cleaning.typos import Typos


@dataclass(frozen=True)
class Settings:
    """`secret`: the project's own and kept from its texts, so that nobody reads an original out of its stand-in.

    `known`: how many texts of the project each word stands in (`WordCounts`); without them nothing is a typing error.
    `passages`: what many of its texts share (`Boilerplate.often`); without them nothing is boilerplate.
    `regions`: two-letter codes of the countries whose phone numbers are written without their +code.
    """

    secret: str = ""
    kinds: frozenset[str] = frozenset(KINDS)
    glossary: Sequence[Term] = ()
    patterns: Sequence[OwnPattern] = ()
    regions: Sequence[str] = ("US",)
    language: str = ""
    known: Mapping[str, int] = field(default_factory=dict)
    passages: Passages | None = None

    @cached_property
    def terms(self) -> Glossary:
        return Glossary(self.glossary)

    @cached_property
    def typos(self) -> Typos:
        return Typos(self.known, self.glossary)

    def __getstate__(self) -> dict[str, Any]:
        """Only what was given: each process makes its own tables."""
        return {each.name: getattr(self, each.name) for each in fields(self)}
