from __future__ import annotations

from contextlib import suppress
from uuid import UUID


def as_uuid(text: str) -> UUID | None:
    """None where it is no id, as what comes in an address may be."""
    with suppress(ValueError):
        return UUID(text)
    return None
