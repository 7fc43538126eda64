from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.checks.personal import find
from annotation.checks.personal.numbers import passes_luhn, passes_mod_97
from annotation.cleaning import STRUCTURED, Pseudonyms, own_pattern
from annotation.cleaning.given_names import FEMALE, GIVEN, MALE
from annotation.cleaning.planted import texts
from annotation.cleaning.stand_ins import all_names

HERE = Pseudonyms("secret", "matter 1")
PLANTED = sorted({(kind, text.written[a:b]) for text in texts("development", 200) for kind, a, b in text.planted})


@pytest.mark.parametrize("kind", [*STRUCTURED, "person"])
def test_a_stand_in_is_another_text_known_again_and_always_the_same(kind: str) -> None:
    originals = [written for each, written in PLANTED if each == kind]
    assert len(originals) > 20
    for written in originals:
        instead = HERE.of(kind, written)
        assert instead != written
        assert instead == Pseudonyms("secret", "matter 1").of(kind, written)
        assert Pseudonyms.made(kind, instead) or not [span for span in find(instead) if span.kind == kind]
    elsewhere = [Pseudonyms("secret", "matter 2").of(kind, each) != HERE.of(kind, each) for each in originals]
    other_key = [Pseudonyms("other", "matter 1").of(kind, each) != HERE.of(kind, each) for each in originals]
    assert sum(elsewhere) > 0.9 * len(originals)
    assert sum(other_key) > 0.9 * len(originals)


def test_the_words_of_one_name_stay_together() -> None:
    first, last = HERE.of("person", "Maria Keller").split()
    assert HERE.of("person", "Keller") == last
    assert HERE.of("person", "Ms. Keller") == f"Ms. {last}"
    assert HERE.of("person", "MARIA KELLER") == f"{first} {last}".upper()
    assert HERE.of("person", "Mária Keller") == f"{first} {last}"
    assert HERE.of("email", "maria.keller@acme.com").startswith(f"{first}.{last}@".casefold())
    assert HERE.of("person", "Keller-Osei").startswith(f"{last}-")
    assert HERE.of("person", "Dr. J. van Keller Jr.").endswith(f"van {last} Jr.")


def test_two_given_names_never_get_the_same_stand_in() -> None:
    for names in (FEMALE, MALE):
        assert len({HERE.of("person", name.capitalize()) for name in names}) == len(names)
    assert not all_names() & GIVEN


def test_two_surnames_seldom_get_the_same_stand_in() -> None:
    made = [HERE.of("person", f"Surname{chr(97 + a)}{chr(97 + b)}") for a in range(6) for b in range(5)]
    assert len(set(made)) >= 28


def test_the_same_number_in_another_form_is_the_same() -> None:
    one, other = HERE.of("phone", "404-233-4567"), HERE.of("phone", "+1 (404) 233-4567")
    assert other == f"+1 ({one[:3]}) {one[4:]}"
    assert HERE.of("ssn", "219456789") == HERE.of("ssn", "219-45-6789").replace("-", "")
    assert HERE.of("card", "4111 1111 1111 1111") == HERE.of("card", "4111-1111-1111-1111").replace("-", " ")


def test_no_number_could_be_somebodys() -> None:
    for kind, written in PLANTED:
        instead = HERE.of(kind, written)
        digits = "".join(letter for letter in instead if letter.isdigit())
        if kind == "card":
            assert not passes_luhn(digits)
        if kind == "iban":
            assert not passes_mod_97(instead.replace(" ", ""))
        if kind == "ssn":
            assert digits[0] == "9"
        if kind == "phone" and written.startswith("+"):
            number = phonenumbers.parse(instead, None)
            assert not phonenumbers.is_valid_number(number) or "55501" in digits
        if kind == "phone" and not written.startswith("+"):
            assert digits[3:8] == "55501"
        if kind == "email":
            assert instead.endswith(".example")
        if kind == "birth":
            assert "31" in instead


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("birth", "2 Oct 2024"),
        ("birth", "07/04/62"),
        ("birth", "14.03.1961"),
        ("birth", "3 mars 1990"),
        ("birth", "March 9th, 1971"),
        ("birth", "1985-03-14"),
        ("docket", "STCV2400123"),
        ("docket", "482193"),
        ("docket", "21-CR-00456"),
        ("address", "Hauptstraße 12a"),
        ("address", "12 rue de la Paix"),
        ("address", "P.O. Box 1187"),
        ("address", "123 5th Street"),
        ("address", "Calle de Alcalá, 50"),
        ("phone", "030 9018200"),
        ("phone", "+52 55 1234 5678"),
        ("phone", "678-233-4567 ext. 12"),
        ("bar", "TX24031234"),
        ("record", "A-4482913"),
        ("email", "info@keller.de"),
    ],
)
def test_every_form_has_a_stand_in_that_is_told_from_an_original(kind: str, written: str) -> None:
    instead = HERE.of(kind, written)
    assert instead != written
    assert not Pseudonyms.made(kind, written)
    assert Pseudonyms.made(kind, instead) or kind == "phone"


@given(st.sampled_from(PLANTED), st.text(max_size=20), st.text(max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_secret_and_group_will_do(planted: tuple[str, str], secret: str, group: str) -> None:
    kind, written = planted
    assert Pseudonyms(secret, group).of(kind, written) != written


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_name_will_do(name: str) -> None:
    HERE.of("person", name)


def test_a_projects_pattern_gets_its_name_and_a_mark() -> None:
    clients = own_pattern("Client number", r"CL-\d+")
    one, other = HERE.of_pattern(clients, "CL-4711"), HERE.of_pattern(clients, "CL-4712")
    assert one is not None
    assert one.startswith("[Client number ")
    assert one != other
    assert HERE.of_pattern(own_pattern("Any", r"[A-Z]\w"), "Ab") is None
