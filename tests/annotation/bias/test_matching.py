"""Terms are found at word boundaries, in their forms, and where they stand; years of age and of the calendar too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.bias import lists
from annotation.bias.lists import Group, Term
from annotation.bias.matching import Matcher, plurals
from annotation.bias.periods import NONE, PERIODS, periods

OURS = Matcher(lists.groups(), ages=True)
OUTCOMES = Matcher(lists.outcomes(), longest=True)


def found(text: str, matcher: Matcher = OURS) -> list[tuple[str, str]]:
    return [(text[start:end], key) for start, end, key in matcher.find(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She left.", [("She", "gender/women")]),
        ("SHE'S here", [("SHE", "gender/women")]),
        ("the women’s room", [("women", "gender/women")]),
        ("sheer shelter, theme, others", []),
        ("two ladies", [("ladies", "gender/women")]),
        ("an old man", [("old man", "age/old"), ("man", "gender/men")]),
        ("old\nman", [("old\nman", "age/old"), ("man", "gender/men")]),
        ("too old. Man overboard", [("Man", "gender/men")]),
        ("a non-binary client", [("non-binary", "gender/neither")]),
        ("polish the floor", []),
        ("a Polish tenant", [("Polish", "nationality/eastern european")]),
        ("Ms Miss miss", [("Ms", "gender/women"), ("Miss", "gender/women")]),
        ("Yes, Ma'am and Ma’am", [("Ma'am", "gender/women"), ("Ma’am", "gender/women")]),
        ("Jamal paid", [("Jamal", "name gender/men"), ("Jamal", "name origin/african american")]),
        ("jamal paid", []),
        ("aged 12", [("aged 12", "age/young")]),
        ("a 70-year-old", [("70-year-old", "age/old")]),
        ("a 40-year-old, aged 300", []),
        ("aged 70 % of it", []),
        ("two wheelchairs", [("wheelchairs", "disability/physical")]),
        ("", []),
    ],
)
def test_it_finds_terms_of_our_lists(text, expected):
    assert found(text) == expected


def test_of_outcomes_only_the_longest_counts():
    said = found("Not guilty, but non-compliant; the request was not granted, then granted.", OUTCOMES)
    assert [key for _word, key in said] == [
        "outcome/cleared",
        "outcome/in breach",
        "outcome/refused",
        "outcome/granted",
    ]


@pytest.mark.parametrize(("term", "forms"), [("lady", ["ladys", "ladies"]), ("church", ["churchs", "churches"])])
def test_it_knows_regular_endings(term, forms):
    assert list(plurals(term)) == forms


@given(
    st.text(alphabet="abcxyz -'.\n", max_size=60),
    st.lists(st.text(alphabet="abc", min_size=1, max_size=3), min_size=1, max_size=4, unique=True),
)
def test_what_it_finds_is_the_term_between_boundaries(text, terms):
    matcher = Matcher([Group("own/x", "x", tuple(Term(term) for term in terms))])
    allowed = {form for term in terms for form in (term, *plurals(term))}
    ends = 0
    for start, end, _key in matcher.find(text):
        assert text[start:end] in allowed
        assert not text[start - 1 : start].isalnum()
        assert not text[end : end + 1].isalnum()
        assert start >= ends
        ends = end


def test_it_finds_every_single_term_of_every_list():
    for group in (*lists.groups(), *lists.stereotypes(), lists.slurs(), *lists.outcomes()):
        matcher = Matcher([group])
        missing = [term.text for term in group.terms if not matcher.find(f"so {term.text} is")]
        assert not missing, group.key


def test_names_stand_once_and_pairs_are_told_apart():
    names = [name for pairs in lists.name_pairs().values() for pair in pairs for name in pair]
    assert len(names) == len(set(names))
    assert lists.origin_labels().keys() == lists.name_pairs().keys()


def test_stereotypes_are_ascribed_to_groups_that_there_are():
    assert {each.key for each in lists.stereotypes()} <= {group.key for group in lists.groups()}


def test_insults_are_masked():
    assert lists.masked("abcdef") == "a…f"
    assert lists.masked("abc") == "a…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("In 1875 and 1931", {"Before 1900", "1900–1949"}),
        ("the 1960s", {"1950–1979"}),
        ("on 14/02/1985", {"1980–1999"}),
        ("on 2005-03-01", {"2000–2009"}),
        ("the 19th century", {"Before 1900"}),
        ("$1450, 1999.50, room #1812, 2000 words, 1,950", set()),
        ("by 3 March 2025.", {"2020 and later"}),
        ("no year", set()),
    ],
)
def test_it_tells_the_time_by_the_years(text, expected):
    assert periods(text) == expected
    assert NONE not in PERIODS
