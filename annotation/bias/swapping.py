"""Texts with the people in them exchanged: she for he, one name for another, the landlord for the tenant.

A copy is consistent: the same word becomes the same word in every text of a row, and swapping twice gives the text
back, but where English has one word for two ("her" is "him" or "his"; "his" is "her" or "hers"). There the word after
it decides, and the copy names it as a doubt for the person who reads it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from annotation.bias import lists

GENDER, ORIGIN, ROLES = "gender", "origin", "roles"
KINDS = {
    GENDER: "Women and men: pronouns, titles and names",
    ORIGIN: "Names of one origin and of another",
    ROLES: "Party roles",
}
CHOICES = list(KINDS.items())
WORD = re.compile(r"[^\W_]+")
COUNTERPARTS = (
    ("she", "he"), ("herself", "himself"), ("woman", "man"), ("women", "men"), ("lady", "gentleman"),
    ("ladies", "gentlemen"), ("girl", "boy"), ("girls", "boys"), ("mother", "father"), ("mothers", "fathers"),
    ("mum", "dad"), ("daughter", "son"), ("daughters", "sons"), ("sister", "brother"), ("sisters", "brothers"),
    ("wife", "husband"), ("wives", "husbands"), ("girlfriend", "boyfriend"), ("aunt", "uncle"), ("niece", "nephew"),
    ("grandmother", "grandfather"), ("granddaughter", "grandson"), ("widow", "widower"), ("female", "male"),
    ("females", "males"), ("businesswoman", "businessman"), ("policewoman", "policeman"),
    ("chairwoman", "chairman"), ("spokeswoman", "spokesman"), ("stepmother", "stepfather"),
    ("stepdaughter", "stepson"), ("waitress", "waiter"), ("actress", "actor"), ("madam", "sir"), ("mrs", "mr"),
)  # fmt: skip
ROLE_PAIRS = (
    ("landlord", "tenant"), ("plaintiff", "defendant"), ("claimant", "respondent"), ("buyer", "seller"),
    ("employer", "employee"), ("creditor", "debtor"), ("lender", "borrower"), ("licensor", "licensee"),
)  # fmt: skip
ONE_WAY = {"ms": "mr", "miss": "mr"}  # there is one title for men: swapped twice they are "Mrs"
# After "her" or "his" these begin something else, so that the word before stands for a person, not an owner.
NO_NOUN = frozenset(
    """a about after again alone also an and any are as at away back because been before but by did do does down for
    from had has have home if in into is it not now of off on or out over so than that the them then there they this
    those through to today together tomorrow too under until up was we were what when where which while who why will
    with within without would yesterday you""".split()  # noqa: SIM905
)


@dataclass
class Swapped:
    """`doubts` are the words, with their neighbours, of which the rules are not sure."""

    texts: tuple[str, ...]
    doubts: list[str] = field(default_factory=list)


def swap(
    texts: Sequence[str], kind: str, *, roles: Sequence[Sequence[str]] = (), origins: Sequence[str] = ()
) -> Swapped:
    """All texts of a row at once; those that name nobody to exchange come back as they are."""
    doubts: list[str] = []
    if kind == GENDER:
        pairs, exact, pronouns = _gender(), _names(), True
    elif kind == ROLES:
        pairs, exact, pronouns = _both_ways(_with_plurals(roles)), {}, False
    else:
        pairs, exact, pronouns = {}, _origins(*origins), False
    changed = tuple(_swap(text, pairs, exact, doubts if pronouns else None) for text in texts)
    return Swapped(changed, doubts)


def _swap(text: str, pairs: dict[str, str], exact: dict[str, str], doubts: list[str] | None) -> str:
    parts, done = [], 0
    for word in WORD.finditer(text):
        other = exact.get(word[0]) or pairs.get(word[0].lower())
        if other is None and doubts is not None:
            other = _pronoun(text, word, doubts)
        if other is None:
            continue
        parts += [text[done : word.start()], other if word[0] in exact else _in_case_of(word[0], other)]
        done = word.end()
    return "".join([*parts, text[done:]])


def _pronoun(text: str, word: re.Match[str], doubts: list[str]) -> str | None:
    said = word[0].lower()
    if said not in ("her", "hers", "him", "his"):
        return None
    if said == "hers":
        return "his"
    owner = _owns(text, word.end())
    if said == "her" or (said == "him" and owner) or (said == "his" and not owner):
        doubts.append(_around(text, word))
    if said == "her":
        return "his" if owner else "him"
    if said == "him":
        return "her"
    return "her" if owner else "hers"


def _owns(text: str, end: int) -> bool:
    """Whether the next word can be what somebody owns: of the same sentence, and no small word."""
    following = WORD.search(text, end)
    if (
        following is None
        or text[end : following.start()].strip(" \t\n\"'“‘(")
        or "\n\n" in text[end : following.start()]
    ):
        return False
    return following[0].lower() not in NO_NOUN


def _around(text: str, word: re.Match[str]) -> str:
    return " ".join(text[max(0, word.start() - 20) : word.end() + 20].split())


def _in_case_of(model: str, other: str) -> str:
    if model.isupper() and len(model) > 1:
        return other.upper()
    return other[0].upper() + other[1:] if model[0].isupper() else other


def _both_ways(pairs: Sequence[Sequence[str]]) -> dict[str, str]:
    return {one.lower(): two.lower() for pair in pairs for one, two in (pair, pair[::-1])}


def _with_plurals(pairs: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    return [(one + ending, two + ending) for one, two in pairs for ending in ("", "s")]


def _gender() -> dict[str, str]:
    return {**_both_ways(COUNTERPARTS), **ONE_WAY}


def _names() -> dict[str, str]:
    return {one: two for pairs in lists.name_pairs().values() for pair in pairs for one, two in (pair, pair[::-1])}


def _origins(one: str, other: str) -> dict[str, str]:
    """Names in the same place of both lists; what the longer list has more is left as it is."""
    known = lists.name_pairs()
    rows = [
        (a, b)
        for ours, theirs in zip(known[one], known[other], strict=False)
        for a, b in zip(ours, theirs, strict=True)
    ]
    return {name: swapped for pair in rows for name, swapped in (pair, pair[::-1])}
