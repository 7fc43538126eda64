"""Comparisons in the cells of a spreadsheet, as a line of JSON would say them. Pure: no database, no HTTP.

Columns: `id`, `candidate 1` to `candidate 5`, and, where they are there, `source 1` ..., `known`, `all bad`,
`explanation`, `for training` and `rankings needed`. Case, spaces and underscores make no difference.
"""

from __future__ import annotations

import re
from typing import Any

from annotation.imports.rows import Unreadable

COLUMN = re.compile(r"(candidate|source)_?(\d{1,3})")
NUMBERS = re.compile(r"[\d\s>,;=]+")
# As spreadsheets and people write it.
YES = frozenset(
    {
        "true",
        "yes",
        "y",
        "x",
        "1",
        "wahr",
        "ja",
        "vrai",
        "oui",
        "verdadero",
        "sí",
        "si",
        "vero",
        "sì",
        "verdadeiro",
        "sim",
        "waar",
    }
)
NO = frozenset({"false", "no", "n", "0", "falsch", "nein", "faux", "non", "falso", "não", "onwaar", "nee"})
HOW = "“known” lists the numbers of all candidates, best first, such as 2 > 1 or 1 > 2 = 3."


def as_said(cells: dict[str, str]) -> dict[str, Any]:
    """Raises ValueError with a sentence about the line, and Unreadable where the columns are no comparison's."""
    values = _by_name(cells)
    candidates = _candidates(values)
    said: dict[str, Any] = {"id": values.get("id") or values.get("prompt", ""), "candidates": candidates}
    if known := values.get("known"):
        said["known"] = _order(known)
    for name in ("all_bad", "for_training"):
        said[name] = _truth(name, values.get(name, ""))
    if explanation := values.get("explanation"):
        said["explanation"] = explanation
    if needed := values.get("rankings_needed"):
        said["rankings_needed"] = _number(needed)
    return said


def _by_name(cells: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, cell in cells.items():
        key = re.sub(r"[\s_]+", "_", name.strip().lower())
        if match := COLUMN.fullmatch(key):
            key = f"{match[1]}_{int(match[2])}"
        if key in found:
            raise Unreadable(f"Two columns are called “{name}”. Give each its own name.")
        found[key] = cell.strip()
    return found


def _candidates(values: dict[str, str]) -> list[dict[str, str]]:
    """The number in a column's name is the one that `known` goes by, so none may be left out."""
    numbers = sorted(int(name.rpartition("_")[2]) for name in values if name.startswith("candidate_"))
    if numbers[:2] != [1, 2]:
        raise Unreadable("The first line names no columns “candidate 1” and “candidate 2”.")
    given = [number for number in numbers if values[f"candidate_{number}"]]
    if missing := next((number for number in range(1, len(given) + 1) if number not in given), None):
        raise ValueError(f"“candidate {missing}” is empty, and one after it is not.")
    return [_candidate(values, number) for number in given]


def _candidate(values: dict[str, str], number: int) -> dict[str, str]:
    source = values.get(f"source_{number}")
    text = {"text": values[f"candidate_{number}"]}
    return {**text, "source": source} if source else text


def _order(known: str) -> list[list[int]]:
    if not NUMBERS.fullmatch(known):
        raise ValueError(HOW)
    groups = [re.split("=", group) for group in re.split("[>,;]", known)]
    try:
        return [[int(place) for place in group] for group in groups]
    except ValueError:
        raise ValueError(HOW) from None


def _truth(name: str, cell: str) -> bool:
    word = cell.lower()
    if word in YES:
        return True
    if not word or word in NO:
        return False
    raise ValueError(f"“{name.replace('_', ' ')}” is yes or no, not “{cell[:40]}”.")


def _number(cell: str) -> int:
    if not cell.isascii() or not cell.isdigit() or len(cell) > 9:
        raise ValueError(f"“rankings needed” is a number, not “{cell[:40]}”.")
    return int(cell)
