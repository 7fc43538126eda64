"""Identifiers that prove themselves: by check digits, by what an office gives out, by a country's numbering plan.

Expressions here begin with a character to look for, and only then say what may not stand in front of it: `re` skips to
such a character, and tries every place for one that begins by looking back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from annotation.checks.personal.spans import Span

_LONG = re.compile(r"\d(?:[ ()./-]{0,2}\d){6}")
BEFORE = 60  # characters in front of a number that say what it is


def has_long(text: str) -> bool:
    """Whether a number is as long as the shortest phone number: without one there is no card and no SSN either."""
    return _LONG.search(text) is not None


def emails(text: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(text) if "@" in text else ():
        if match["top"].casefold() not in _FILE_ENDINGS:
            yield Span(match.start(), match.end(), "email")


_EMAIL = re.compile(
    r"(?<![\w.+%'-])[\w+%-](?:[\w.+%'-]{0,62}[\w+%-])?"
    r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?P<top>[^\W\d_]{2,24})(?![\w@]|-\w)"
)
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "css", "js"})  # logo@2x.png


# --- Payment cards --------------------------------------------------------------------------------------------

_CARD = re.compile(
    r"\d(?<![\w.,$€£/-]\d)(?:\d{3}(?P<mark>[ -])\d{4}(?P=mark)\d{4}(?P=mark)\d{4}(?:(?P=mark)\d{3})?"
    r"|\d{3}(?P<mark6>[ -])\d{6}(?P=mark6)\d{4,5}|\d{12,18})(?![\w/]|[.,-]\d)"
)
_ISSUERS = (  # ISO/IEC 7812 prefixes as the networks publish them, with their lengths
    (re.compile(r"4"), {13, 16, 19}),
    (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), {16}),
    (re.compile(r"3[47]"), {15}),
    (re.compile(r"30[0-5]|3[689]"), {14, 16}),
    (re.compile(r"6011|64[4-9]|65"), {16, 19}),
    (re.compile(r"352[89]|35[3-8]"), {16, 19}),
    (re.compile(r"62"), {16, 17, 18, 19}),
)
_OTHER_NUMBER = re.compile(
    r"\b(?:invoice|order|case|docket|claim|policy|part|tracking|ticket|receipt|quote|job|loan|account|acct|serial|model|batch|lot|permit"
    r"|license|parcel|confirmation|ref(?:erence)?|file)\b[\s.:#]*(?:no\b|number\b|nr\b|id\b)?[\s.:#]*(?:is\s+)?$",
    re.IGNORECASE,
)


def cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        issued = any(prefix.match(digits) and len(digits) in lengths for prefix, lengths in _ISSUERS)
        if issued and passes_luhn(digits) and not _is_other_number(text, match.start()):
            yield Span(match.start(), match.end(), "card")


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B: every wrong single digit fails."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _is_other_number(text: str, start: int) -> bool:
    return bool(_OTHER_NUMBER.search(text[max(0, start - BEFORE) : start]))


# --- Bank accounts --------------------------------------------------------------------------------------------

_IBAN = re.compile(r"[A-Z](?<![\w-][A-Z])[A-Z]\d{2}(?: ?[A-Z0-9]){11,30}")
_IBAN_LENGTHS = {  # SWIFT's IBAN registry
    country: int(length)
    for length, countries in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI FO GL NL FK SD",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK MN",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ OM SO TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "BI DJ FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB NI PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU YE",
        "31": "MT SC",
        "32": "LC",
        "33": "RU",
    }.items()
    for country in countries.split()
}


def ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2])
        end = _end_of(text, match.start(), length) if length else None
        if end is not None and passes_mod_97(text[match.start() : end].replace(" ", "")):
            yield Span(match.start(), end, "iban")


def _end_of(text: str, start: int, length: int) -> int | None:
    """Where the country's number of letters and digits is reached; None where a word goes on behind it."""
    seen = 0
    for index in range(start, min(len(text), start + 2 * length)):
        seen += text[index] != " "
        if seen == length:
            return index + 1 if not text[index + 1 : index + 2].isalnum() else None
    return None


def passes_mod_97(iban: str) -> bool:
    """ISO 7064 MOD 97-10: every wrong single character fails."""
    return int("".join(str(int(letter, 36)) for letter in iban[4:] + iban[:4])) % 97 == 1


# --- US social security ---------------------------------------------------------------------------------------

_SSN = re.compile(
    r"(?P<area>\d(?<![\w./-]\d)\d\d)(?P<mark>[ -]?)(?P<group>\d{2})(?P=mark)(?P<serial>\d{4})(?![\w/]|[.-]\w)"
)
_SAYS_SSN = re.compile(r"\b(?:SSN|SS\s?#|soc(?:ial)?\.?\s+sec(?:urity)?)", re.IGNORECASE)


def social_security(text: str) -> Iterator[Span]:
    """Area 000, 666 and 900-999, group 00 and serial 0000 are never given out (SSA). It has no check digit, so that
    without its hyphens it counts only where the words before say so.
    """
    for match in _SSN.finditer(text):
        given = match["area"] not in {"000", "666"} and match["area"] < "900"
        if not given or match["group"] == "00" or match["serial"] == "0000":
            continue
        before = text[max(0, match.start() - BEFORE) : match.start()]
        if _SAYS_SSN.search(before) or (match["mark"] == "-" and not _is_other_number(text, match.start())):
            yield Span(match.start(), match.end(), "ssn")


# --- Phones ---------------------------------------------------------------------------------------------------

_EXTENSION = r"(?:,?\s?(?:ext\.?|extension|x)\s?\d{1,5}\b)?"
_INTERNATIONAL = re.compile(r"\+(?<![\w+]\+)\d(?:[ ()./-]{0,2}\d){6,14}(?!\d)")
_AMERICAN = re.compile(
    r"(?<![\w.+/$-])(?<!\d )(?:\+?1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"
    rf"(?![\w/]|[.-]\d){_EXTENSION}"
)
_LEADING_ZERO = re.compile(r"(?<![\w.,+/$-])(?<!\d )\(?0\d(?:[ ()./-]{0,2}\d){6,11}(?![\w/]|[.,-]\d)")
_ANY = re.compile(r"(?<![\w.,+/$-])(?<!\d )\(?\d(?:[ ().-]{0,2}\d){6,11}(?![\w/]|[.,-]\d)")
_SAYS_PHONE = re.compile(
    r"(?:\b(?:phone|tele(?:phone|fon|fono)|tel|t[eé]l[eé]?(?:phone)?|tlf|cell|mobile|mobil|handy|fax|call(?:ed|back)?"
    r"|text(?:ed)?|reach(?:ed)?|whatsapp|ruf|m[oó]vil|portable|cellulare|telem[oó]vel|telefoon)\b)"
    r"[^\d\n]{0,25}$",
    re.IGNORECASE,
)
_DAY = re.compile(r"\(?(?:\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([/.-])\d{1,2}\2\d{1,2})(?!\d)")  # 02/11/2025
AMERICAN = frozenset({"US", "CA", "PR", "DO", "JM", "BS", "TT"})


def phones(text: str, regions: Sequence[str]) -> Iterator[Span]:
    """`regions`: countries whose numbers are written without +, the first one first.

    American numbers count in their usual form. Where they start with a 0, national ones do; any other row of digits
    only behind a word such as “call”.
    """
    yield from _valid(text, _INTERNATIONAL, ["ZZ"])
    american = [region for region in regions if region in AMERICAN]
    if american:
        yield from _valid(text, _AMERICAN, american[:1])
    elsewhere = [region for region in regions if region not in AMERICAN]
    if elsewhere:
        yield from _valid(text, _LEADING_ZERO, elsewhere)
    yield from _valid(text, _ANY, regions, said=True)


def _valid(text: str, pattern: re.Pattern[str], regions: Sequence[str], said: bool = False) -> Iterator[Span]:
    for match in pattern.finditer(text):
        start = match.start()
        if said and not _SAYS_PHONE.search(text[max(0, start - BEFORE) : start]):
            continue
        if _DAY.match(match[0]) or (not said and _is_other_number(text, start)):
            continue
        end = next((end for end in _ends(match) for region in regions if _is_phone(text[start:end], region)), None)
        if end is not None:
            yield Span(start, end, "phone")


def _ends(match: re.Match[str]) -> Iterator[int]:
    """The whole, then without its last one or two groups: “+49 30 901820 12 May” goes on behind the number."""
    yield match.end()
    breaks = [match.start() + found.start() for found in re.finditer(r"[ /]", match[0])]
    yield from reversed(breaks[-2:])


@lru_cache(maxsize=4_000)
def _is_phone(written: str, region: str) -> bool:
    import phonenumbers  # 3 MB that a worker loads with the first candidate, not before

    try:
        number = phonenumbers.parse(written, None if region == "ZZ" else region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number))
