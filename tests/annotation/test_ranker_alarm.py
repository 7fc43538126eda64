"""The alarm finds who does not read within 30 judgements and leaves honest people in peace, however long they work."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from annotation.rankers.alarm import Alarm, begins_after, of_relations, raised
from annotation.rankers.judgements import Judgement, Relation, Verdict
from annotation.sides import balanced_order, counted

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def relations(seed: int, n: int, first: float, ties: float = 0.0) -> list[tuple[int, Relation]]:
    draw = random.Random(seed)
    found: list[tuple[int, Relation]] = []
    for number in range(1, n + 1):
        if draw.random() < ties:
            found.append((number, "tie"))
        else:
            found.append((number, "better" if draw.random() < first else "worse"))
    return found


def judged(
    number: int, shown: list[str], order: list[list[str]], repeat_of: str | None = None, all_bad: bool = False
) -> Judgement:
    at = START + timedelta(minutes=number)
    return Judgement(str(number), shown, Verdict(order, 0 if all_bad else None), at, repeat_of=repeat_of)


def always_left(seed: int, n: int) -> list[Judgement]:
    """Prefers the left one of comparisons whose candidates come in random order, two to five of them."""
    draw = random.Random(seed)
    shown = [draw.sample("abcde", draw.randint(2, 5)) for _ in range(n)]
    return [judged(number, each, [[one] for one in each]) for number, each in enumerate(shown)]


def test_it_finds_who_always_takes_the_first_within_thirty_for_a_thousand_seeds() -> None:
    for seed in range(1000):
        alarm = raised(always_left(seed, 30))
        assert alarm
        assert (alarm.habit, alarm.at) == ("first", 12)


def test_it_finds_who_always_takes_the_last_or_a_tie_within_thirty() -> None:
    assert of_relations(relations(1, 30, first=0.0)) == Alarm("last", 12, 1)
    assert of_relations(relations(1, 30, first=0.5, ties=1.0)) == Alarm("tie", 11, 1)


def test_it_takes_both_bad_for_neither_a_tie_nor_a_side() -> None:
    assert of_relations([(number, "bad") for number in range(1, 301)]) is None
    bad = [judged(number, ["a", "b"], [["a", "b"]], all_bad=True) for number in range(300)]
    assert raised(bad) is None


def test_it_leaves_honest_people_in_peace_half_of_whose_verdicts_besides_both_bad_are_ties() -> None:
    """Three of four have no winner, and yet nothing is wrong: only every other one of the rest is a tie."""
    false = 0
    for seed in range(200):
        rest = iter(relations(seed, 150, first=0.5, ties=0.5))
        mixed: list[tuple[int, Relation]] = [
            (number, "bad" if number % 2 else next(rest)[1]) for number in range(1, 301)
        ]
        false += of_relations(mixed) is not None
    assert false <= 2


def test_it_finds_who_ties_always_among_many_that_are_both_bad() -> None:
    found = of_relations([(number, "bad" if number % 2 else "tie") for number in range(1, 61)])
    assert found == Alarm("tie", 22, 2)


def test_it_finds_who_takes_the_left_in_nine_of_ten_cases_by_forty() -> None:
    """Half of them by judgement 21, 19 of 20 by judgement 40."""
    found = [alarm.at if (alarm := of_relations(relations(seed, 300, first=0.9))) else 301 for seed in range(300)]
    assert median(found) <= 22
    assert sum(at <= 40 for at in found) / len(found) >= 0.95
    assert max(found) <= 100


def test_it_leaves_honest_people_in_peace_over_three_hundred_judgements() -> None:
    false = sum(of_relations(relations(seed, 300, first=0.5)) is not None for seed in range(1000))
    assert false <= 10


@pytest.mark.parametrize("ties", [0.2, 0.5])
def test_it_leaves_honest_people_in_peace_who_tie_up_to_half_of_the_time(ties: float) -> None:
    false = sum(of_relations(relations(seed, 300, first=0.5, ties=ties)) is not None for seed in range(300))
    assert false <= 3


@pytest.mark.parametrize("clear", [1.0, 0.8])
def test_it_leaves_honest_people_in_peace_whose_sides_are_balanced(clear: float) -> None:
    """Balanced sides are no free coins: the better one, seen left just now, tends to come right next."""
    false = 0
    for seed in range(100):
        draw, counts = random.Random(seed), dict[tuple[str, str], int]()
        found: list[tuple[int, Relation]] = []
        for number in range(1, 151):
            two = sorted(draw.sample("pqrstu", 2))
            order = balanced_order([(each, each) for each in two], counts, draw.getrandbits(62))
            counts = counted([(each, each) for each in order], counts)
            best = two[0] if draw.random() < clear else two[1]
            found.append((number, "better" if order[0] == best else "worse"))
        false += of_relations(found) is not None
    assert false <= 1


def test_it_finds_who_stops_reading_after_much_honest_work() -> None:
    for seed in range(20):
        honest = relations(seed, 300, first=0.5)
        alarm = of_relations([*honest, *((number, "better") for number in range(301, 400))])
        assert alarm
        assert alarm.habit == "first"
        assert 300 < alarm.at <= 335
        assert 280 < alarm.since <= 321
        assert f"since about judgement {alarm.since}" in alarm.sentence


def test_it_never_bets_on_hidden_repeats_nor_on_what_was_not_judged() -> None:
    repeats = [judged(number, ["a", "b"], [["a"], ["b"]], repeat_of="other") for number in range(40)]
    unjudged = [judged(number, ["a", "b"], []) for number in range(40)]
    assert raised([*repeats, *unjudged]) is None


def test_it_begins_anew_with_every_five_hundred_and_holds_what_it_says_for_each() -> None:
    """Whatever is asked after judgement 1,000 rests on those from 501 on, and after 1,500 on those from 1,001 on."""
    assert [begins_after(judged) for judged in (0, 499, 500, 999, 1000, 1499, 1500)] == [0, 0, 0, 0, 500, 500, 1000]
    honest = [judged(number, ["a", "b"], [["a"], ["b"]][:: 1 if number % 2 else -1]) for number in range(1, 1001)]
    early = [*always_left(1, 30), *honest[30:]]
    assert raised(early[:999])
    assert raised(early) is None
    assert raised(early[500:], before=500) is None
    late = raised([*honest[100:], *always_left(1, 30)], before=100)
    assert late
    assert (late.habit, late.at > 1000, late.since > 980) == ("first", True, True)


def test_it_says_the_alarm_in_plain_words() -> None:
    alarm = raised(always_left(1, 30))
    assert alarm
    assert alarm.sentence == (
        "Prefers whatever is shown first: found at judgement 12. "
        "Of 100 people who read with care, at most one gets this notice in 500 rankings."
    )
    assert raised([]) is None
