"""Stand-ins for numbers and addresses: of the same form, and such as nobody was ever given.

Each function takes what is written and a `Draw`, which gives the same numbers for the same original. `made` tells what
comes from here, so that cleaning twice finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from annotation.checks.personal.numbers import passes_luhn, passes_mod_97
from annotation.cleaning.stand_ins import all_names
from annotation.cleaning.word_lists import words

Draw = Callable[[str, str], Iterator[int]]  # what for, and the original: numbers from 0 to 255 without end
Name = Callable[[str], str]

_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _filled(written: str, digits: str) -> str:
    """The digits in the places of those that stand there."""
    left = iter(digits)
    return _DIGIT.sub(lambda _match: next(left, "0"), written)


def _drawn(numbers: Iterator[int], length: int) -> str:
    return "".join(str(next(numbers) % 10) for _ in range(length))


# --- Numbers with a plan or check digits ----------------------------------------------------------------------

_EXTENSION = re.compile(r",?\s?(?:ext\.?|extension|x)\s?\d{1,5}$")
_FICTION = re.compile(r"[2-9]\d\d55501\d\d")  # 555-0100 to 555-0199 (North American Numbering Plan)


def phone(written: str, draw: Draw) -> str:
    """In North America a number that is kept free for fiction; elsewhere one that no exchange begins with."""
    extension = _EXTENSION.search(written)
    main, rest = (written[: extension.start()], extension[0]) if extension else (written, "")
    digits = _digits(main)
    if _is_american(main, digits):
        numbers = draw("phone", digits[-10:])
        area = f"{2 + next(numbers) % 8}{next(numbers) % 9}{next(numbers) % 10}"
        instead = digits[:-10] + area + "55501" + _drawn(numbers, 2)
    else:
        kept = _kept_of(main, digits)
        numbers = draw("phone", digits[kept:].lstrip("0"))
        zeros = "00" if main.startswith("+") else "000"
        instead = (digits[:kept] + zeros + _drawn(numbers, len(digits)))[: len(digits)]
    return _filled(main, instead) + (_filled(rest, _drawn(numbers, 5)) if rest else "")


def _is_american(main: str, digits: str) -> bool:
    if len(digits) == 11:
        return digits[0] == "1"
    return len(digits) == 10 and not main.startswith("+") and digits[0] in "23456789"


def _kept_of(main: str, digits: str) -> int:
    """How many digits are the country's."""
    if not main.startswith("+"):
        return 0
    import phonenumbers  # 3 MB, and few texts have such a number

    try:
        return len(str(phonenumbers.parse(main, None).country_code))
    except phonenumbers.NumberParseException:
        return min(2, len(digits))


def ssn(written: str, draw: Draw) -> str:
    """Area 900 to 999 is never given out, and with group 01 to 49 it is no taxpayer's number either."""
    numbers = draw("ssn", _digits(written))
    return _filled(written, f"9{_drawn(numbers, 2)}{1 + next(numbers) % 49:02}{_drawn(numbers, 4)}")


def card(written: str, draw: Draw) -> str:
    """Its check digit is wrong."""
    digits = _digits(written)
    numbers = draw("card", digits)
    body = digits[0] + _drawn(numbers, len(digits) - 2)
    wrong = [digit for digit in "0123456789" if not passes_luhn(body + digit)]
    return _filled(written, body + wrong[next(numbers) % len(wrong)])


def iban(written: str, draw: Draw) -> str:
    """Its check digits are 00, which no bank gives."""
    plain = written.replace(" ", "")
    numbers = draw("iban", plain)
    while True:
        body = "".join(_of_same_kind(letter, next(numbers)) for letter in plain[4:])
        if not passes_mod_97(f"{plain[:2]}00{body}"):
            break
    left = iter(f"{plain[:2]}00{body}")
    return "".join(letter if letter == " " else next(left) for letter in written)


def _of_same_kind(letter: str, number: int) -> str:
    return str(number % 10) if letter.isdigit() else chr(ord("A") + number % 26)


# --- Numbers that only their place makes personal -------------------------------------------------------------

_YEAR = re.compile(r"(?<!\d)(?:(?P<century>19|20)(?P<long>\d\d)(?!\d)|(?P<short>\d\d)(?=-?[A-Za-z]|-\d))")
_NEVER = "ZZ"  # letters before a number that no office uses


def docket(written: str, draw: Draw) -> str:
    """Of a year that has not come yet (2060 to 2079), or with letters no court uses."""
    numbers = draw("docket", written.casefold())
    if not (year := _YEAR.search(written)):
        return numbered(written, draw, "docket")
    instead = f"{60 + next(numbers) % 20}"
    start, end = year.span()
    tail = _filled(written[end:], _drawn(numbers, len(written)))
    return written[:start] + ("20" if year["century"] else "") + instead + tail


def numbered(written: str, draw: Draw, kind: str) -> str:
    """Of a bar or a record."""
    digits = _digits(written)
    return f"{_NEVER}-{_drawn(draw(kind, digits), max(4, len(digits)))}"


def _is_made_docket(written: str) -> bool:
    year = _YEAR.search(written)
    return bool(year and 60 <= int(year["long"] or year["short"]) < 80 and year["century"] != "19")


# --- Dates of birth -------------------------------------------------------------------------------------------

_MONTHS = [
    names.split()
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sept oct nov dec",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
]
_SHORT_MONTHS = (2, 4, 6, 9, 11)


def birth(written: str, draw: Draw) -> str:
    """The 31st of a month that has none, some years off: the age stays about the same."""
    numbers = draw("birth", " ".join(written.casefold().split()))
    month = _SHORT_MONTHS[next(numbers) % 5]
    off = (-3, -2, -1, 1, 2, 3)[next(numbers) % 6]
    if word := _month(written):
        text = written[: word.start()] + _month_like(word[0], month) + written[word.end() :]
        return _DIGITS.sub(lambda found: _part(found[0], 31, 0, off), text)
    parts = _DIGITS.findall(written)
    instead = _impossible(parts, "/" in written, month, off)
    left = iter(instead)
    return _DIGITS.sub(lambda _found: next(left), written)


_DIGITS = re.compile(r"\d+")


def _month(written: str) -> re.Match[str] | None:
    return next((word for word in _WORD.finditer(written) if _place_of(word[0])), None)


def _place_of(word: str) -> tuple[int, int] | None:
    plain = word.casefold()
    return next(((row, names.index(plain)) for row, names in enumerate(_MONTHS) if plain in names), None) or (
        (1, 8) if plain == "sep" else None
    )


def _month_like(word: str, month: int) -> str:
    row, _index = _place_of(word) or (0, 0)
    name = _MONTHS[row][month - 1]
    return name.upper() if word.isupper() else name.capitalize() if word[0].isupper() else name


def _part(digits: str, day: int, _month: int, off: int) -> str:
    return str(int(digits) + off) if len(digits) == 4 else str(day)


def _impossible(parts: list[str], slashes: bool, month: int, off: int) -> list[str]:
    year_first = int(parts[0]) > 31
    year = parts[0] if year_first else parts[2]
    shifted = str(int(year) + off) if len(year) == 4 else f"{(int(year) + off) % 100:02}"
    one, two = (parts[1], parts[2]) if year_first else (parts[0], parts[1])
    month_first = year_first or int(two) > 12 or (slashes and int(one) <= 12)
    name = str(month) if len(one if month_first else two) == 1 else f"{month:02}"
    days = [name, "31"] if month_first else ["31", name]
    return [shifted, *days] if year_first else [*days, shifted]


def _is_made_birth(written: str) -> bool:
    parts = _DIGITS.findall(written)
    if word := _month(written):
        place = _place_of(word[0])
        return bool(place and place[1] + 1 in _SHORT_MONTHS and "31" in parts)
    return "31" in parts and any(int(part) in _SHORT_MONTHS for part in parts if len(part) <= 2)


# --- Street addresses -----------------------------------------------------------------------------------------

_KEPT = frozenset(
    words("""
street st avenue ave road rd boulevard blvd lane ln drive dr court ct place pl way circle cir terrace ter
parkway pkwy highway hwy trail trl square sq pike n s e w ne nw se sw north south east west northeast
northwest southeast southwest apartment apt unit suite ste lot floor box p o po rue bd impasse chemin allée
quai cours de du des la le les d l bis calle avenida av paseo plaza rua travessa praça via viale corso
piazza da do das dos del della dei el las los straße strasse str allee weg platz gasse n th rd nd""")
)
_ENDINGS = ("straße", "strasse", "str", "allee", "gasse", "straat", "laan", "plein", "gracht")
_PIECE = re.compile(r"\d+(?:st|nd|rd|th)\b|\d+|[^\W\d_]+(?:['’-][^\W\d_]+)*")


def address(written: str, draw: Draw, name: Name) -> str:
    """Streets and towns that are nowhere; the number has as many digits, a post office box or a ZIP code two zeros."""
    numbers = draw("address", " ".join(written.casefold().split()))
    box = "box" in written.casefold()

    def instead(match: re.Match[str]) -> str:
        piece = match[0]
        if piece.isdigit():
            zeros = "00" if box or (len(piece) == 5 and match.start()) else ""
            return zeros + (str(1 + next(numbers) % 9) + _drawn(numbers, len(piece)))[: max(1, len(piece) - len(zeros))]
        if piece[0].isdigit():
            return name(piece)
        plain = piece.casefold()
        if plain in _KEPT or len(piece) == 1 or (len(piece) == 2 and piece.isupper()):
            return piece
        ending = next((end for end in _ENDINGS if plain.endswith(end) and plain != end), "")
        return name(piece[: len(piece) - len(ending)]) + ending if ending else name(piece)

    return _PIECE.sub(instead, written)


def _is_made_address(written: str) -> bool:
    if re.search(r"box 00", written, re.IGNORECASE):
        return True
    words = [piece.casefold() for piece in _PIECE.findall(written)]
    return any(word in all_names() or _without_ending(word) in all_names() for word in words)


def _without_ending(word: str) -> str:
    return next((word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)), word)


# --- All of them ----------------------------------------------------------------------------------------------


def made(kind: str, written: str) -> bool:
    """Whether it is one of these stand-ins, whoever made it."""
    if kind == "phone":
        digits = _digits(_EXTENSION.sub("", written))
        return bool(_FICTION.fullmatch(digits[-10:])) if _is_american(written, digits) else False
    if kind == "email":
        return written.casefold().endswith((".example", "@example.com", "@example.org", "@example.net"))
    if kind == "docket" and _is_made_docket(written):
        return True
    if kind in ("docket", "bar", "record"):
        return written.startswith(_NEVER)
    if kind == "birth":
        return _is_made_birth(written)
    return kind == "address" and _is_made_address(written)
