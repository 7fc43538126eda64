from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import annotation.demo
from annotation.checks import similar
from annotation.checks.similar import Other, bands, closest, duplicate_hints, jaccard, signature, similarity

WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in ("ld", "m", "nt", "r", "st", "ck", "ve", "sh")]


def text_of(random_: random.Random, length: int) -> list[str]:
    return [random_.choice(WORDS) for _ in range(length)]


def edited(random_: random.Random, words: list[str], times: int) -> list[str]:
    changed = list(words)
    for place in random_.sample(range(len(words)), times):
        changed[place] = "changed" + random_.choice(WORDS)
    return changed


def pairs(wanted: tuple[float, float], number: int) -> list[tuple[str, str]]:
    """Texts of 30 to 400 words and copies with so many words changed that the Jaccard index falls in the range."""
    random_ = random.Random(20)
    found: list[tuple[str, str]] = []
    while len(found) < number:
        words = text_of(random_, random_.randint(30, 400))
        share = random_.uniform(*wanted)
        times = max(0, round(len(words) * (1 - share) / (1 + share) / similar.WORDS))
        one, other = " ".join(words), " ".join(edited(random_, words, times))
        if wanted[0] <= (jaccard(one, other) or 0) <= wanted[1]:
            found.append((one, other))
    return found


def meet(one: str, other: str) -> bool:
    return bool(set(bands(signature(one))) & set(bands(signature(other))))


def demo_answers() -> dict[str, str]:
    paths = sorted((Path(annotation.demo.__path__[0]) / "client_intake").glob("*.jsonl"))
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: row["output"] for row in rows if "output" in row}


def test_it_finds_those_that_are_alike_by_four_fifths() -> None:
    """1 - (1 - 0.8^6)^20 = 0.998 at the edge, more above."""
    found = [meet(one, other) for one, other in pairs((0.8, 1.0), 300)]
    assert sum(found) >= 297


def test_it_finds_nearly_all_at_the_edge() -> None:
    found = [meet(one, other) for one, other in pairs((0.8, 0.84), 200)]
    assert sum(found) >= 196


def test_it_seldom_looks_at_texts_that_share_a_third() -> None:
    found = [meet(one, other) for one, other in pairs((0.2, 0.35), 200)]
    assert sum(found) <= 10


def test_no_two_answers_of_the_demo_meet() -> None:
    """216 answers in one format about different clients: 23,220 pairs."""
    seen: dict[int, str] = {}
    meeting = set()
    for key, text in demo_answers().items():
        for band in bands(signature(text)):
            if band in seen:
                meeting.add((seen[band], key))
            seen[band] = key
    assert len(meeting) == 0


def test_its_estimate_is_near_the_exact_share() -> None:
    errors = [
        (similarity(signature(one), signature(other)) or 0) - (jaccard(one, other) or 0)
        for one, other in pairs((0.3, 0.9), 200)
    ]
    assert abs(sum(errors) / len(errors)) < 0.012
    assert sum(error**2 for error in errors) / len(errors) < 0.05**2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=60), st.lists(st.sampled_from(WORDS), max_size=60))
def test_any_two_texts_compare_alike_both_ways(first: list[str], second: list[str]) -> None:
    one, other = " ".join(first), " ".join(second)
    assert jaccard(one, other) == jaccard(other, one)
    assert similarity(signature(one), signature(other)) == similarity(signature(other), signature(one))
    assert len(bands(signature(one))) == (similar.BANDS if first else 0)
    if first:
        assert jaccard(one, one.upper()) == 1
        assert similarity(signature(one), signature(f"  {one.upper()}\n")) == 1


def test_a_signature_is_the_same_on_every_machine() -> None:
    """It is stored: a change here makes every stored one worthless."""
    assert signature("The roof leaks and nobody comes.").hex()[:16] == "a1a35d75514b5ce5"
    assert bands(signature("The roof leaks and nobody comes."))[0] == 4891158797402167900


def test_bands_fit_a_column_of_a_database_and_are_told_apart_by_their_place() -> None:
    found = bands(signature("one word repeated " * 30))
    assert all(0 <= band < 2**63 for band in found)
    assert len(set(found)) == len(found)


def test_texts_without_words_are_like_nothing() -> None:
    assert signature(" … ") == b""
    assert bands(b"") == []
    assert similarity(b"", signature("words")) is None
    assert jaccard("", "…") is None
    assert jaccard("", "words") == 0


def test_it_finds_the_nearest_and_says_which_it_is() -> None:
    key, text = next(iter(demo_answers().items()))
    changed = text.replace("Fulton", "Cobb")
    others = [Other("x", "Something else altogether, in many words."), Other(key, text, "the answer to prompt 7")]
    match = closest(changed, others)
    assert match is not None
    assert match[0].key == key
    assert 0.8 <= match[1] < 1
    [hint] = duplicate_hints(changed, lambda found: others if len(found) == similar.BANDS else [])
    assert hint.sentence.startswith("Nearly the same text (")
    assert hint.sentence.endswith("as the answer to prompt 7.")
    assert hint.about == key
    [same] = duplicate_hints(text.upper(), lambda found: [Other("k", text)])
    assert same.sentence == "The same words as an answer that is already there."


def test_it_says_nothing_about_few_words_or_texts_that_are_not_alike() -> None:
    assert duplicate_hints("Not stated.", lambda found: [Other("k", "Not stated.")]) == []
    texts = list(demo_answers().values())
    assert duplicate_hints(texts[0], lambda found: [Other("k", texts[1])]) == []


@pytest.mark.parametrize("length", [10, 200, 2000])
def test_a_signature_takes_milliseconds(length: int) -> None:
    text = " ".join(text_of(random.Random(1), length))
    times = []
    for _ in range(5):
        start = time.process_time()
        signature(text)
        times.append(time.process_time() - start)
    assert min(times) < 0.025
