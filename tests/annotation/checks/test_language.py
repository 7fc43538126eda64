from __future__ import annotations

import gettext
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

from annotation.checks.language import NAMES, detect, language_hints

SAYINGS = {
    "en": "The tenant has not received an answer from the landlord, and she wants to know what she can do about it.",
    "de": "Die Mieterin hat vom Vermieter keine Antwort erhalten und möchte wissen, was sie dagegen tun kann.",
    "fr": "La locataire n'a pas reçu de réponse du propriétaire et elle veut savoir ce qu'elle peut faire.",
    "es": "La inquilina no ha recibido respuesta del propietario y quiere saber qué es lo que puede hacer.",
    "it": "L'inquilina non ha ricevuto una risposta dal proprietario e vuole sapere che cosa può fare.",
    "pt": "A inquilina não recebeu uma resposta do proprietário e quer saber o que ela pode fazer.",
    "nl": "De huurster heeft geen antwoord van de verhuurder gekregen en wil weten wat zij daaraan kan doen.",
}
# Languages that are not known here, close to those that are
UNKNOWN = ["pl", "sv", "da", "nb", "cs", "ro", "fi", "hu", "tr"]


def translated(code: str) -> Iterator[str]:
    """The sentences of Django's own translations: written by many people, about something else."""
    root = Path(django.__path__[0])
    folder = "de" if code == "en" else code
    for path in sorted(root.glob(f"**/locale/{folder}/LC_MESSAGES/*.mo")):
        with path.open("rb") as file:
            catalogue = vars(gettext.GNUTranslations(file))["_catalog"]
        for key, value in catalogue.items():
            original = key[0] if isinstance(key, tuple) else key
            text = original if code == "en" else value
            if original and (code == "en" or value != original):
                yield re.sub(r"<[^>]+>|%\(\w+\)\w|%\w|\{\w+\}", " ", text)


def answers(code: str, fewest: int, most: int) -> Counter[str | None]:
    return Counter(detect(text) for text in translated(code) if fewest <= len(re.findall(r"[^\W\d_]+", text)) <= most)


@pytest.mark.parametrize(("code", "text"), SAYINGS.items())
def test_it_tells_the_language_of_a_sentence(code: str, text: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize("code", NAMES)
def test_it_is_right_about_sentences_of_fifteen_words_and_more(code: str) -> None:
    """Measured: 0 wrong of all languages together, and no answer to one in thirty."""
    found = answers(code, 15, 500)
    assert found.total() >= 30
    assert found[code] + found[None] == found.total()
    assert found[code] >= 0.85 * found.total()


def test_it_is_rarely_wrong_about_short_sentences() -> None:
    """Measured: 1 wrong of more than 700."""
    found = {code: answers(code, 8, 14) for code in NAMES}
    total = sum(each.total() for each in found.values())
    wrong = sum(each.total() - each[code] - each[None] for code, each in found.items())
    assert total > 700
    assert wrong <= 3
    assert sum(each[code] for code, each in found.items()) > 0.85 * total


def test_it_rarely_takes_a_language_it_does_not_know_for_another() -> None:
    found = sum((answers(code, 8, 500) for code in UNKNOWN), Counter[str | None]())
    assert found.total() > 1000
    assert found.total() - found[None] <= 0.02 * found.total()


@pytest.mark.parametrize(
    "text",
    ["", "The tenant wants it.", "Tomasz Wieczorek, Fulton Co. – $3,862.17, Halbrook Recovery Group LLC, Bluecrest"],
)
def test_it_says_nothing_about_a_short_or_unclear_text(text: str) -> None:
    assert detect(text) is None


def test_it_says_nothing_about_a_text_in_two_languages() -> None:
    assert detect(f"{SAYINGS['en']} {SAYINGS['de']}") is None


def test_it_names_both_languages() -> None:
    [hint] = language_hints(SAYINGS["de"], "en-US")
    assert hint.sentence == "This reads like German; the project is in English."
    assert language_hints(SAYINGS["pt"], "pt_BR") == []
    assert language_hints(SAYINGS["de"], "pl") == []
    assert language_hints(SAYINGS["de"], "") == []
