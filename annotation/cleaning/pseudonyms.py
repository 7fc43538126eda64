"""Stand-ins: the same one for the same person or number wherever it stands in one group, and readable.

A name is replaced word by word, and each word always by the same: “Maria Keller”, “Ms Keller” and “Keller” stay one
person without anybody having to know of the others. Which word it is follows from a keyed hash of the project's
secret, the group and the original (BLAKE2b), so that nobody who lacks the secret can try originals out; given names
that are known get different stand-ins each. Nothing has to be kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from hashlib import blake2b

from annotation.cleaning import stand_in_numbers, stand_ins
from annotation.cleaning.given_names import FEMALE, MALE
from annotation.cleaning.patterns import OwnPattern
from annotation.cleaning.titles import KEPT
from annotation.cleaning.word_lists import words

_NAME = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_OFFICES = frozenset(
    words("""
info intake office contact sales support admin billing hr legal noreply reply no mail team service help desk
accounts finance press jobs careers""")
)


class Pseudonyms:
    """Of one group. `secret` is the project's own."""

    def __init__(self, secret: str, group: str) -> None:
        self._key = blake2b(f"{secret}\0{group}".encode("utf-8", "replace"), digest_size=32).digest()
        self._names: dict[str, str] = {}

    def of(self, kind: str, written: str) -> str:
        """For every kind of personal data but a project's own patterns."""
        if kind == "person":
            return _NAME.sub(lambda word: self._word(word[0]), written)
        if kind == "email":
            return self._email(written)
        if kind == "address":
            return stand_in_numbers.address(written, self._draw, lambda word: _cased(word, self._surname(word)))
        if kind in ("bar", "record"):
            return stand_in_numbers.numbered(written, self._draw, kind)
        return _NUMBERS[kind](written, self._draw)

    def of_pattern(self, pattern: OwnPattern, written: str) -> str | None:
        """“[Client number KQX]”; None where even that has the pattern's form."""
        numbers = self._draw(f"pattern {pattern.name}", written)
        instead = f"[{pattern.name} {''.join(chr(ord('A') + next(numbers) % 26) for _ in range(3))}]"
        return None if instead == written or pattern.compiled.search(instead) else instead

    @staticmethod
    def made(kind: str, written: str) -> bool:
        """Whether this is a stand-in already."""
        if kind != "person":
            return stand_in_numbers.made(kind, written)
        words = [plain(word) for word in _NAME.findall(written)]
        names = [word for word in words if word not in KEPT and len(word) > 1]
        return bool(names) and all(word in stand_ins.all_names() for word in names)

    def _email(self, written: str) -> str:
        local, _at, domain = written.rpartition("@")
        numbers = self._draw("email", written.casefold())
        named = re.sub(r"[^\W\d_]+", lambda word: self._mailbox(word[0]), local)
        numbered = re.sub(r"\d", lambda _digit: str(next(numbers) % 10), named)
        return f"{numbered}@{self._surname(domain.casefold()).casefold()}.example"

    def _mailbox(self, word: str) -> str:
        return word if word.casefold() in _OFFICES else self._word(word).casefold()

    def _word(self, word: str) -> str:
        """One word of a name. Titles, particles and stand-ins stay, an initial becomes another one."""
        known = plain(word)
        if known in KEPT or known in stand_ins.all_names():
            return word
        if known not in self._names:
            self._names[known] = self._name(known)
        return _cased(word, self._names[known])

    def _name(self, known: str) -> str:
        if len(known) == 1:
            others = [letter for letter in "ABCDEFGHJKLMNPRSTVW" if letter.casefold() != known]
            return others[next(self._draw("initial", known)) % len(others)]
        if known in FEMALE:
            return self._given("female", _place(FEMALE)[known])
        if known in MALE:
            return self._given("male", _place(MALE)[known])
        return self._surname(known)

    def _surname(self, word: str) -> str:
        numbers = self._draw("surname", plain(word))
        names = stand_ins.surnames()
        return names[(next(numbers) << 16 | next(numbers) << 8 | next(numbers)) % len(names)]

    def _given(self, gender: str, place: int) -> str:
        """A different one for each place: a Feistel network over stems and ends, so nothing has to be shuffled."""
        stems, ends = len(stand_ins.STEMS), len(stand_ins.GIVEN_ENDS[gender])
        stem, end = place % stems, place // stems
        for turn in range(4):
            stem = (stem + self._number(f"{gender} {turn} stem {end}")) % stems
            end = (end + self._number(f"{gender} {turn} end {stem}")) % ends
        return stand_ins.given(gender, stem, end)

    def _number(self, text: str) -> int:
        return int.from_bytes(blake2b(text.encode(), key=self._key, digest_size=8).digest(), "little")

    def _draw(self, purpose: str, original: str) -> Iterator[int]:
        for count in range(1 << 30):
            text = f"{purpose}\0{original}\0{count}".encode("utf-8", "replace")
            yield from blake2b(text, key=self._key, digest_size=32).digest()


_NUMBERS = {
    "phone": stand_in_numbers.phone,
    "ssn": stand_in_numbers.ssn,
    "card": stand_in_numbers.card,
    "iban": stand_in_numbers.iban,
    "docket": stand_in_numbers.docket,
    "birth": stand_in_numbers.birth,
}


@lru_cache(maxsize=20_000)
def plain(word: str) -> str:
    """Without accents and capitals: “José” and “JOSE” are one name."""
    if word.isascii():
        return word.casefold()
    letters = unicodedata.normalize("NFKD", word).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _cased(written: str, instead: str) -> str:
    if written.isupper() and len(written) > 1:
        return instead.upper()
    return instead if written[:1].isupper() else instead.casefold() if written.islower() else instead


@cache
def _place(names: frozenset[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(sorted(names))}
