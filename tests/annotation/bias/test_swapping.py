"""Copies speak of somebody else in every word, and twice swapped they are what they were, where English allows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.bias import lists, swapping

ROLES = [["landlord", "tenant"], ["buyer", "seller"]]


def gender(text: str) -> str:
    return swapping.swap([text], swapping.GENDER).texts[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She kept her keys.", "He kept his keys."),
        ("He saw her.", "She saw him."),
        ("I gave it to her, and left.", "I gave it to him, and left."),
        ("We met her in court.", "We met him in court."),
        ("The car is hers.", "The car is his."),
        ("The car is his.", "The car is hers."),
        ("He lost his job.", "She lost her job."),
        ("He hurt himself; ask him.", "She hurt herself; ask her."),
        ("SHE and Mrs Smith", "HE and Mr Smith"),
        ("Ms Jones’s husband", "Mr Jones’s wife"),
        ("Emily met Jacob.", "Jacob met Emily."),
        ("sheer theme", "sheer theme"),
        ("The women's room", "The men's room"),
        ("", ""),
    ],
)
def test_it_exchanges_women_and_men(text, expected):
    assert gender(text) == expected


def test_names_stay_the_same_in_all_texts_of_a_row():
    found = swapping.swap(["Summarise for Emily.", "Emily owes rent."], swapping.GENDER)
    assert found.texts == ("Summarise for Jacob.", "Jacob owes rent.")


def test_it_exchanges_roles_with_their_plurals():
    found = swapping.swap(["The Landlord sued two tenants. BUYER"], swapping.ROLES, roles=ROLES)
    assert found.texts == ("The Tenant sued two landlords. SELLER",)
    assert found.doubts == []


def test_it_exchanges_names_of_two_origins():
    found = swapping.swap(["Emily paid Jamal."], swapping.ORIGIN, origins=("english", "african american"))
    assert found.texts == ("Latoya paid Michael.",) or found.texts == ("Latoya paid Jacob.",)


def test_it_says_where_it_is_not_sure():
    assert swapping.swap(["She lost her keys."], swapping.GENDER).doubts == ["She lost her keys."]
    assert swapping.swap(["She lost the keys."], swapping.GENDER).doubts == []


SAFE = [
    "she",
    "He",
    "women",
    "father",
    "Emily",
    "Jamal",
    "the",
    "keys",
    "Mr",
    "herself",
    "his keys",
    "her keys",
    ".",
    "hers.",
]


@given(st.lists(st.sampled_from(SAFE), max_size=12))
def test_swapped_twice_it_is_what_it_was(words):
    text = ", ".join(words)
    assert gender(gender(text)) == text


@given(st.text(max_size=80))
def test_any_text_keeps_what_is_no_word_of_ours(text):
    for kind in swapping.KINDS:
        found = swapping.swap([text, text], kind, roles=ROLES, origins=("english", "arabic"))
        assert found.texts[0] == found.texts[1]
        if kind != swapping.GENDER:
            again = swapping.swap(found.texts, kind, roles=ROLES, origins=("english", "arabic"))
            assert again.texts[0].lower() == text.lower() or found.texts[0] != text


@pytest.mark.parametrize("other", [origin for origin in lists.name_pairs() if origin != "english"])
def test_names_of_any_two_origins_go_there_and_back(other):
    text = " ".join(name for pair in lists.name_pairs()[other] for name in pair)
    there = swapping.swap([text], swapping.ORIGIN, origins=("english", other)).texts
    assert there != (text,)
    assert swapping.swap(there, swapping.ORIGIN, origins=("english", other)).texts == (text,)
