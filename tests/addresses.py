"""Where the item that an answer shows has its own address."""

from __future__ import annotations

from typing import Any


def shown_at(response: Any) -> str:
    """Of a queue's own page, which shows an item; of a redirect, where it leads."""
    assert response.status_code in (200, 302)
    return response.url if response.status_code == 302 else response["Content-Location"]
