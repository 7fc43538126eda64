"""Identifiers that only the words around them make personal: dates of birth, numbers of cases, lawyers, patients, and
street addresses. Each wants its word in front (or, for a federal or state case number, its very form).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from annotation.checks.personal.spans import Kind, Span

# --- Dates of birth -------------------------------------------------------------------------------------------

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|january|february|march|april|june|july|august|september"
    r"|october|november|december|januar|februar|märz|mai|juni|juli|oktober|dezember|janvier|février|mars|avril|juin"
    r"|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre"
    r"|octubre|noviembre|diciembre)\b"
)
_DATE = (
    r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er)?\.?(?: of| de)? {_MONTH}\.?,?(?: de)? \d{{4}}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})(?![\d/]|[.-]\d)"
)
_BORN = (
    r"(?:born|d\.?o\.?b\b\.?|date of birth|birth ?date|geboren|geb\.|geburtsdatum|née? le|nacid[oa]|nat[oa]"
    r"|geboortedatum)"
)
_BIRTH = re.compile(
    rf"(?<!\w){_BORN}[ \t:=-]{{0,3}}(?:is |was |on |am |el |il |op ){{0,2}}\(?(?P<value>{_DATE})", re.IGNORECASE
)
_BIRTH_AFTER = re.compile(rf"(?<![\w/.-])(?P<value>{_DATE})[ ,]{{0,2}}\(?(?:d\.?o\.?b|date of birth)\b", re.IGNORECASE)


_SAYS_BORN_AFTER = ("dob", "d.ob", "o.b", "date of birth")
_SAYS_BORN = ("born", "dob", "o.b", "birth", "gebo", "geb.", "née", "né le", "nacid", "nato", "nata")


def births(text: str) -> Iterator[Span]:
    for pattern, words in ((_BIRTH, _SAYS_BORN), (_BIRTH_AFTER, _SAYS_BORN_AFTER)):
        for match in pattern.finditer(text) if _has_any(text, words) else ():
            if _could_be_a_birth(match["value"]):
                yield Span(match.start("value"), match.end("value"), "birth")


def _has_any(text: str, words: tuple[str, ...]) -> bool:
    """A look at single words is twenty times as fast as a pattern that would not be found."""
    plain = _plain(text)
    return any(word in plain for word in words)


@lru_cache(maxsize=2)
def _plain(text: str) -> str:
    return text.casefold()


def _could_be_a_birth(written: str) -> bool:
    """A day, a month and a year there are, in whatever order a country writes them, and nobody's future."""
    numbers = [int(digits) for digits in re.findall(r"\d+", written)]
    if len(numbers) == 3:
        year, first, second = (numbers[0], *numbers[1:]) if numbers[0] > 31 else (numbers[2], *numbers[:2])
        days = [(first, second), (second, first)]
    else:
        day, year = numbers
        days = [(1, day), (2, day)] if day > 31 else [(1, day)]
    years = [year] if year > 99 else [1900 + year, 2000 + year]
    return any(_lived(year, month, day) for year in years for month, day in days)


def _lived(year: int, month: int, day: int) -> bool:
    try:
        return date(1900, 1, 1) <= date(year, month, day) <= date.today()
    except ValueError:
        return False


# --- Numbers of cases, lawyers and patients -------------------------------------------------------------------

_NUMBER = r"(?:no\.|nos\.|number\b|num\.|nr\.|#|id\b|no(?=\s*[:#]))"
_CASE_TYPES = r"(?:CV|CR|CA|CF|CI|DR|PR|JV|FM|SC|GC|AD|AP|BK|MJ|MD|MC|MM|CIV|CRIM)"
_DOCKET_FORM = re.compile(
    rf"(?<![\w-])(?:\d:\d{{2}}-{_CASE_TYPES}-\d{{3,6}}|(?:19|20)?\d{{2}}-?{_CASE_TYPES}-?\d{{3,8}}"
    rf"|[A-Z]{{2}}CV(?:19|20)\d{{8}})(?:-[A-Z0-9]{{1,5}}){{0,3}}(?![\w-])",
    re.IGNORECASE,
)
_VALUE = r"(?P<value>[A-Z0-9](?:[A-Z0-9]|[:./-](?=[A-Z0-9])){2,24})(?![\w])"
_DOCKET = re.compile(
    r"\b(?:(?:case|docket|cause|index|civil action|criminal action|indictment|citation)(?: file)? ?"
    rf"{_NUMBER}|CAFN)[ \t:#]{{0,3}}{_VALUE}",
    re.IGNORECASE,
)
_BAR = re.compile(
    rf"\b(?:(?:state |[A-Z][a-z]+ )?bar(?: member(?:ship)?| registration| card)?|attorney(?: registration)?|SBN|roll)"
    rf" ?(?:{_NUMBER}|(?<=SBN))[ \t:#]{{0,3}}(?:is )?(?P<value>[A-Z]{{0,2}}-?\d{{4,9}})(?![\w]|[.,-]\d)",
    re.IGNORECASE,
)
_RECORD = re.compile(
    rf"\b(?:MRN|(?:medical|health|hospital) record|patient|chart)\b ?(?:{_NUMBER}|(?<=MRN)|(?<=MRN )|(?<=record)|"
    rf"(?<=record ))[ \t:#=]{{0,3}}(?:is )?(?P<value>[A-Z]{{0,4}}-?\d(?:\d|-(?=\d)){{3,13}})(?![\w]|[.,/]\d)",
    re.IGNORECASE,
)
_FEWEST_DIGITS = 3


_LIKE_A_DOCKET = re.compile(r"\d-?[A-Za-z]{2,4}-?\d{3}|[Cc][Vv](?:19|20)\d{8}")
_SAYS_CASE = ("case", "docket", "cause", "index", "action", "indictment", "citation", "cafn")


def dockets(text: str) -> Iterator[Span]:
    for match in _DOCKET_FORM.finditer(text) if _LIKE_A_DOCKET.search(text) else ():
        yield Span(match.start(), match.end(), "docket")
    if _has_any(text, _SAYS_CASE):
        yield from _named(text, _DOCKET, "docket")


def bar_numbers(text: str) -> Iterator[Span]:
    if _has_any(text, ("bar", "attorney", "sbn", "roll")):
        yield from _named(text, _BAR, "bar")


def medical_records(text: str) -> Iterator[Span]:
    if _has_any(text, ("mrn", "record", "patient", "chart")):
        yield from _named(text, _RECORD, "record")


def _named(text: str, pattern: re.Pattern[str], kind: Kind) -> Iterator[Span]:
    for match in pattern.finditer(text):
        if sum(letter.isdigit() for letter in match["value"]) >= _FEWEST_DIGITS:
            yield Span(match.start("value"), match.end("value"), kind)


# --- Street addresses -----------------------------------------------------------------------------------------

_COMPASS = r"(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West|Northeast|Northwest|Southeast|Southwest)\b\.?"
_STREETS = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Circle|Cir|Terrace|Ter"
    r"|Parkway|Pkwy|Highway|Hwy|Trail|Trl|Square|Sq|Pike)\b\.?"
)
_US_ADDRESS = re.compile(
    rf"(?P<number>\d(?<![\w$€£.,/:-]\d)\d{{0,5}}[A-Z]?) (?:{_COMPASS} )?"
    rf"(?P<name>(?:[A-Z][\w'’-]*\.? |\d{{1,3}}(?:st|nd|rd|th) ){{1,4}}?)"
    rf"{_STREETS}(?! [A-Z][a-z]+ (?:Court|County))(?: {_COMPASS}(?![\w-]))?"
    r"(?:,? (?:Apartment|Apt\.?|Unit|Suite|Ste\.?|Lot|#) ?#?[\w-]{1,6})?"
    r"(?:,? (?:[A-Z][a-z.'-]+ ?){1,3},? (?:[A-Z]{2}|[A-Z][a-z]+\.?) \d{5}(?:-\d{4})?)?"
)
_BOX = re.compile(r"(?<!\w)P\.? ?O\.? Box \d{1,6}(?!\w)", re.IGNORECASE)
_NO_STREET = re.compile(
    r"\b(?:county|superior|district|supreme|state|magistrate|probate|municipal|circuit|juvenile|federal|civil|appeals|tax"
    r"|family|appellate|traffic|days|weeks|months|years|dollars|people|counts|hours|tenants)\b",
    re.IGNORECASE,
)
_BEFORE_A_DAY = re.compile(
    r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.? $|\b(?:§|section|rule|title|page|count) $",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAMED_WITH_END = re.compile(  # Hauptstraße 12, Lindenallee 3a, Kerkstraat 7
    r"(?<!\w)(?:[A-ZÄÖÜ][\wäöüß-]{1,30}(?:straße|strasse|str\.|allee|gasse|straat|laan|plein|gracht)"
    r"|[A-ZÄÖÜ][\wäöüß-]{1,30} (?:Straße|Str\.|Allee|Weg|Platz)) \d{1,4} ?[a-h]?(?![\w/]|[.,]\d)"
)
_NUMBER_FIRST = re.compile(  # 12 bis, rue de la Paix
    r"\d(?<![\w$€£.,/-]\d)\d{0,3}(?: (?:bis|ter))?,? (?:rue|avenue|boulevard|bd|impasse|chemin|allée|quai|cours)"
    r" (?:(?:de|du|des|la|le|les) |[dl]['’]){0,3}[A-ZÀ-Ý][\w'’-]+(?: [A-ZÀ-Ý][\w'’-]+){0,3}"
)
_NUMBER_LAST = re.compile(  # Calle de Alcalá, 50; Via Garibaldi 5; Rua Augusta, 1200
    r"(?<!\w)(?:Calle|Avenida|Av\.|Paseo|Plaza|Rua|Travessa|Praça|Via|Viale|Corso|Piazza)"
    r" (?:(?:de|da|do|das|dos|del|della|dei|la|el|las|los) ){0,3}[A-ZÀ-Ý][\w'’-]+(?: [A-ZÀ-Ý][\w'’-]+){0,3}"
    r",? (?:n\.?º? ?)?\d{1,5}(?![\w/]|[.,]\d)"
)


_ELSEWHERE = (
    (_BOX, ("box",)),
    (_NAMED_WITH_END, ("strasse", "str.", "allee", "gasse", "straat", "laan", "plein", "gracht", "weg", "platz")),
    (_NUMBER_FIRST, ("rue", "avenue", "boulevard", "bd ", "impasse", "chemin", "allée", "quai", "cours")),
    (_NUMBER_LAST, ("calle", "aveni", "av.", "paseo", "plaza", "rua", "trav", "praça", "via", "corso", "piazza")),
)


def addresses(text: str) -> Iterator[Span]:
    for match in _US_ADDRESS.finditer(text):
        if not _is_no_street(text, match):
            yield Span(match.start(), match.end(), "address")
    for pattern, words in _ELSEWHERE:
        for match in pattern.finditer(text) if _has_any(text, words) else ():
            yield Span(match.start(), match.end(), "address")


def _is_no_street(text: str, match: re.Match[str]) -> bool:
    """“In 2024 Fulton County Superior Court”, “on March 3 Walnut Street was closed”."""
    if _NO_STREET.search(match["name"]):
        return True
    if _BEFORE_A_DAY.search(text[max(0, match.start() - 12) : match.start()]):
        return True
    return bool(_YEAR.fullmatch(match["number"])) and bool(
        re.search(
            r"\b(?:in|since|by|during|of|until) $", text[max(0, match.start() - 8) : match.start()], re.IGNORECASE
        )
    )
