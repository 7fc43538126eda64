"""What the apps that know models lend to the screens of those who write: a count of tokens, and a draft.

They offer it when they start (`AppConfig.ready`). Here nobody knows what a model is, and without any of it people
write as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from django.contrib.auth.models import User

from annotation.models import Project, Prompt


@dataclass(frozen=True)
class Tokens:
    """`tokenizer`: the file that counts as the model does. `around`: what stands around prompt and answer."""

    tokenizer: Path
    around: int


@dataclass(frozen=True)
class Draft:
    text: str
    source: str  # which model, as people call it


@dataclass(frozen=True)
class NoDraft:
    reason: str


class Drafter(Protocol):
    def writes_for(self, project: Project) -> bool:
        """Whether there is a model that may draft here."""

    def why_not_now(self, project: Project) -> str:
        """Why it cannot at this moment, as a sentence; empty when it can."""

    def ask(self, *, prompt: Prompt, by: User) -> str:
        """Begin to write; the answer is the key to look for it."""

    def found(self, key: str) -> Draft | NoDraft | None:
        """None while it is being written."""


@dataclass
class _Lent:
    tokens: Callable[[], Tokens | None] | None = None
    drafter: Drafter | None = None


_lent = _Lent()


def lend_tokens(how: Callable[[], Tokens | None]) -> None:
    _lent.tokens = how


def lend_drafter(drafter: Drafter) -> None:
    _lent.drafter = drafter


def tokens() -> Tokens | None:
    """None: lengths are estimated."""
    return _lent.tokens() if _lent.tokens else None


def drafter() -> Drafter | None:
    return _lent.drafter
