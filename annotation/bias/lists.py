"""The word lists in `words/`, and a project's own groups beside them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "words"
SECTION = re.compile(r"\[([^\]]+)\]\s*(.*)")
TERM = re.compile(r'(=?)(?:"([^"]+)"|(\S+))')
ATTRIBUTES = {
    "gender": "Gender",
    "name gender": "Names by typical gender",
    "name origin": "Names by typical origin",
    "age": "Age",
    "nationality": "Nationality",
    "religion": "Religion",
    "disability": "Disability",
    "own": "The project's own groups",
}
WOMAN, MAN = "name gender/women", "name gender/men"


@dataclass(frozen=True)
class Term:
    """`exact` ones match only in the case in which they are written, and without endings."""

    text: str
    exact: bool = False


@dataclass(frozen=True)
class Group:
    """A group of people, by the words that name it. `key` is "attribute/name"."""

    key: str
    label: str
    terms: tuple[Term, ...]

    @property
    def attribute(self) -> str:
        return self.key.partition("/")[0]


@cache
def groups() -> tuple[Group, ...]:
    """Of our own lists: by words, then by given names."""
    by_words = (Group(key, label, terms) for key, label, terms in _sections("groups.txt"))
    women = tuple(Term(woman, exact=True) for pairs in name_pairs().values() for woman, _man in pairs)
    men = tuple(Term(man, exact=True) for pairs in name_pairs().values() for _woman, man in pairs)
    by_gender = (Group(WOMAN, "Women's names", women), Group(MAN, "Men's names", men))
    by_origin = (
        Group(f"name origin/{key}", f"{label} names", tuple(Term(each, exact=True) for pair in pairs for each in pair))
        for (key, pairs), label in zip(name_pairs().items(), origin_labels().values(), strict=True)
    )
    return (*by_words, *by_gender, *by_origin)


def own_groups(given: Iterable[Mapping[str, object]]) -> tuple[Group, ...]:
    """A project's own, as {"name", "terms"}."""
    return tuple(_own(str(each["name"]), each["terms"]) for each in given)


def _own(name: str, terms: object) -> Group:
    assert isinstance(terms, list)
    return Group(f"own/{name.lower()}", name, tuple(Term(str(term)) for term in terms))


@cache
def outcomes() -> tuple[Group, ...]:
    return tuple(Group(f"outcome/{key}", label, terms) for key, label, terms in _sections("outcomes.txt"))


def own_outcomes(given: Iterable[Mapping[str, object]]) -> tuple[Group, ...]:
    return tuple(Group(f"outcome/{each.key.partition('/')[2]}", each.label, each.terms) for each in own_groups(given))


@cache
def stereotypes() -> tuple[Group, ...]:
    """Qualities ascribed to the group of the same key."""
    return tuple(Group(key, label, terms) for key, label, terms in _sections("stereotypes.txt"))


@cache
def slurs() -> Group:
    text = codecs.decode("\n".join(_lines("slurs.rot13.txt")), "rot13")
    return Group("slur/any", "Insults", tuple(Term(word) for word in text.split()))


@cache
def name_pairs() -> dict[str, tuple[tuple[str, str], ...]]:
    """Origin -> pairs of a woman's and a man's name."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for key, _label, terms in _sections("names.txt"):
        pairs = (term.text.split("/") for term in terms)
        found[key] = tuple((woman, man) for woman, man in pairs)
    return found


@cache
def origin_labels() -> dict[str, str]:
    return {key: label for key, label, _terms in _sections("names.txt")}


def masked(word: str) -> str:
    """An insult as a report shows it."""
    return word[0] + "…" if len(word) < 4 else f"{word[0]}…{word[-1]}"


def _sections(file: str) -> Iterator[tuple[str, str, tuple[Term, ...]]]:
    key, label, terms = "", "", list[Term]()
    for line in _lines(file):
        if section := SECTION.fullmatch(line):
            if key:
                yield key, label, tuple(terms)
            key, label, terms = section[1], section[2], []
        else:
            terms += [Term(quoted or word, exact=bool(exact)) for exact, quoted, word in TERM.findall(line)]
    yield key, label, tuple(terms)


def _lines(file: str) -> list[str]:
    lines = (line.strip() for line in (FOLDER / file).read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
