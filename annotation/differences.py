"""Where answers to the same prompt differ in their words."""

from __future__ import annotations

from annotation import diff

Places = list[tuple[int, int]]


def between(texts: dict[str, str], base: str) -> dict[str, Places]:
    """For each letter the stretches that the base does not have; for the base, with two answers, what the other has
    not. Places count characters."""
    others = {letter: text for letter, text in texts.items() if letter != base}
    found = {letter: _own_words(texts[base], text) for letter, text in others.items()}
    only = next(iter(others.values())) if len(others) == 1 else texts[base]
    return {base: _own_words(only, texts[base]), **found}


def _own_words(other: str, text: str) -> Places:
    """The stretches of `text` that are not in `other`; none of mere space."""
    found: Places = []
    at = 0
    for piece in diff.words(other, text):
        if piece.kind == "removed":
            continue
        end = at + len(piece.text)
        start = end - len(piece.text.lstrip())
        if piece.kind == "added" and start < end:
            found.append((start, end))
        at = end
    return found
