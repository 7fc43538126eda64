"""Identifiers as they are given out, and numbers that look like them and are none."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from annotation.checks.personal.numbers import passes_luhn, passes_mod_97
from annotation.cleaning.given_names import FEMALE, MALE, UNSURE
from annotation.cleaning.word_lists import words

SURNAMES = words("""
    Keller Okafor Lindqvist Castellanos Adeyemi Brannigan Wieczorek Treadaway Raghunathan Abernathy Quintanilla Pham
    Nwosu Harmon Venkataraman Arreola Mobley Akinwande Dufresne Petrossian Stubblefield Gaines Ravenel Wojnar Hollis
    Marchetti Tolliver Grantham Whitcomb Kontos Holcomb Mendes Osei Yamamoto Johansson Ferreira Kowalski O'Brien
    McAllister Delacroix Nakamura Hoffmann Moreau Santos Novak Petrov Silva Haddad Rahman Chowdhury Iyer Banerjee
    Fitzgerald Thornbury Blackwood Espinoza Villanueva Zielinski Vandermeer Andersen Schreiber Gallagher Montgomery
    Pemberton Ashcroft Bellweather Carmichael Donnelly Eastman Fairbanks Garrison Huang Ivanov Jankowski Kaplan
    """)
FIRST_UNKNOWN = words(
    "Chidi Linh Anahit Thandiwe Oluwaseun Xochitl Nkechi Siobhan Bjarne Tomoko Ayesha Ikaika Dagny Mireille Soren"
)
_AREAS = words("212 312 404 415 503 602 617 678 702 713 770 801 912 919 202 305 214 206 303 404")
_STREETS = words("Walnut Rosehill Peachtree Magnolia Chestnut Sycamore Juniper Wesley Ponce Highland Bellevue Cypress")
_SUFFIXES = words("Street Ave Avenue Rd Drive Lane Blvd Court Way Place Terrace")
_TOWNS = ("Atlanta, GA 30309", "Savannah, GA 31401", "Denver, CO 80203", "Portland, OR 97205", "Austin, TX 78701")
_DOMAINS = words(
    "gmail.com outlook.com fultonmail.net lindqvist-law.com st-vincent.org uni-koeln.de posteo.de yahoo.co.uk"
)
_MONTHS = words("January February March April May June July August September October November December")
_COMPANIES = (
    "Halbrook Recovery Group LLC", "Pinnacle Ridge Freight Inc.", "Wassaw Sound Surgical Center", "Verdant Labs",
    "Tallulah Mutual Insurance", "Broadnax Lumber & Truss Co", "Southlake Residential Partners", "Siemens AG",
    "Baker Hughes", "Morgan Stanley Bank", "Johnson Controls Inc.", "Marshall County Hospital", "Jackson County",
    "Madison Avenue Capital LLC", "Santa Rosa Medical Center", "Grant Thornton LLP", "Thomas Jefferson University",
)  # fmt: skip
_STATUTES = (
    "O.C.G.A. § 44-7-13", "15 U.S.C. § 1692g", "42 CFR 482.24", "Rule 26(b)(1)", "Cal. Civ. Code § 1950.5",
    "ISO 26262-6:2018", "IEC 60601-1", "section 9-3-33", "Title VII", "29 C.F.R. 1910.147", "EN 1993-1-8",
)  # fmt: skip


class Names:
    """The people of one text: <person A>, <first A> and <last A> are one of them."""

    def __init__(self, draw: Random) -> None:
        self._draw = draw
        self._people: dict[str, tuple[str, str]] = {}

    def of(self, letter: str) -> tuple[str, str]:
        if letter not in self._people:
            known = sorted((FEMALE | MALE) - UNSURE)
            unusual = self._draw.random() < 0.15
            first = self._draw.choice(FIRST_UNKNOWN) if unusual else self._draw.choice(known).capitalize()
            taken = {last for _first, last in self._people.values()}
            last = self._draw.choice([name for name in SURNAMES if name not in taken])
            self._people[letter] = (first, last)
        return self._people[letter]


def email(draw: Random, first: str = "", last: str = "") -> str:
    first, last = first or draw.choice(FIRST_UNKNOWN), last or draw.choice(SURNAMES)
    plain = last.replace("'", "").casefold()
    local = draw.choice([f"{first}.{plain}", f"{first[0]}{plain}", f"{plain}{draw.randint(2, 99)}", f"{first}_{plain}"])
    return f"{local.casefold()}@{draw.choice(_DOMAINS)}"


def phone(draw: Random) -> str:
    if draw.random() < 0.15:
        return draw.choice([f"+49 30 {draw.randint(200000, 989999)}0", f"+44 20 7946 {draw.randint(1000, 9899)}"])
    area, exchange, line = draw.choice(_AREAS), f"{draw.randint(2, 9)}{draw.randint(2, 9)}{draw.randint(0, 9)}", ""
    exchange = "234" if exchange == "555" else exchange
    line = f"{draw.randint(0, 9999):04}"
    form = draw.choice(["({0}) {1}-{2}", "{0}-{1}-{2}", "{0}.{1}.{2}", "+1 {0} {1} {2}", "{0} {1} {2}"])
    return form.format(area, exchange, line)


def ssn(draw: Random) -> str:
    area = draw.choice([number for number in range(100, 899) if number != 666])
    return f"{area}-{draw.randint(1, 99):02}-{draw.randint(1, 9999):04}"


def card(draw: Random) -> str:
    prefix, length = draw.choice([("4", 16), ("52", 16), ("37", 15), ("6011", 16)])
    body = prefix + "".join(str(draw.randint(0, 9)) for _ in range(length - 1 - len(prefix)))
    digits = next(body + last for last in "0123456789" if passes_luhn(body + last))
    groups = (4, 6, 5) if length == 15 else (4, 4, 4, 4)
    mark = draw.choice([" ", "-", ""])
    pieces, at = [], 0
    for size in groups:
        pieces.append(digits[at : at + size])
        at += size
    return mark.join(pieces)


def iban(draw: Random) -> str:
    country, length = draw.choice([("DE", 18), ("NL", 14), ("GB", 18), ("FR", 23), ("AT", 16)])
    letters = "ABNA" if country == "NL" else "NWBK" if country == "GB" else ""
    body = letters + "".join(str(draw.randint(0, 9)) for _ in range(length - len(letters)))
    plain = next(f"{country}{n:02}{body}" for n in range(2, 99) if passes_mod_97(f"{country}{n:02}{body}"))
    if draw.random() < 0.5:
        return plain
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def address(draw: Random) -> str:
    written = f"{draw.randint(11, 9899)} {draw.choice(_STREETS)} {draw.choice(_SUFFIXES)}"
    if draw.random() < 0.3:
        written += f", Apt {draw.randint(1, 40)}"
    return f"{written}, {draw.choice(_TOWNS)}" if draw.random() < 0.4 else written


def birth(draw: Random) -> str:
    return day(draw, draw.randint(1935, 2006))


def day(draw: Random, year: int = 0) -> str:
    year, month, number = year or draw.randint(2019, 2025), draw.randint(1, 12), draw.randint(1, 28)
    name = _MONTHS[month - 1]
    forms = [
        f"{month}/{number}/{year}",
        f"{year}-{month:02}-{number:02}",
        f"{name} {number}, {year}",
        f"{number} {name} {year}",
    ]
    return draw.choice(forms)


def docket(draw: Random) -> str:
    year = draw.randint(15, 25)
    forms = [
        f"20{year}CV{draw.randint(100000, 999999)}", f"{draw.randint(1, 4)}:{year}-cv-{draw.randint(100, 9999):05}-ABC",
        f"SU-{year}-{draw.randint(1000, 9999)}", f"{year}-A-{draw.randint(10000, 99999)}",
    ]  # fmt: skip
    return draw.choice(forms)


def bar(draw: Random) -> str:
    return draw.choice([f"{draw.randint(100000, 999999)}", f"TX{draw.randint(24000000, 24999999)}"])


def record(draw: Random) -> str:
    return draw.choice(
        [f"{draw.randint(0, 99999999):08}", f"A-{draw.randint(1000000, 9999999)}", f"{draw.randint(100000, 999999)}"]
    )


IDENTIFIERS: dict[str, Callable[[Random], str]] = {
    "phone": phone, "ssn": ssn, "card": card, "iban": iban, "address": address, "birth": birth, "docket": docket,
    "bar": bar, "record": record,
}  # fmt: skip
NEGATIVES: dict[str, Callable[[Random], str]] = {
    "company": lambda draw: draw.choice(_COMPANIES),
    "statute": lambda draw: draw.choice(_STATUTES),
    "day": day,
    "order": lambda draw: f"{draw.randint(100, 999)}-{draw.randint(100, 999)}-{draw.randint(1000, 9999)}",
    "tracking": lambda draw: f"4{draw.randint(10**14, 10**15 - 1)}",
    "version": lambda draw: f"{draw.randint(0, 12)}.{draw.randint(0, 30)}.{draw.randint(0, 400)}",
    "part": lambda draw: f"{draw.choice('ABCKMX')}{draw.randint(10, 99)}-{draw.randint(1000, 99999)}",
    "amount": lambda draw: f"${draw.randint(1, 99)},{draw.randint(100, 999)}.{draw.randint(0, 99):02}",
    "short": lambda draw: str(draw.randint(2, 90)),
}
