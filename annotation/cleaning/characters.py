"""Characters that a reader does not see, or takes for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ODD_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SEPARATORS = "\u2028\u2029"
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_WIDTHLESS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
)
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_OTHERS = "\ud800-\udfff\ufff9-\ufffb\U000e0000-\U000e007f"
_FOUND = re.compile(
    f"(?P<space>[{_ODD_SPACES}]+)|(?P<line>[{_SEPARATORS}]+)|(?P<turn>[{_BIDIRECTIONAL}]+)"
    f"|(?P<hidden>[{_WIDTHLESS}]+)|(?P<control>[{_CONTROLS}{_OTHERS}]+)"
)
_ANY = re.compile(f"[{_ODD_SPACES}{_SEPARATORS}{_BIDIRECTIONAL}{_WIDTHLESS}{_CONTROLS}{_OTHERS}]")
_PLAIN = re.compile(r"[\n\t\r -~]*")
_NOTES = {
    "space": ("An unusual space.", " "),
    "line": ("An unusual line break.", "\n"),
    "turn": ("This turns the direction of reading.", ""),
    "hidden": ("Characters without width.", ""),
    "control": ("Control codes.", ""),
}
_JOINERS = frozenset("\u200c\u200d")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_FRENCH = re.compile(r"[:;!?»%€]")


def found(text: str, language: str = "") -> Iterator[tuple[int, int, str, str]]:
    """Start, end, what stands there instead, and a sentence about it."""
    if (text.isascii() and _PLAIN.fullmatch(text)) or not _ANY.search(text):
        return
    for match in _FOUND.finditer(text):
        kind = match.lastgroup or ""
        if not _belongs(text, match, kind, language):
            note, instead = _NOTES[kind]
            yield match.start(), match.end(), instead, note


def _belongs(text: str, match: re.Match[str], kind: str, language: str) -> bool:
    """What a script or a language's typography needs there."""
    if kind == "hidden" and set(match[0]) <= _JOINERS:
        around = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
        return len(around) == 2 and all(ord(letter) > 0x5FF for letter in around)  # emoji, Persian, Indian scripts
    if kind == "turn":
        return not set(match[0]) - set("\u200e\u200f\u061c") and bool(_RIGHT_TO_LEFT.search(text))
    if kind == "space" and language.startswith("fr") and len(match[0]) == 1:
        return bool(_FRENCH.match(text, match.end())) or text[: match.start()].endswith("«")
    return False
