"""A project's own patterns, from people who need not know what a regular expression may cost.

Python's engine tries again whatever can be read in several ways, and a row of such choices multiplies. So each
repetition ends after MOST_REPEATED, choices inside a repetition are counted, and a pattern whose choices multiply to
more than MOST_CHOICES is refused before it sees a text: what is left takes a time proportional to the text's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from re import _parser  # type: ignore[attr-defined]  # the engine's own reading of a pattern; typeshed leaves it out
from typing import Any

LONGEST_PATTERN = 200
MOST_REPEATED = 60
MOST_CHOICES = 4_000
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+]|\{(\d+),\}|\(\?[a-zA-Z]|.", re.DOTALL)


class BadPattern(ValueError):
    """Its message says in one sentence what to change."""


@dataclass(frozen=True)
class OwnPattern:
    """`name` as people call what it finds. Made by `own_pattern`, which refuses what is not safe."""

    name: str
    expression: str

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(_bounded(self.expression))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        for match in self.compiled.finditer(text):
            if match.end() > match.start():
                yield match.span()

    def __getstate__(self) -> dict[str, str]:
        return {"name": self.name, "expression": self.expression}


def own_pattern(name: str, expression: str) -> OwnPattern:
    """Raises BadPattern."""
    if not expression or len(expression) > LONGEST_PATTERN:
        raise BadPattern(f"A pattern has 1 to {LONGEST_PATTERN} characters.")
    try:
        choices = _choices(_parser.parse(_bounded(expression)))
        pattern = re.compile(_bounded(expression))
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPattern(f"This pattern cannot be read: {error}.") from None
    if choices > MOST_CHOICES:
        raise BadPattern(
            "This pattern could take very long on some texts. Say how often a part repeats, as in \\d{1,8} instead of "
            "\\d+, and avoid repetitions inside repetitions."
        )
    if pattern.match(""):
        raise BadPattern("This pattern fits an empty text too, so it would be found everywhere.")
    return OwnPattern(name, expression)


def _bounded(expression: str) -> str:
    """The same with an end to every repetition."""
    return "".join(_with_end(piece) for piece in _PIECE.finditer(expression))


def _with_end(piece: re.Match[str]) -> str:
    written = piece[0]
    if written.startswith("(?") and len(written) == 3 and written[2] != "P":
        raise BadPattern("Options inside a pattern, such as (?i), are not taken.")
    if written == "*":
        return f"{{0,{MOST_REPEATED}}}"
    if written == "+" and not _is_possessive(piece):
        return f"{{1,{MOST_REPEATED}}}"
    if piece[1]:
        return f"{{{piece[1]},{int(piece[1]) + MOST_REPEATED}}}"
    return written


def _is_possessive(piece: re.Match[str]) -> bool:
    """The second sign of a*+ or a{1,3}+."""
    return piece.start() > 0 and piece.string[piece.start() - 1] in "*+?}" and not _escaped(piece.string, piece.start())


def _escaped(text: str, end: int) -> bool:
    before = text[: end - 1]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def _choices(parsed: Any) -> int:
    """In how many ways the engine may try to read one place of a text with this pattern, at most."""
    total = 1
    for operation, argument in parsed:
        total *= _of_one(str(operation), argument)
        if total > MOST_CHOICES:
            break
    return total


def _of_one(operation: str, argument: Any) -> int:
    if operation in ("GROUPREF", "GROUPREF_EXISTS", "GROUPREF_IGNORE"):
        raise BadPattern("A pattern cannot refer back to what it found before.")
    if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        fewest, most, inner = argument
        if int(most) > 1_000:
            raise BadPattern("A part of a pattern repeats 1,000 times at most.")
        each = _choices(inner)
        return min(MOST_CHOICES + 1, (int(most) - int(fewest) + 1) * each ** min(int(most), 64))
    if operation == "SUBPATTERN":
        return _choices(argument[3])
    if operation == "BRANCH":
        return sum(_choices(branch) for branch in argument[1])
    if operation in ("ASSERT", "ASSERT_NOT"):
        return _choices(argument[1])
    if operation == "ATOMIC_GROUP":
        return _choices(argument)
    return 1
