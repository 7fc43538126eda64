"""Ordinary answers, and what is done to them so that there is something to find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from random import Random

from annotation.cleaning.planted import SETS, Span, texts
from annotation.cleaning.terms import Term

Planted = tuple[str, set[Span]]

_SENTENCE = re.compile(r"[A-Z][^.]{30,}?\.(?= [A-Z]|$)")
_LONG_WORD = re.compile(r"(?<= )[a-z]{7,12}(?= )")
_OPENINGS = (
    "Sure, here is the summary:\n\n", "Certainly! ", "Of course! Here's a short answer:\n", "Great question! ",
    "As an AI language model, I cannot give legal advice. ", "Here is the summary you asked for:\n",
)  # fmt: skip
_CLOSINGS = (
    " I hope this helps!", "\n\nLet me know if you have any questions.", " Feel free to ask for more details.",
    "\n\nIs there anything else I can help you with?", " Please do not hesitate to reach out with further questions.",
)  # fmt: skip
_HIDDEN = ("\u200b", "\u202e", "\ufeff", "\u00ad", "\u2066", "\u0007", "\u00a0")
_FOREIGN = (
    "Der Mieter hat die Wohnung am Ende des Monats verlassen und will die Kaution von dem Vermieter zurück haben, weil "
    "sie nicht in der Frist bezahlt wurde.",
    "Le locataire a quitté le logement à la fin du mois et il demande que la caution lui soit rendue par le bailleur, "
    "car elle est due.",
    "El inquilino dejó la vivienda al final del mes y pide que se le devuelva la fianza, porque no hay daños en los "
    "muebles ni en las paredes.",
)
_EMPTY = ("", "   \n", "...", "-", "—\n\n—")
_PASSAGE = (
    "\n\nThis message and its attachments are confidential and meant only for the person to whom they are addressed; "
    "if you received them in error, delete them and tell the sender without delay."
)
_EVERY = 20
_SAME_PROMPT = (
    ("The notice must be given within 30 days of the move.", "The notice must be given within 60 days of the move."),
    ("The tenant is liable for the damage to the floor.", "The tenant is not liable for the damage to the floor."),
    ("Yes, the clause holds under the statute.", "No, the clause does not bind anybody."),
    ("Approved", "Denied"),
)


def answers(which: str, number: int) -> Iterator[str]:
    """Each of seven sentences that stand in the set's texts, in any order."""
    draw = Random(SETS[which][1] + 1)  # noqa: S311 - the same texts each time
    sentences = sorted({each[0] for text in texts(which, number) for each in _SENTENCE.finditer(text.written)})
    for _ in range(number):
        yield " ".join(draw.sample(sentences, min(len(sentences), 7)))


def glossary() -> tuple[Term, ...]:
    return (Term("landlord", ("lessor", "property owner")), Term("data set", ("dataset", "data-set")))


def _typo(text: str, draw: Random) -> Planted:
    words = list(_LONG_WORD.finditer(text))
    if not words:
        return text, set()
    word = draw.choice(words)
    at = draw.randint(1, len(word[0]) - 3)
    swapped = word[0][:at] + word[0][at + 1] + word[0][at] + word[0][at + 2 :]
    dropped = word[0][:at] + word[0][at + 1 :]
    wrong = draw.choice([swapped, dropped])
    if wrong == word[0]:
        return text, set()
    changed = text[: word.start()] + wrong + text[word.end() :]
    return changed, {("typo", word.start(), word.start() + len(wrong))}


def _term(text: str, draw: Random) -> Planted:
    variant = draw.choice([variant for term in glossary() for variant in term.variants])
    start = len(text) + len(" Tell the ")
    return f"{text} Tell the {variant} so.", {("term", start, start + len(variant))}


def _characters(text: str, draw: Random) -> Planted:
    at = draw.randint(1, len(text) - 1)
    return text[:at] + draw.choice(_HIDDEN) + text[at:], {("characters", at, at + 1)}


def _chatter(text: str, draw: Random) -> Planted:
    if draw.random() < 0.5:
        opening = draw.choice(_OPENINGS)
        return opening + text, {("chatter", 0, len(opening))}
    closing = draw.choice(_CLOSINGS)
    return text + closing, {("chatter", len(text), len(text) + len(closing))}


def _language(_text: str, draw: Random) -> Planted:
    return draw.choice(_FOREIGN), {("language", 0, 0)}


def _empty(_text: str, draw: Random) -> Planted:
    return draw.choice(_EMPTY), {("empty", 0, 0)}


def _truncated(text: str, draw: Random) -> Planted:
    """In the middle of the last sentence's words."""
    words = text.split(" ")
    end = len(words) - draw.randint(2, 4)
    return " ".join(words[:end]).rstrip(".,;: "), {("truncated", 0, 0)}


PLANTERS: dict[str, Callable[[str, Random], Planted]] = {
    "typo": _typo,
    "term": _term,
    "characters": _characters,
    "chatter": _chatter,
    "language": _language,
    "empty": _empty,
    "truncated": _truncated,
}


def boilerplate(text: str, place: int) -> Planted:
    if place % _EVERY:
        return text, set()
    start = len(text) + 2
    return text + _PASSAGE, {("boilerplate", start, len(text) + len(_PASSAGE) - 1)}


def copied(text: str, draw: Random) -> Iterator[tuple[str, str]]:
    """The text and, of every fourth each, a copy in other spacing or one with a word or two exchanged."""
    yield text, ""
    chance = draw.random()
    if chance < 0.25:
        yield text.upper().replace(" ", "  "), "duplicate"
    elif chance < 0.5:
        words = text.split(" ")
        words[draw.randint(0, len(words) - 1)] = "indeed"
        yield " ".join(words), "near_duplicate"


def contradicting(written: list[str], draw: Random) -> Iterator[tuple[str, str, bool]]:
    """Prompt, answer, and whether it contradicts the answer before it."""
    for place, text in enumerate(written):
        one, other = draw.choice(_SAME_PROMPT)
        short = len(one.split()) < 3
        yield f"Prompt {place}", one if short else f"{one} {text}", False
        if draw.random() < 0.5:
            yield f"Prompt {place}", other if short else f"{other} {text}", True
        else:
            yield f"Prompt {place}", one if short else f"{text} {one}", False
