"""Which of the headings a project asks for stand in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence


def missing(text: str, headings: Sequence[str]) -> list[str]:
    """The required headings that open no line of the text, in order."""
    return [heading for heading in headings if not _opens_a_line(text, heading.strip())]


def with_skeleton(text: str, headings: Sequence[str]) -> str:
    """The text followed by the headings it lacks, each on a line of its own, ready to be filled in."""
    lines = [f"{heading.strip()}:" for heading in missing(text, headings)]
    return "\n".join([text.rstrip(), *lines] if text.strip() else lines)


def _opens_a_line(text: str, heading: str) -> bool:
    """As the measure of format reads them: "Next step: ...", "**Next step:** ...", "2. Next step:", "## Next step".

    One class of marks, not groups of groups of them: a long rule of dashes must not take forever to fail.
    """
    opening = rf"^[ \t#>*_\-]*(?:\d+[.)][ \t#>*_\-]*)?{re.escape(heading)}"
    return bool(re.search(rf"{opening}[*_]*[ \t]*(?::|$)", text, re.IGNORECASE | re.MULTILINE))
