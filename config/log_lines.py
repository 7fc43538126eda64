from __future__ import annotations

import re
from typing import Any

LINK = re.compile(r"(/sign-in/)[^/?\s]+")


def without_link_tokens(logger: Any, method: str, line: dict[str, Any]) -> dict[str, Any]:
    """A refused request is logged with its address, and that of an unused sign-in link still opens the door."""
    line["event"] = LINK.sub(r"\1…", str(line["event"]))
    return line
