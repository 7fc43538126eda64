"""Names of people, told by what stands around them.

Each run of capitalised words is looked at once: a title or a role in front, a label, an age or a role behind, a given
name that is common, or an e-mail address made of it says that it is a person. Words of a name that was told so once
are then found wherever they stand in the same group. A run that belongs to a company, a court or a street is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from annotation.cleaning.capitalised import COMMON, ORGANISATIONS
from annotation.cleaning.given_names import FEMALE, MALE, UNSURE
from annotation.cleaning.pseudonyms import plain
from annotation.cleaning.titles import PARTICLES, ROLES, SUFFIXES, TITLES
from annotation.cleaning.word_lists import words

_CAPITAL = "A-ZÀ-ÖØ-ÞĀĂĄĆĈČĎĐĒĔĘĚĞĢĦĪİĶĹĽŁŃŅŇŌŐŒŔŘŚŞŠŢŤŪŮŰŲŴŶŸŹŻŽ"
_WORD = rf"[{_CAPITAL}](?:[^\W\d_]|['’-](?!s\b)(?=[^\W\d_])){{0,30}}"
_TITLE = r"(?:Mr|Mrs|Ms|Mx|Dr|Prof|Hon|Atty|Rev|Fr|Sgt|Lt|Capt|Cpl|Col|Jr|Sr|St|Messrs)\."
_PARTICLE = r"(?:(?:van|von|der|den|de|la|del|della|di|da|dos|das|du|le|bin|ibn|ter|ten|zu|al-?)[ ]){1,2}"
_PIECE = rf"(?:{_TITLE}|[{_CAPITAL}]\.|{_WORD})"
_RUN = re.compile(rf"(?<![\w@#/&.-]){_PIECE}(?:(?:,? (?=Jr\b|Sr\b|II)|[ ]|(?<=\.))(?:{_PARTICLE})?{_PIECE}){{0,7}}")
_PIECES = re.compile(rf"{_TITLE}|[{_CAPITAL}]\.(?!\w)|[^\W\d_](?:[^\W\d_]|['’-](?!s\b)(?=[^\W\d_])){{0,30}}\.?")
_SURE = (FEMALE | MALE) - UNSURE
_ENDS_NAME = COMMON - _SURE - PARTICLES - SUFFIXES
_NO_NAME = TITLES | SUFFIXES | PARTICLES | COMMON
_LONGEST = 4  # words of a name
_AROUND = 48

_ROLE_WORDS = "|".join(sorted(ROLES, key=lambda word: (-len(word), word)))
_BEFORE = re.compile(
    rf"(?:\b(?:{_ROLE_WORDS})(?:['’]s name)?(?:,? (?:named|called|is|was|one|about)|:|,| =| [–—-]| \(|, ?(?:mr|ms))? ?"
    r"|\b(?:mr|mrs|ms|miss|dr|prof|judge|justice|officer|detective|sgt|atty|nurse)\.? (?:and|&|or) (?:mr|mrs|ms|dr)\.? "
    r"|\b(?:signed|reviewed|prepared|approved|drafted|written|authored|witnessed|dictated|examined|attested|inspected|"
    r"checked|recorded|submitted|seen|signed off|notarized|taken)(?: by)?:? "
    r"|\b(?:name|names|contact|attn|attention|cc|from|to|by|author|signature|caller|re|assignee|reporter|approver|spoke"
    r" with|my name is|this is|i am|i['’]m|née|nee|aka|a/k/a|known as|in re|estate of|on behalf of|care of|c/o)(?::|=)?"
    r" ?)$",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:^|\n)[ \t>*-]*(?:from|to|cc|by|re|contact|caller|name|attn)(?::|=) ?$", re.IGNORECASE)
_WEAK = re.compile(r"\b(?:from|to|by|re|cc|contact) ?$|\b(?:is|was|about) $", re.IGNORECASE)
_AFTER = re.compile(
    rf"(?: \((?:[a-z-]+ ){{0,2}}(?:{_ROLE_WORDS})\b|, (?:[a-z-]+ ){{0,3}}(?:{_ROLE_WORDS})\b(?! (?:of the|list))"
    r"|,? \(?(?:age[d]? )?\d{1,3}(?:,| y(?:ea)?rs?|-year| yo\b| y/o|\)| years)|,? \(?(?:born|dob|d\.o\.b|née)\b"
    r"|,? (?:esq|m\.?d|ph\.?d|r\.?n|j\.?d|d\.?d\.?s)\b\.?)",
    re.IGNORECASE,
)
_COMPANY_AFTER = re.compile(
    r"(?:,? (?:inc|llc|llp|lp|ltd|corp|co|gmbh|plc|pllc|p\.c|l\.l\.c|n\.a)\b| (?:&|and) (?:sons|co|associates|company"
    r"|partners|bros|brothers)\b|['’]s (?:[A-Z][\w-]+ )*(?:store|shop|bakery|diner|market|grill|pizza|hardware|garage"
    r"|club|restaurant|disease|syndrome|law|rule|test|sign)\b| (?:disease|syndrome|street|road|avenue|ave|rd"
    r"|county)\b)",
    re.IGNORECASE,
)
_MAILBOX = re.compile(r"([\w.+%-]{3,64})@[\w-]+\.\w")


class _Piece(NamedTuple):
    start: int
    end: int
    word: str
    plain: str


class _Written(NamedTuple):
    """What a run of capitalised words says wherever it stands. Places count from its beginning."""

    pieces: list[_Piece]
    words: frozenset[str]
    titled: bool
    name: list[_Piece]  # what may be a person's


class _Run(NamedTuple):
    start: int
    written: _Written

    def moved(self, pieces: list[_Piece]) -> list[_Piece]:
        """In places of the text."""
        return [_Piece(each.start + self.start, each.end + self.start, each.word, each.plain) for each in pieces]


# The last words before a name, of which one is there wherever _BEFORE fits: looked up before it is tried.
_LAST_WORDS = ROLES | frozenset(
    words("""
    named called is was one about by signed reviewed prepared approved drafted written authored witnessed dictated
    examined attested inspected checked recorded submitted seen off notarized taken name names contact attn attention cc
    from to author signature caller re assignee reporter approver with am i'm i’m née nee aka a/k/a as of c/o mr mrs ms
    miss dr prof and or &""")
)


def people_in(texts: Iterable[str]) -> set[str]:
    """The words of the names that these texts show to be people's, as they are looked for in the group."""
    given = list(texts)
    found = {word for text in given for _run, name in _read(text) for word in _found_again(name)}
    mailboxes = _mailboxes(given)
    if mailboxes:
        runs = [run for text in given for run, _name in _read(text)]
        found.update(word for run in runs for word in run.written.words & mailboxes if word not in COMMON)
    return found


def find_people(text: str, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """Start and end of each name; `names` as `people_in` gives them."""
    for run, shown in _read(text):
        name = shown or _known(text, run, names)
        if name:
            yield name[0].start, name[-1].end


@lru_cache(maxsize=64)
def _read(text: str) -> list[tuple[_Run, list[_Piece]]]:
    """Each run of capitalised words with the name in it, if it is shown to be one."""
    runs = [_Run(match.start(), _written(match[0])) for match in _RUN.finditer(text)]
    return [(run, _shown(text, run)) for run in runs]


def _mailboxes(texts: Iterable[str]) -> frozenset[str]:
    """The words of e-mail addresses before the @."""
    found = [match[1] for text in texts if "@" in text for match in _MAILBOX.finditer(text)]
    return frozenset(word for local in found for word in re.findall(r"[a-z]{3,}", local.casefold()))


@lru_cache(maxsize=20_000)
def _written(run: str) -> _Written:
    pieces = [
        _Piece(piece.start(), piece.end() - piece[0].endswith("."), piece[0], plain(piece[0].rstrip(".")))
        for piece in _PIECES.finditer(run)
    ]
    titled, rest = _without_lead(pieces)
    name = _without_tail(rest)
    too_long = len([piece for piece in name if piece.plain not in PARTICLES]) > _LONGEST
    if too_long or any(piece.plain in ORGANISATIONS for piece in rest):
        name = []
    return _Written(pieces, frozenset(piece.plain for piece in pieces), titled, name)


def _shown(text: str, run: _Run) -> list[_Piece]:
    """The pieces of the run that are a person's name by what stands in and around it."""
    titled, name = run.written.titled, run.moved(run.written.name)
    if not name or _COMPANY_AFTER.match(text, name[-1].end):
        return []
    if titled and len(name[0].plain) > 1:
        return name
    if _is_named(name):
        return name
    if all(piece.word.isupper() and len(piece.word) < 6 for piece in name):
        return []  # an abbreviation
    before = text[max(0, name[0].start - _AROUND) : name[0].start]
    if titled or _says_who(before, name) or (len(name) > 1 and _AFTER.match(text, name[-1].end)):
        return name
    return []


def _without_lead(run: list[_Piece]) -> tuple[bool, list[_Piece]]:
    """Whether a title or a role stands in front, and what follows it."""
    titled = False
    for place, piece in enumerate(run):
        if piece.plain in TITLES or (piece.plain in ROLES and len(run) > 1):
            titled = True
        elif piece.plain in COMMON and piece.plain not in _SURE:
            titled = False
        else:
            return titled, run[place:]
    return False, []


def _without_tail(run: list[_Piece]) -> list[_Piece]:
    """Up to the first word that belongs to no name."""
    name: list[_Piece] = []
    for piece in run:
        if name and piece.plain in _ENDS_NAME:
            break
        if piece.word.endswith(".") and len(piece.plain) > 1 and piece.plain not in SUFFIXES and name:
            name.append(piece)
            break
        name.append(piece)
    while name and (name[-1].plain in PARTICLES or (len(name[-1].plain) == 1 and len(name) > 1)):
        name.pop()
    return name


def _is_named(name: list[_Piece]) -> bool:
    """It begins with a given name that is nothing else, or with any given name and goes on like a name."""
    first = name[0].plain
    if first in _SURE or all(part in _SURE for part in re.split("[-'’]", first)):
        return True
    middle = len(name) > 2 and len(name[1].plain) == 1
    return first in UNSURE and first in FEMALE | MALE and middle


def _says_who(before: str, name: list[_Piece]) -> bool:
    last = before.casefold().replace(":", " ").replace("(", " ").replace("=", " ").split()[-2:]
    if _LAST_WORDS.isdisjoint(word.strip(",.") for word in last):
        return False
    if len(name) == 1 and _WEAK.search(before) and not _LABEL.search(before):
        return False
    return bool(_BEFORE.search(before))


def _found_again(name: list[_Piece]) -> Iterator[str]:
    """The words by which the person is found elsewhere."""
    for piece in name:
        if len(piece.plain) >= 3 and piece.plain not in _NO_NAME:
            yield piece.plain


def _known(text: str, run: _Run, names: Collection[str]) -> list[_Piece]:
    """The pieces that belong to names shown elsewhere."""
    if run.written.words.isdisjoint(names):
        return []
    pieces = run.written.pieces
    places = [place for place, piece in enumerate(pieces) if piece.plain in names]
    name = run.moved(pieces[places[0] : places[-1] + 1])
    if len(name) > _LONGEST or any(piece.plain in ORGANISATIONS for piece in pieces[places[0] :]):
        return []
    return [] if _COMPANY_AFTER.match(text, name[-1].end) else name
