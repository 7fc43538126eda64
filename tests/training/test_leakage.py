from __future__ import annotations

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.texts import words
from training.freezing import leakage
from training.freezing.leakage import ALIKE, RUN, Leak, contained, find, subject

NOTE = (
    "Denise Okafor moved out of her flat on 14 February and returned the keys the same day. The landlord kept the "
    "deposit of 1450 dollars and sent no itemised list. She wants the deposit back and asks what to do first."
)
OTHER = (
    "Clarence Ingram of Albany says that his neighbour cut down fourteen wax myrtles which he planted years ago. "
    "Neither of them has a survey newer than 1988, and the nursery quoted a high price for new ones of that size."
)


def test_it_finds_the_same_text_whatever_its_case_and_spacing() -> None:
    found = find([("a", NOTE), ("b", OTHER)], [("x", "  " + NOTE.upper().replace(" ", "\n "))])
    assert found == [Leak("a", "x", "exact", 1.0)]


def test_it_finds_a_text_with_a_few_words_changed() -> None:
    changed = NOTE.replace("what to do first", "what she should do")
    (leak,) = find([("a", NOTE)], [("x", changed)])
    assert leak.kind == "near"
    assert ALIKE <= leak.similarity < 1


def test_it_finds_a_long_text_quoted_inside_a_longer_one() -> None:
    quoted = f"{NOTE} {OTHER}"
    longer = f"{OTHER} Then the caller told us more. {quoted} {' '.join(f'word{n}' for n in range(200))}"
    assert [leak.kind for leak in find([("a", longer)], [("x", quoted)])] == ["near"]
    assert [leak.kind for leak in find([("a", quoted)], [("x", longer)])] == ["near"]


def test_it_lets_different_texts_pass() -> None:
    assert find([("a", NOTE)], [("x", OTHER)]) == []


def test_it_looks_past_an_instruction_that_all_prompts_share() -> None:
    instruction = " ".join(f"instruction{n}" for n in range(60))
    assert find([("a", subject(instruction, NOTE))], [("x", subject(instruction, OTHER))]) == []
    assert subject("Translate.", "Good morning") == "Translate.\nGood morning"


@given(st.lists(st.text("ab ", min_size=0, max_size=40), max_size=6), st.lists(st.text("ab ", max_size=40), max_size=6))
@settings(max_examples=200, deadline=None)
def test_it_finds_what_comparing_every_pair_finds(ours: list[str], theirs: list[str]) -> None:
    """The index only saves time: nothing alike may slip through it."""
    training = [(f"t{n}", text) for n, text in enumerate(ours)]
    held_out = [(f"h{n}", text) for n, text in enumerate(theirs)]
    expected = {
        (a, b)
        for a, one in training
        for b, other in held_out
        if leakage.normalise(one) == leakage.normalise(other)
        or leakage._similarity(leakage._runs(one), leakage._runs(other)) >= ALIKE
    }
    assert {(leak.training_id, leak.held_out_id) for leak in find(training, held_out)} == expected


def test_it_is_fast_for_ten_thousand_rows_with_boilerplate() -> None:
    rng = random.Random(3)
    vocabulary = [f"w{n}" for n in range(3000)]
    boilerplate = " ".join(f"standard{n}" for n in range(40))

    def note() -> str:
        return f"{boilerplate} {' '.join(rng.choices(vocabulary, k=120))} {boilerplate}"

    training = [(f"t{n}", note()) for n in range(10_000)]
    held_out = [(f"h{n}", note()) for n in range(300)] + [("leak", training[77][1] + " and one more thing")]
    begun = time.process_time()
    found = find(training, held_out)
    assert [(leak.training_id, leak.held_out_id) for leak in found] == [("t77", "leak")]
    assert time.process_time() - begun < 20
    assert len(words(training[0][1])) > RUN


def test_it_finds_a_prompt_inside_a_longer_text() -> None:
    letter = f"{OTHER} {NOTE.upper()} {OTHER}"
    assert contained([("a", letter), ("b", OTHER)], [("x", NOTE)]) == [Leak("a", "x", "exact", 1.0)]
    (near,) = contained([("a", letter.replace("SAME", "VERY"))], [("x", NOTE)])
    assert (near.kind, ALIKE <= near.similarity < 1) == ("near", True)


def test_it_passes_over_prompts_too_short_to_know_again() -> None:
    assert contained([("a", NOTE)], [("x", "She wants the deposit"), ("y", "")]) == []
    assert (
        contained([("a", OTHER)], [("x", NOTE)]) == contained([], [("x", NOTE)]) == contained([("a", NOTE)], []) == []
    )
