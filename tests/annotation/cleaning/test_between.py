from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.checks import similar
from annotation.cleaning import Boilerplate, Contradictions, Duplicates, NearDuplicates, WordCounts, learn, signature

WORDS = [f"word{number}" for number in range(400)]
PASSAGE = "This report is confidential and may be read only by those whom its author has named on the first page of it."


def text(seed: int, length: int = 120) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=length))


@given(st.text(max_size=300) | st.integers(0, 99).map(text))
@settings(max_examples=100, deadline=None)
def test_signatures_are_those_of_the_hints(written: str) -> None:
    assert signature(written) == similar.signature(written)


def test_the_first_of_equal_texts_is_named() -> None:
    same = Duplicates()
    assert [same.first(key, *parts) for key, parts in [("a", ["One", "x"]), ("b", ["two"]), ("c", [" one ", "X"])]] == [
        None,
        None,
        "a",
    ]
    assert same.first("d", "") is None
    assert same.first("e", " ") is None
    assert same.first("a", "One", "x") is None


def test_it_finds_the_pairs_that_comparing_all_would_find() -> None:
    made = {str(seed): text(seed) for seed in range(120)}
    for seed in range(0, 120, 4):
        words = made[str(seed)].split()
        words[seed % len(words)] = "changed"
        made[f"{seed} again"] = " ".join(words)
    near = NearDuplicates()
    for key, written in made.items():
        near.add(key, signature(written))
    found = {(each.key, each.like): each.share for each in near.found(lambda one, other: (made[one], made[other]))}
    assert set(found) == {(f"{seed} again", str(seed)) for seed in range(0, 120, 4)}
    for (one, other), share in found.items():
        assert share == similar.jaccard(made[one], made[other])
    estimated = {(each.key, each.like) for each in near.found()}
    assert len(estimated & set(found)) >= 25


def test_many_copies_are_each_told_once() -> None:
    near = NearDuplicates()
    for place in range(50):
        near.add(str(place), signature(text(1)))
    found = list(near.found())
    assert len(found) == 49
    assert all(int(each.like) < int(each.key) and each.share == 1 for each in found)


def test_it_finds_nothing_near_where_nothing_is() -> None:
    near = NearDuplicates()
    assert list(near.found()) == []
    near.add("a", b"")
    near.add("b", signature("one"))
    assert list(near.found()) == []


@pytest.mark.parametrize("times", [9, 10, 40])
def test_a_passage_is_boilerplate_from_ten_texts_on(times: int) -> None:
    counted = Boilerplate()
    made = [f"{text(seed, 40)} {PASSAGE if seed < times else ''} {text(seed + 900, 40)}" for seed in range(200)]
    for one in made:
        counted.add(one)
    found = [[one[start:end] for start, end, _number in counted.passages(one)] for one in made]
    wanted = [PASSAGE.rstrip(".")] if times >= 10 else []
    assert found == [wanted] * times + [[]] * (200 - times)
    often = counted.often()
    assert [list(often.found(one)) for one in made] == [list(counted.passages(one)) for one in made]


def test_words_and_passages_are_learnt_by_the_chunk() -> None:
    made = [f"{text(seed % 7, 40)} {PASSAGE}" for seed in range(30)]
    words, counted, one_by_one, alone = WordCounts(), Boilerplate(), Boilerplate(), WordCounts()
    for chunk in (made[:11], made[11:]):
        learnt = learn((chunk, chunk))
        words.add_all(learnt.words)
        counted.add_all(learnt.texts, learnt.windows)
    for one in made:
        alone.add(one)
        one_by_one.add(one)
    assert words.known() == alone.known()
    assert [list(counted.passages(one)) for one in made] == [list(one_by_one.passages(one)) for one in made]


def test_a_passage_that_repeats_in_one_text_is_none() -> None:
    counted = Boilerplate()
    for seed in range(50):
        counted.add(text(seed))
    counted.add(f"{PASSAGE} " * 30)
    assert list(counted.passages(f"{PASSAGE} " * 30)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yes, it is void.", "No. The clause holds in this state and elsewhere."),
        ("Approved", "Denied"),
        ("Give notice within 30 days of the breach.", "Give notice within 60 days of the breach."),
        ("The tenant is liable for it.", "The tenant isn't liable for it."),
        ("He can sue the seller here.", "He cannot sue the seller here."),
        ("The fee is $1,200.00 per month today.", "Hm. The fee is $1,250.00 per month today."),
    ],
)
def test_it_tells_answers_that_cannot_both_be_right(one: str, other: str) -> None:
    for first, second in ((one, other), (other, one)):
        opposed = Contradictions()
        assert opposed.add("1", "The question?", first) == []
        (found,) = opposed.add("2", "the  question?", second)
        assert found.other == "1"
        assert 0 <= found.start < found.end <= len(second)
        assert found.note.endswith(".")


def test_the_only_answer_to_a_prompt_is_read_when_there_is_another() -> None:
    answers = {"1": "Denied", "2": "Maybe", "3": "Approved", "4": "Approved"}
    read: list[str] = []

    def again(key: str) -> str:
        read.append(key)
        return answers[key]

    opposed = Contradictions(again)
    found = [opposed.add(key, "two" if key == "2" else "one", answers[key]) for key in answers]
    assert ([[each.other for each in one] for one in found], read) == ([[], [], ["1"], ["1"]], ["1"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Give notice within 30 days of the breach.", "The lessee must be told, and a month is enough for that."),
        ("Give notice within 30 days of the breach.", "give notice within 30 days of the breach!"),
        ("Yes, it is void.", "Yes, and the deposit comes back."),
        ("", "Denied"),
        ("The tenant is not liable for it.", "The tenant isn't liable for it."),
    ],
)
def test_answers_that_only_differ_are_no_contradiction(one: str, other: str) -> None:
    opposed = Contradictions()
    opposed.add("1", "q", one)
    assert opposed.add("2", "q", other) == []
    assert opposed.add("3", "another question", "No.") == []


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=200)), max_size=12))
@settings(max_examples=80, deadline=None)
def test_any_texts_will_do(given: list[tuple[str, str]]) -> None:
    same, near, opposed, counted = Duplicates(), NearDuplicates(), Contradictions(), Boilerplate(fewest=2)
    for place, (prompt, answer) in enumerate(given):
        same.first(str(place), answer)
        near.add(str(place), signature(answer))
        for each in opposed.add(str(place), prompt, answer):
            assert 0 <= each.start <= each.end <= len(answer)
        counted.add(answer)
    for _prompt, answer in given:
        assert all(0 <= start < end <= len(answer) for start, end, _number in counted.passages(answer))
    list(near.found())
