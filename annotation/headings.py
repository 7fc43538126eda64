"""Reading the headings a project asks for: one reading, for the hints while writing and for the measure of format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Section:
    heading: str
    text: str
    start: int = field(default=0, compare=False)  # of the heading's first letter
    end: int = field(default=0, compare=False)  # behind the marks that follow it


def sections(text: str, headings: Sequence[str]) -> list[Section]:
    """The sections as they stand in the text, each under the required spelling of its heading."""
    if not headings:
        return []
    found = list(_heading_pattern(headings).finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return [
        Section(
            _required_spelling(match["name"], headings),
            text[match.end() : end].strip(),
            match.start("name"),
            match.end(),
        )
        for match, end in zip(found, ends, strict=False)
    ]


def missing(text: str, headings: Sequence[str]) -> list[str]:
    """The required headings that open no line of the text, in order."""
    written = {section.heading for section in sections(text, headings)}
    return [heading for heading in headings if heading.strip() not in written]


def with_skeleton(text: str, headings: Sequence[str]) -> str:
    """The text followed by the headings it lacks, each on a line of its own, ready to be filled in."""
    lines = [f"{heading.strip()}:" for heading in missing(text, headings)]
    return "\n".join([text.rstrip(), *lines] if text.strip() else lines)


def _heading_pattern(headings: Sequence[str]) -> re.Pattern[str]:
    """A line that opens with a heading: "Next step: ...", "**Next step:** ...", "2. Next step:", "## Next step".

    One class of marks, not groups of groups of them: a long rule of dashes must not take forever to fail.
    """
    names = "|".join(re.escape(name.strip()) for name in sorted(headings, key=len, reverse=True))
    return re.compile(
        rf"^[ \t#>*_\-]*(?:\d+[.)][ \t#>*_\-]*)?(?P<name>{names})(?:[*_]*[ \t]*:[ \t]*[*_]*|[*_]*[ \t]*$)",
        re.IGNORECASE | re.MULTILINE,
    )


def _required_spelling(written: str, headings: Sequence[str]) -> str:
    names = (name.strip() for name in headings)
    return next(name for name in names if re.fullmatch(re.escape(name), written, re.IGNORECASE))
