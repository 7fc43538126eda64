"""What a round's list of suspects says of each, whatever it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from annotation.models import Demonstration


@dataclass(frozen=True)
class Row:
    """`id`: that of the frozen row. `times`: how many times less expected each piece of a word is than in rows read at
    about the same time; of a pair, how many times more the model leans to the other answer."""

    place: int
    id: str
    times: float
    passes: int


def changed_since(response: Demonstration, read_at: datetime) -> str:
    """The state of a response that nobody was asked about."""
    approved = response.status == Demonstration.Status.APPROVED
    newer = response.reviewed_at is not None and response.reviewed_at > read_at
    return "changed" if newer or not approved else "open"
