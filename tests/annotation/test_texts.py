from __future__ import annotations

from annotation.texts import capital, counted, fingerprint, normalise, words


def test_it_counts_as_people_say_it() -> None:
    assert [counted(number, "prompt") for number in (0, 1, 2, 1200)] == [
        "0 prompts",
        "1 prompt",
        "2 prompts",
        "1,200 prompts",
    ]
    assert [counted(number, "reply", "replies") for number in (1, 2)] == ["1 reply", "2 replies"]


def test_it_begins_a_sentence_with_a_name_inside() -> None:
    assert capital("sampling for SmolLM2") == "Sampling for SmolLM2"
    assert capital("") == ""


def test_it_takes_for_the_same_what_a_reader_does() -> None:
    assert normalise("  Straße\u00a0NR. ﬁve\n") == "strasse nr. five"
    assert fingerprint("A  b", "c") == fingerprint("a B", "C")
    assert fingerprint("a b", "c") != fingerprint("a", "b c")
    assert words("The roof, it leaks.") == ["the", "roof", "it", "leaks"]
