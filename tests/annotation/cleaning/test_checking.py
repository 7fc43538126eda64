"""What holds for any text, and what is left when every replacement is in its place."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.cleaning import KINDS, Cleaners, Found, Item, Settings, Term, check, check_many, own_pattern, replaced
from annotation.cleaning.planted import texts

EVERYTHING = Settings(
    secret="of the project",
    glossary=(Term("landlord", ("lessor", "property owner")),),
    patterns=(own_pattern("Client number", r"CL-\d{3,8}"),),
    language="en",
    known={"receive": 40, "settlement": 30, "agreement": 30},
)
ANY = st.text(st.characters(), max_size=400)
PIECES = st.lists(
    st.sampled_from(
        [
            "Mr. Keller", "Maria", " ", "\n", "lessor", "CL-4711", "a@b.com", "404-233-4567", "219-45-6789", "\u200b",
            "\u202e", "Sure, here is the summary:", "born 3/14/1985", "DE89 3704 0044 0532 0130 00", "...", "O'Brien,",
            "case no. 22-1045", "MRN 4481203", "12 Main Street", "recieve", "(", "@", "'", "Dr.", "-", "\ud800", "É",
        ]
    ),
    max_size=30,
).map("".join)  # fmt: skip
HOSTILE = [
    "a" * 60_000, "A" * 60_000, "A." * 30_000, "Mr. " * 15_000, "1" * 60_000, "1-" * 30_000, "(" * 60_000,
    "a@" * 30_000, "a.b" * 20_000 + "@", "Maria Keller " * 5_000, " " * 60_000, "\n" * 60_000, "I hope " * 9_000,
    "as an AI " * 7_000, "\u200b" * 60_000, "AB12 " * 12_000, "12 Aa " * 10_000, "born 1/" * 9_000, "De La " * 10_000,
    "case no. " * 7_000, "no " * 20_000, "'" * 60_000, "Aa'" * 20_000, "Sure, " * 10_000, "Dear " * 10_000,
]  # fmt: skip


def spans_are_right(given: dict[str, str], found: list[Found]) -> None:
    assert found == sorted(found, key=lambda each: (each.field, each.start, each.end, each.kind))
    for each in found:
        assert each.kind in KINDS
        assert 0 <= each.start <= each.end <= len(given[each.field])
        assert each.replacement is None or KINDS[each.kind].replaces


@given(ANY | PIECES, ANY | PIECES)
@settings(max_examples=150, deadline=None)
def test_it_takes_any_text(one: str, other: str) -> None:
    item = {"instruction": one, "response": other}
    found = check(item, EVERYTHING, "a group")
    spans_are_right(item, found)
    assert found == check(item, EVERYTHING, "a group")
    replaced(one, [each for each in found if each.field == "instruction"])


@given(ANY | PIECES)
@settings(max_examples=150, deadline=None)
def test_hidden_characters_are_gone_once_replaced(text: str) -> None:
    only = Settings(kinds=frozenset({"characters"}))
    assert check({"input": replaced(text, check({"input": text}, only))}, only) == []


@pytest.mark.parametrize("which", ["development", "measured"])
def test_what_is_personal_is_gone_once_replaced(which: str) -> None:
    """And what was found by mistake is replaced by what is not found either."""
    personal = Settings(secret="s", kinds=frozenset(kind for kind in KINDS if KINDS[kind].group == "personal"))
    for place, text in enumerate(texts(which, 60)):
        found = check({"input": text.written}, personal, str(place))
        after = replaced(text.written, found)
        left = check({"input": after}, personal, str(place))
        assert [(each.kind, after[each.start : each.end]) for each in left] == []
        for kind, start, end in text.planted:
            if any(each.kind == kind and each.start == start and each.end == end for each in found):
                assert not (kind != "person" and text.written[start:end] in after)


def test_terms_and_patterns_are_gone_once_replaced() -> None:
    only = Settings(kinds=frozenset({"term", "pattern"}), glossary=EVERYTHING.glossary, patterns=EVERYTHING.patterns)
    text = "The Lessor and the PROPERTY OWNER of CL-4711 and cl-4711; the landlord of CL-12."
    found = check({"input": text}, only)
    after = replaced(text, found)
    assert [each.kind for each in found] == ["term", "term", "pattern"]
    assert after.startswith("The Landlord and the Landlord of [Client number ")
    assert check({"input": after}, only) == []


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:12]))
def test_long_hostile_texts_take_a_time_in_proportion(text: str) -> None:
    """60,000 characters in seconds; what takes the square of the length would take minutes."""
    started = time.process_time()
    check({"response": text}, EVERYTHING, "g")
    assert time.process_time() - started < 8


def test_a_name_shown_in_one_field_is_found_in_the_others() -> None:
    item = {
        "input": "My client Maria Keller called.",
        "chosen": "Keller wants a refund.",
        "rejected": "MS KELLER pays.",
    }
    found = [each for each in check(item, Settings(secret="s"), "g") if each.kind == "person"]
    assert {each.field: item[each.field][each.start : each.end] for each in found} == {
        "input": "Maria Keller",
        "chosen": "Keller",
        "rejected": "KELLER",
    }
    instead = {each.field: each.replacement for each in found}
    assert instead["input"].split()[1] == instead["chosen"]
    assert instead["rejected"] == instead["chosen"].upper()


def test_a_name_shown_in_one_item_is_found_in_all_of_its_group_and_no_other() -> None:
    items = [
        Item("1", {"input": "Mr. Zhelyazkov rents a flat."}, "matter 1"),
        Item("2", {"input": "The rent of Zhelyazkov is due."}, "matter 1"),
        Item("3", {"input": "The rent of Zhelyazkov is due."}, "matter 2"),
    ]
    found = dict(check_many(items, Settings(secret="s", kinds=frozenset({"person"}))))
    assert [len(found[key]) for key in "123"] == [1, 1, 0]
    assert found["1"][0].replacement == found["2"][0].replacement


def test_only_the_kinds_asked_for_are_looked_for() -> None:
    text = {"response": "Sure, here is the summary: call Mr. Keller at 404-233-4567, a lessor\u200b"}
    every = check(text, EVERYTHING)
    for kind in {each.kind for each in every}:
        only = Settings(secret="of the project", kinds=frozenset({kind}), glossary=EVERYTHING.glossary)
        assert {each.kind for each in check(text, only)} == {kind}


def test_settings_travel_to_other_processes() -> None:
    EVERYTHING.terms, EVERYTHING.typos  # noqa: B018 - made, and not sent
    assert pickle.loads(pickle.dumps(EVERYTHING)) == EVERYTHING


def test_other_processes_find_the_same_in_the_order_asked() -> None:
    made = enumerate(texts("development", 40))
    items = [Item(str(place), {"input": text.written}, str(place)) for place, text in made]
    chunks = [items[at : at + 5] for at in range(0, len(items), 5)]
    with Cleaners(EVERYTHING, processes=2) as cleaners:
        found = [each for chunk in cleaners.check(chunks) for each in chunk]
        signed = [each for chunk in cleaners.signatures([[("a", "one two"), ("b", "")]]) for each in chunk]
    assert found == check_many(items, EVERYTHING)
    assert [(key, len(signature)) for key, signature in signed] == [("a", 480), ("b", 0)]


def test_of_two_replacements_that_overlap_the_first_one_counts() -> None:
    found = [Found("a", 0, 3, "term", "X"), Found("a", 2, 5, "term", "Y"), Found("a", 6, 7, "term", None)]
    assert replaced("abcdefg", found) == "Xdefg"
