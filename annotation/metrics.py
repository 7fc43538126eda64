"""What can be measured about one output without asking anybody. Pure: texts in, numbers out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from annotation.headings import sections

# --- Format ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Adherence:
    """`share`: required sections that are there, with content, in order; `complete`: exactly the required ones."""

    share: float
    complete: bool


def adherence(text: str, headings: Sequence[str]) -> Adherence | None:
    """None where the project asks for no format."""
    required = [name.strip() for name in headings]
    if not required:
        return None
    written = sections(text, required)
    filled = [required.index(section.heading) for section in written if _has_content(section.text)]
    firsts = list(dict.fromkeys(filled))
    complete = [section.heading for section in written] == required and len(filled) == len(required)
    return Adherence(_longest_rise(firsts) / len(required), complete)


def _has_content(text: str) -> bool:
    return bool(re.search(r"\w", text))


def _longest_rise(positions: Sequence[int]) -> int:
    """Length of the longest part that is in order, so that one misplaced section costs one."""
    longest: list[int] = []
    for index, position in enumerate(positions):
        before = [longest[i] for i in range(index) if positions[i] < position]
        longest.append(1 + max(before, default=0))
    return max(longest, default=0)


# --- Dates ----------------------------------------------------------------------------------------------------

MONTHS = {
    name: number
    for number, names in enumerate(
        [
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ],
        start=1,
    )
    for name in names
}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\b\.?,? (?P<year>\d{{4}})\b", re.I),
    re.compile(rf"\b(?P<month>{_MONTH})\b\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})\b", re.I),
    re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b"),
    re.compile(r"(?<![\d/])(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})(?![\d/])"),
    re.compile(r"(?<![\d.])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})(?!\d|\.\d)"),
)


def has_date(text: str) -> bool:
    """A date that can be found in a calendar: day, month and year, and the day exists."""
    return bool(_dates(text))


def _dates(text: str) -> list[frozenset[date]]:
    """What each date of a text can mean: 3/4/2025 is two days to readers of different countries."""
    text = " ".join(text.split())
    found = [_readings(match) for pattern in _DATES for match in pattern.finditer(text)]
    return [readings for readings in found if readings]


def _readings(match: re.Match[str]) -> frozenset[date]:
    year, month, day = match["year"], match["month"], match["day"]
    full_year = int(year) if len(year) == 4 else 2000 + int(year)
    number = MONTHS.get(month.casefold()) or int(month)
    readings = {_in_calendar(full_year, number, int(day))}
    if month.isdigit() and ("/" in match[0] or readings == {None}):  # 25/12/2025 is written day first
        readings.add(_in_calendar(full_year, int(day), number))
    return frozenset(reading for reading in readings if reading)


def _in_calendar(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def dated_section(text: str, heading: str, headings: Sequence[str] = ()) -> bool | None:
    """Whether the section carries a calendar date; None where the project asks for none.

    `headings` are the others, at which the section ends: a date after them is not its own.
    """
    wanted = heading.strip()
    if not wanted:
        return None
    written = sections(text, [*(name for name in headings if name.strip() != wanted), wanted])
    return any(has_date(section.text) for section in written if section.heading == wanted)


# --- Closeness to the reference -------------------------------------------------------------------------------


def tokens(text: str) -> list[str]:
    """Lower-case letters and digits, as ROUGE counts them; letters of every script count."""
    return re.findall(r"[^\W_]+", text.lower())


def rouge_l(text: str, reference: str) -> float:
    """ROUGE-L F1: how much of both texts is one common sequence of words, from 0 to 1."""
    candidate, wanted = tokens(text), tokens(reference)
    if not candidate or not wanted:
        return 0.0
    common = _common_subsequence(candidate, wanted)
    return 2 * common / (len(candidate) + len(wanted))


def kept(text: str, earlier: str) -> float:
    """The share of an earlier text's words that are still there, in their order, whatever else was added."""
    before = tokens(earlier)
    return _common_subsequence(tokens(text), before) / len(before) if before else 1.0


def _common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length by bit-parallel dynamic programming (Hyyrö 2004): one integer holds a whole row of the table."""
    places: dict[str, int] = {}
    for index, token in enumerate(first):
        places[token] = places.get(token, 0) | 1 << index
    everywhere = (1 << len(first)) - 1
    row = everywhere
    for token in second:
        match = row & places.get(token, 0)
        row = ((row + match) | (row - match)) & everywhere
    return len(first) - row.bit_count()


def bleu_counts(text: str, reference: str) -> list[int]:
    """What corpus BLEU adds up: both lengths, then matched and possible n-grams for n = 1 to 4."""
    from sacrebleu.metrics.bleu import BLEU  # 14 MB that no page needs

    score = BLEU(effective_order=True).sentence_score(text, [reference])
    return [score.sys_len, score.ref_len, *score.counts, *score.totals]


# --- Figures that the source does not have --------------------------------------------------------------------

_DIGITS = r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(?P<thousand>\s?k\b)?"
_AMOUNT = re.compile(rf"[$€£]\s?{_DIGITS}", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\d$€£.,-])(?P<number>(?:19|20)\d{2})(?![\d,]*\d)")
_NUMBER = re.compile(_DIGITS, re.IGNORECASE)
_SHORT_YEAR = re.compile(r"(?:\d{1,2}[/.-]\d{1,2}[/.-]|['’])(?P<year>\d{2})(?!\d)")


def _value(match: re.Match[str]) -> str:
    number = float(match["number"].replace(",", ""))
    if match.groupdict().get("thousand"):
        number *= 1000
    return f"{number:.2f}"


def figures(text: str) -> dict[str, str]:
    """Amounts of money and years of a text: value -> as written."""
    found = {_value(match): match[0].strip() for match in _YEAR.finditer(text)}
    found.update({_value(match): match[0].strip() for match in _AMOUNT.finditer(text)})
    return found


def unsupported_figures(text: str, source: str) -> list[str]:
    """Those of `figures` that the source does not have in any notation of digits.

    Numbers that the source spells out in words count as missing: a reader should look at them.
    """
    known = _numbers(source)
    return [written for value, written in figures(text).items() if value not in known]


def _numbers(text: str) -> set[str]:
    short_years = {f"{century}{match['year']}.00" for match in _SHORT_YEAR.finditer(text) for century in ("19", "20")}
    return {_value(match) for match in _NUMBER.finditer(text)} | short_years


# --- Figures that the reference has ---------------------------------------------------------------------------


def required_facts(text: str, reference: str) -> float | None:
    """The share of the reference's dates, amounts and years that the text has too, in whatever notation.

    None where the reference has none. The year of a date is no fact of its own.
    """
    wanted_dates = _dates(reference)
    years = {f"{reading.year}.00" for readings in wanted_dates for reading in readings}
    wanted = figures(reference).keys() - years
    if not wanted_dates and not wanted:
        return None
    written = frozenset().union(*_dates(text))
    kept = sum(bool(readings & written) for readings in wanted_dates) + len(wanted & _numbers(text))
    return kept / (len(wanted_dates) + len(wanted))


# --- All of it ------------------------------------------------------------------------------------------------


def measure(text: str, *, source: str, reference: str, required: Sequence[str], dated: str) -> dict[str, Any]:
    """Everything stored with an output. A metric that has no meaning here is None."""
    form = adherence(text, required)
    return {
        "adherence": form.share if form else None,
        "complete": form.complete if form else None,
        "dated": dated_section(text, dated, required),
        "rouge_l": rouge_l(text, reference) if reference else None,
        "bleu_counts": bleu_counts(text, reference) if reference else None,
        "words": len(text.split()),
        "figures": len(figures(text)),
        "unsupported": unsupported_figures(text, source),
    }
