from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.cleaning import Settings, Term, WordCounts, check, replaced, vocabulary
from annotation.cleaning.people import find_people, people_in
from annotation.cleaning.terms import Glossary
from annotation.cleaning.typos import Typos, distance
from annotation.cleaning.whole import why_truncated

KNOWN = {"receive": 40, "settlement": 30, "landlord": 9, "tenancy": 3, "deposit": 50, "deposits": 4, "horse": 9}
LETTER = "Dear Mr. Keller,\n\nThank you for your call. The deposit is due.\n\nKind regards\nA. Osei"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("recieve", "receive"), ("setlement", "settlement"), ("depsit", "deposit"), ("landlrod", "landlord")],
)
def test_a_word_nobody_knows_beside_one_that_is_used_often_is_an_error(written: str, meant: str) -> None:
    assert list(Typos(KNOWN).found(f"to {written} it")) == [(3, 3 + len(written), meant)]


@pytest.mark.parametrize(
    "written",
    ["receives", "receiver", "tenancy", "deposits", "house", "Recieve", "RECIEVE", "x-recieve", "a@recieve.de"],
)
def test_forms_names_and_known_words_are_no_errors(written: str) -> None:
    assert list(Typos(KNOWN).found(f"to {written} it")) == []


def test_words_of_the_glossary_are_never_errors_and_are_what_is_meant() -> None:
    typos = Typos({}, (Term("estoppel", ("recieve",)),))
    assert [each[2] for each in typos.found("an estopel to recieve")] == ["estoppel"]


def test_counts_become_known_words() -> None:
    counts = WordCounts(["Vocabulary"])
    for _ in range(3):
        counts.add("the deposit the deposit")
    counts.add("once")
    assert counts.known() == {"vocabulary": 3, "the": 3, "deposit": 3}


def test_a_models_vocabulary_is_read_from_its_tokenizer(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text(
        json.dumps({"model": {"vocab": {"Ġcontract": 1, "tract": 2, "Ġ12345": 3, "▁tenancy": 4, "Ġof": 5}}})
    )
    assert set(vocabulary(file)) == {"contract", "tenancy"}


@given(st.text("abc", max_size=7), st.text("abc", max_size=7))
def test_the_distance_is_a_distance(one: str, other: str) -> None:
    apart = distance(one, other, 9)
    assert apart == distance(other, one, 9)
    assert (apart == 0) == (one == other)
    assert abs(len(one) - len(other)) <= apart <= max(len(one), len(other))
    assert distance(one, other, 1) == min(apart, 2)


def test_terms_are_found_as_whole_words_the_longest_first() -> None:
    glossary = Glossary([Term("landlord", ("lessor", "property owner", "owner")), Term("SSN", ("ssn",))])
    text = "Lessor, lessors, property owner, ssn and SSN, owner's"
    assert [(text[a:b], new) for a, b, new in glossary.found(text)] == [
        ("Lessor", "Landlord"),
        ("property owner", "landlord"),
        ("ssn", "SSN"),
    ]


def told(text: str, field: str = "response", kind: str = "chatter") -> str:
    only = Settings(kinds=frozenset({kind}))
    return replaced(text, check({field: text}, only))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Sure, here is the summary:\n\nThe deposit is due.", "The deposit is due."),
        ("Certainly! The deposit is due. I hope this helps!", "The deposit is due."),
        ("As an AI language model, I cannot say. The deposit is due.", "The deposit is due."),
        ("Hello! The deposit is due.\n\nLet me know if you have questions. Have a great day!", "The deposit is due."),
        ("The deposit is due. Thanks!", "The deposit is due."),
        ("The court is sure. Here is the deposit: $5.", "The court is sure. Here is the deposit: $5."),
        ("Sure enough the deposit came back.", "Sure enough the deposit came back."),
        ("Let me know the court's date: it is due.", "Let me know the court's date: it is due."),
        (LETTER, LETTER),
    ],
)
def test_chatter_is_what_is_no_part_of_the_answer(text: str, left: str) -> None:
    assert told(text) == left
    assert told(left) == left


SENTENCES = "The tenant paid the rent for March. The landlord gave no receipt for it, although he was asked twice. "


@pytest.mark.parametrize(
    ("text", "is_cut"),
    [
        (SENTENCES * 2 + "She wants the money back before the end of May.", False),
        (SENTENCES * 2 + "She wants the money back before the end", True),
        (SENTENCES * 2 + "She wants the", True),
        (SENTENCES * 2 + "```\ncode", True),
        (SENTENCES * 2 + "\n- Rent\n- Deposit\n- Costs of the court and of counsel", False),
        (SENTENCES * 2 + "\n- Rent is due.\n- Deposit is due.\n- Costs of the court and of", True),
        ("Rent due", False),
        ("", False),
    ],
)
def test_a_text_that_ends_in_the_middle_is_told(text: str, is_cut: bool) -> None:
    assert bool(why_truncated(text, answer=True)) is is_cut


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("My client, Oluwaseun Nwosu, called.", ["Oluwaseun Nwosu"]),
        ("Mr. & Mrs. Vashti came with Dr. van der Berg.", ["Vashti", "van der Berg"]),
        ("Signed by Thandiwe O'Brien-Price on 3 May.", ["Thandiwe O'Brien-Price"]),
        ("Xochitl Iyer, 34, fell. Iyer's ankle broke.", ["Xochitl Iyer", "Iyer"]),
        ("Parties: Linh Pham (tenant); Verdant Labs (employer)", ["Linh Pham"]),
        ("Write to dagny.haddad@acme.com; Haddad answers.", ["Haddad"]),
        ("Keller Street, Keller LLC, the Keller Group and Mr. Keller", ["Keller"]),
        ("MARIA KELLER, Attorney at Law", ["MARIA KELLER"]),
        ("The Superior Court of Fulton County in Georgia met in May.", []),
        ("Grace Period and Virginia Beach; Hope Street; a Rose Garden", []),
        ("Parkinson's disease, Baker Hughes, Section 8, Article IV", []),
    ],
)
def test_people_are_told_by_what_stands_around_them(text: str, names: list[str]) -> None:
    assert [text[start:end] for start, end in find_people(text, people_in([text]))] == names
