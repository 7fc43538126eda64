"""Of which time a text speaks, by the years and centuries that are written in it."""

from __future__ import annotations

import re

# label -> first and last year
PERIODS = {
    "Before 1900": (1000, 1899),
    "1900–1949": (1900, 1949),
    "1950–1979": (1950, 1979),
    "1980–1999": (1980, 1999),
    "2000–2009": (2000, 2009),
    "2010–2019": (2010, 2019),
    "2020 and later": (2020, 2099),
}
NONE = "No year given"
YEAR = re.compile(r"(?<![\w$€£.,/#-])(1\d{3}|20\d{2})(?:s|['’]s)?(?![\w%]|[.,]\d|[ ]?(?:USD|EUR|dollars|euros|words))")
DAY = re.compile(r"\b(?:\d{1,4}[-/.]){1,2}(1\d{3}|20\d{2})\b|\b(1\d{3}|20\d{2})-\d{2}-\d{2}\b")
CENTURY = re.compile(r"\b(1\d|20|21)(?:st|th)[- ]century\b", re.IGNORECASE)


def periods(text: str) -> set[str]:
    """Labels of PERIODS; a number that may be something else (an amount, a house number) is left out where it shows."""
    years = {int(year) for year in YEAR.findall(text)}
    years |= {int(first or second) for first, second in DAY.findall(text)}
    years |= {(int(number) - 1) * 100 + 50 for number in CENTURY.findall(text)}
    return {label for label, (first, last) in PERIODS.items() if any(first <= year <= last for year in years)}
