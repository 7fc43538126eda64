from __future__ import annotations

import pytest

from annotation.checks.form import keyword_hints, section_hints
from annotation.headings import with_skeleton

HEADINGS = ["Parties", "Key facts", "Next step"]


def sentences(text: str) -> list[str]:
    return [hint.sentence for hint in section_hints(text, HEADINGS)]


def test_it_names_the_sections_that_are_missing() -> None:
    assert sentences("Key facts:\n- rent unpaid") == ["Still missing: “Parties” and “Next step”."]
    assert sentences("Only a sentence.") == ["Still missing: “Parties”, “Key facts” and “Next step”."]


def test_it_has_nothing_to_say_about_a_complete_or_an_empty_text() -> None:
    assert sentences(with_skeleton("", HEADINGS)) == []
    assert sentences(" \n") == []
    assert section_hints("Any text.", []) == []


def test_it_says_which_section_stands_in_the_wrong_place() -> None:
    text = "Parties: both\nNext step: call\nKey facts: one"
    [hint] = section_hints(text, HEADINGS)
    assert hint.sentence == "“Key facts” should come before “Next step”."
    assert text[hint.start : hint.end].startswith("Key facts")


def test_one_section_that_moved_to_the_front_is_one_hint() -> None:
    text = "Next step: call\nParties: both\nKey facts: one"
    [hint] = section_hints(text, HEADINGS)
    assert hint.sentence == "“Next step” should come after “Key facts”."
    assert (hint.start, hint.end) == (0, len("Next step: "))


def test_one_section_that_moved_to_the_end_is_one_hint() -> None:
    text = "Key facts: one\nNext step: call\n## Parties\nboth"
    [hint] = section_hints(text, HEADINGS)
    assert hint.sentence == "“Parties” should come before “Key facts”."
    assert text[hint.start : hint.end] == "Parties"


def test_it_notices_a_section_that_is_there_twice() -> None:
    text = "Parties: a\nKey facts: b\nParties: c\nNext step: d"
    [hint] = section_hints(text, HEADINGS)
    assert hint.sentence == "“Parties” is there twice."
    assert hint.start == text.rindex("Parties")


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("The TENANT pays.", "tenant"),
        ("Both tenants pay.", "tenant"),
        ("The tenant's lease.", "tenant"),
        ("The tenant’s lease.", "tenants"),
        ("Three parties signed.", "party"),
        ("One party signed.", "parties"),
        ("Two branches closed.", "branch"),
        ("The security\ndeposit is due.", "security deposit"),
        ("All security deposits.", "security deposit"),
        ("A follow-up letter.", "follow up"),
        ("Señor José Peña signed.", "jose pena"),
        ("Jose signed.", "José"),
        ("See § 44-7-34.", "§ 44-7-34"),
        ("See § 44.", "§"),
    ],
)
def test_it_finds_a_keyword_as_people_write_it(text: str, keyword: str) -> None:
    assert keyword_hints(text, [keyword]) == []


@pytest.mark.parametrize(
    ("text", "keyword"),
    [
        ("The tenancy ended.", "tenant"),
        ("A subtenant pays.", "tenant"),
        ("The deposit was for security.", "security deposit"),
        ("He is busy.", "bus"),
        ("We will use it.", "us"),
        ("It was 44-7-35.", "44-7-34"),
        ("Unimportant.", "§"),
    ],
)
def test_it_misses_a_keyword_where_only_letters_of_it_occur(text: str, keyword: str) -> None:
    [hint] = keyword_hints(text, [keyword])
    assert hint.sentence == f"Not mentioned yet: “{keyword}”."


def test_it_takes_a_word_as_it_is_where_plurals_are_made_otherwise() -> None:
    assert keyword_hints("Die Autos stehen da.", ["Auto"], "de") != []
    assert keyword_hints("Das Auto steht da.", ["Auto"], "de") == []


def test_it_names_all_missing_keywords_at_once_and_ignores_empty_ones() -> None:
    [hint] = keyword_hints("Nothing.", ["rent", "", " ", "deposit"])
    assert hint.sentence == "Not mentioned yet: “rent” and “deposit”."
    assert keyword_hints("", ["rent"]) == []
    assert keyword_hints("Rent.", []) == []
