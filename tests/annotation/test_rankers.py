"""The report on one ranker: each figure on judgements whose answer is known by construction."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.rankers.judgements import Judgement, Verdict, agreement, alike_by_chance, majority
from annotation.rankers.report import report

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
Groups = Sequence[Sequence[str]]


def judged(
    number: int,
    shown: str,
    order: str,
    *,
    others: Sequence[str] = (),
    gold: str | None = None,
    repeat_of: int | None = None,
    lengths: dict[str, int] | None = None,
    active_seconds: float | None = None,
    acceptable: int | None = None,
) -> Judgement:
    """`order` such as "b>a=c"; each comparison has candidates of its own unless their letters say otherwise."""
    return Judgement(
        comparison=str(number),
        shown=list(shown),
        verdict=verdict(order, acceptable),
        judged_at=START + timedelta(minutes=number),
        lengths=lengths or {},
        active_seconds=active_seconds,
        gold=verdict(gold) if gold else None,
        repeat_of=str(repeat_of) if repeat_of is not None else None,
        others=[verdict(other) for other in others],
    )


def verdict(order: str, acceptable: int | None = None) -> Verdict:
    return Verdict([group.split("=") for group in order.split(">")] if order else [], acceptable)


def test_it_tells_who_leans_to_the_left() -> None:
    work = [judged(n, "ab", "a>b" if n < 40 else "b>a") for n in range(50)]
    work += [judged(n, "ab", "a=b") for n in range(50, 57)]
    figure = report(work)["position_pairs"]
    assert (figure.value, figure.n, figure.left_out, figure.chance) == (0.8, 50, 7, 0.5)
    assert figure.interval == pytest.approx((0.6696, 0.8876), abs=1e-4)
    assert figure.attention
    assert figure.sentence.startswith("The left one won 40 of 50, the right one 10 (7 ties left out)")
    assert figure.sentence.endswith("Luck alone is as uneven for about 1 in 42,000 people.")


def test_it_tells_who_leans_to_the_right_and_lets_even_work_be() -> None:
    right = report([judged(n, "ab", "b>a") for n in range(20)])["position_pairs"]
    assert (right.value, right.attention) == (0.0, True)
    assert right.sentence.endswith("Luck alone is as uneven for about 1 in 520,000 people.")
    always = report([judged(n, "ab", "b>a") for n in range(40)])["position_pairs"]
    assert always.sentence.endswith("Luck alone is as uneven for fewer than 1 in a million people.")
    even = report([judged(n, "ab", "a>b" if n % 2 else "b>a") for n in range(300)])["position_pairs"]
    assert (even.value, even.attention) == (0.5, False)
    assert even.sentence.endswith("Luck alone is often as uneven.")


def test_it_accuses_nobody_on_a_handful_of_judgements() -> None:
    assert not report([judged(n, "ab", "a>b") for n in range(7)]).needs_attention
    fast = [judged(n, "ab", "b>a", gold="a>b", lengths=LENGTHS, active_seconds=1, others=["a>b"]) for n in range(2)]
    repeats = [judged(10 + n, "ba", "a>b", repeat_of=n) for n in range(2)]
    assert not report([*fast, *repeats]).needs_attention
    circle = [judged(1, "ab", "a>b"), judged(2, "cb", "b>c"), judged(3, "ac", "c>a")]
    assert not report(circle).needs_attention


def test_it_measures_the_place_of_the_first_and_the_last_in_lists() -> None:
    work = [judged(n, "abc", "a>b>c") for n in range(10)] + [judged(n, "abcde", "a>b=c>d=e") for n in range(10, 20)]
    found = report(work)
    first, last = found["position_lists_first"], found["position_lists_last"]
    assert (first.value, first.n, first.attention) == (1.0, 20, True)
    assert first.sentence == (
        "The candidate shown first ends at place 1.0 on average in 20 lists; without any leaning it is 2.5."
    )
    assert (last.value, last.attention) == ((0.0 * 10 + 0.125 * 10) / 20, True)


@given(st.integers(3, 5), st.randoms(use_true_random=False))
def test_it_gives_half_over_all_orders_of_a_list(size: int, draw: random.Random) -> None:
    """Every candidate shown first once: whatever the verdict, the first beats half of the others on average."""
    ids = "abcde"[:size]
    places = {each: draw.randint(1, 3) for each in ids}
    order = ">".join("=".join(each for each in ids if places[each] == level) for level in sorted(set(places.values())))
    work = [judged(n, ids[n:] + ids[:n], order) for n in range(size)]
    assert report(work)["position_lists_first"].value == pytest.approx(0.5)


LENGTHS = {"a": 300, "b": 100}


def test_it_holds_the_longer_against_what_most_others_say() -> None:
    work = [judged(n, "ab", "a>b", others=["b>a", "b>a", "a>b"], lengths=LENGTHS) for n in range(30)]
    work += [judged(n, "ba", "a>b", others=["a>b"], lengths=LENGTHS) for n in range(30, 60)]
    work += [judged(n, "ba", "a>b", others=["a>b", "b>a"], lengths=LENGTHS) for n in range(60, 65)]
    found = report(work)
    assert found["longer_wins"].value == 1.0
    assert not found["longer_wins"].attention
    bias = found["length_bias"]
    assert (bias.value, bias.n, bias.left_out, bias.attention) == (0.5, 60, 5, True)
    assert bias.sentence.startswith("The longer one wins 50 points more often than most others say on the same 60")


def test_it_finds_no_length_bias_where_the_longer_is_the_better() -> None:
    work = [judged(n, "ab", "a>b", others=["a>b"], lengths=LENGTHS) for n in range(60)]
    bias = report(work)["length_bias"]
    assert (bias.value, bias.attention) == (0.0, False)


def test_it_holds_the_longer_against_all_judgements_where_nobody_shares_any() -> None:
    work = [judged(n, "ab", "a>b", lengths=LENGTHS) for n in range(60)]
    alone = report(work)["length_bias"]
    assert (alone.value, alone.interval) == (None, None)
    assert alone.sentence.startswith("Nobody else has judged the same comparisons")
    against = report(work, longer_wins_overall=0.6)["length_bias"]
    assert against.value == pytest.approx(0.4)
    assert against.attention


def test_it_counts_the_same_verdict_after_swapping_the_sides() -> None:
    originals = [judged(n, "ab", "a>b" if n % 2 else "b>a") for n in range(20)]
    same = [judged(100 + n, "ba", "a>b" if n % 2 else "b>a", repeat_of=n) for n in range(18)]
    other = [judged(100 + n, "ba", "b>a" if n % 2 else "a>b", repeat_of=n) for n in range(18, 20)]
    figure = report([*originals, *same, *other])["self_consistency"]
    assert (figure.value, figure.n, figure.chance, figure.attention) == (0.9, 20, 0.5, False)
    assert figure.sentence == (
        "Said the same again in 90 % of 20 hidden repeats with the sides swapped; choosing blindly gives 50 %."
    )


def test_it_finds_that_who_always_takes_the_left_contradicts_every_repeat() -> None:
    work = [judged(n, "ab", "a>b") for n in range(8)] + [judged(9 + n, "ba", "b>a", repeat_of=n) for n in range(8)]
    figure = report(work)["self_consistency"]
    assert (figure.value, figure.attention) == (0.0, True)


def test_it_leaves_out_repeats_without_their_original_or_with_the_same_sides() -> None:
    work = [judged(1, "ab", "a>b"), judged(2, "ab", "a>b", repeat_of=1), judged(3, "ba", "a>b", repeat_of=77)]
    figure = report(work)["self_consistency"]
    assert (figure.value, figure.n, figure.left_out) == (None, 0, 2)


def test_it_says_how_often_the_strength_was_the_same_too() -> None:
    def with_strength(judgement: Judgement, strength: int) -> Judgement:
        return replace(judgement, verdict=replace(judgement.verdict, strength=strength))

    work = [with_strength(judged(n, "ab", "a>b"), 2) for n in range(4)]
    work += [with_strength(judged(10 + n, "ba", "a>b" if n else "b>a", repeat_of=n), n) for n in range(4)]
    sentence = report(work)["self_consistency"].sentence
    assert sentence.endswith("Of 3 the same again, 1 as strong as before.")


def test_it_takes_all_bad_for_another_verdict_than_a_tie() -> None:
    work = [judged(1, "ab", "a=b", acceptable=0), judged(2, "ba", "a=b", acceptable=1, repeat_of=1)]
    assert report(work)["self_consistency"].value == 0.0
    assert report([work[0], replace(work[1], verdict=verdict("b=a", 0))])["self_consistency"].value == 1.0


def test_it_knows_that_who_always_ties_is_consistent_by_chance_alone() -> None:
    assert alike_by_chance([("tie", "tie")] * 5) == 1.0
    assert alike_by_chance([("better", "worse")] * 5) == 0.5
    assert alike_by_chance([("tie", "better"), ("worse", "tie")]) == pytest.approx(0.375)


def test_it_counts_circles_among_pairwise_judgements_of_a_prompt() -> None:
    work = [judged(1, "ab", "a>b"), judged(2, "cb", "b>c"), judged(3, "ac", "c>a")]
    work += [judged(4, "de", "d>e"), judged(5, "ef", "e>f"), judged(6, "fd", "d>f")]
    work += [judged(7, "gh", "g>h"), judged(8, "hi", "h=i"), judged(9, "gi", "g>i")]
    work += [judged(10, "jkl", "j>k>l"), judged(11, "mn", "m>n")]
    figure = report(work)["circles"]
    assert (figure.value, figure.n, figure.left_out, figure.chance) == (0.5, 2, 1, 0.25)
    assert figure.sentence == ("1 of 2 triples from 2 prompts goes round in a circle; choosing blindly gives 25 %.")


@given(st.permutations("abcde"))
def test_it_finds_no_circle_in_the_pairs_of_a_ranking(order: list[str]) -> None:
    place = {each: at for at, each in enumerate(order)}
    pairs = combinations("abcde", 2)
    work = [judged(n, x + y, f"{x}>{y}" if place[x] < place[y] else f"{y}>{x}") for n, (x, y) in enumerate(pairs)]
    figure = report(work)["circles"]
    assert (figure.value, figure.n) == (0.0, 10)


def test_it_finds_a_quarter_of_circles_in_coin_throws() -> None:
    """The chance level of Kendall and Babington Smith; triples of one prompt do not count as independent."""
    draw, work = random.Random(3), []
    for prompt in range(250):
        for x, y in combinations([f"{prompt}{letter}" for letter in "abcd"], 2):
            order = Verdict([[x], [y]] if draw.random() < 0.5 else [[y], [x]])
            work.append(Judgement(f"{x}{y}", [x, y], order, START))
    figure = report(work)["circles"]
    assert figure.n == 1000
    assert figure.value == pytest.approx(0.25, abs=0.05)
    assert figure.interval
    assert figure.interval.high - figure.interval.low == pytest.approx(4 * (0.25 * 0.75 / 250) ** 0.5, rel=0.1)
    assert figure.attention


def test_it_measures_gold_accuracy_against_the_pass_mark() -> None:
    work = [judged(n, "ab", "a>b", gold="a>b" if n < 6 else "b>a") for n in range(20)]
    work += [judged(50, "ba", "a>b", gold="a>b", repeat_of=1), judged(51, "ab", "a>b")]
    figure = report(work)["gold_accuracy"]
    assert (figure.value, figure.n, figure.chance, figure.attention) == (0.3, 20, 0.5, True)
    assert not report(work, pass_mark=0.5)["gold_accuracy"].attention
    assert report([judged(1, "abc", "a>b=c", gold="a>b>c")])["gold_accuracy"].value == pytest.approx(2 / 3)


def test_it_tells_what_was_too_fast_to_be_read() -> None:
    """400 words at 1,000 words a minute take 24 seconds."""
    work = [judged(n, "ab", "a>b", lengths=LENGTHS, active_seconds=23 if n < 8 else 60) for n in range(40)]
    work += [judged(50, "ab", "a>b", lengths=LENGTHS), judged(51, "ab", "a>b", active_seconds=1)]
    figure = report(work)["unread"]
    assert (figure.value, figure.n, figure.left_out, figure.attention) == (0.2, 40, 2, True)
    taken = report(work)["seconds"]
    assert (taken.value, taken.n, taken.left_out) == (60, 41, 1)
    assert taken.interval == (60, 60)
    at_the_bound = [judged(n, "ab", "a>b", lengths=LENGTHS, active_seconds=24) for n in range(40)]
    assert report(at_the_bound)["unread"].value == 0.0


def test_it_gives_a_median_of_few_times_without_an_interval() -> None:
    figure = report([judged(n, "ab", "a>b", active_seconds=10 * n) for n in range(1, 6)])["seconds"]
    assert (figure.value, figure.interval) == (30, None)
    assert figure.sentence.endswith("Fewer than 6: no interval.")


def test_it_tells_agreement_that_falls_over_time() -> None:
    work = [judged(n, "ab", "a>b", others=["a>b" if n < 30 or n % 2 else "b>a"]) for n in range(60)]
    figure = report(work)["drift_agreement"]
    assert (figure.value, figure.n, figure.attention) == (-0.5, 60, True)
    assert figure.sentence.endswith("in 100 % of the first half and 50 % of the second: 50 points worse.")
    steady = report([judged(n, "ab", "a>b", others=["a>b" if n % 2 else "b>a"]) for n in range(60)])
    assert not steady["drift_agreement"].attention
    assert steady["drift_agreement"].sentence.endswith("no clear change.")


def test_it_tells_who_hurries_more_and_more() -> None:
    def work(later: float) -> list[Judgement]:
        times = [(60 if n < 30 else later) + n % 7 for n in range(60)]
        return [judged(n, "ab", "a>b", lengths=LENGTHS, active_seconds=time) for n, time in enumerate(times)]

    hurried = report(work(25))["drift_speed"]
    assert hurried.value == pytest.approx(28 / 63)
    assert hurried.attention
    assert hurried.sentence == ("100 words took 16 seconds in the first half and 7 in the second: 44 % of that time.")
    assert not report(work(50))["drift_speed"].attention
    assert report(work(60))["drift_speed"].sentence.endswith("no clear change.")


def test_it_prefers_the_gold_answer_to_what_others_say_and_asks_nobody_twice() -> None:
    assert agreement(judged(1, "ab", "a>b", gold="a>b", others=["b>a"])) == 1.0
    assert agreement(judged(1, "ab", "a>b", others=["b>a", "b>a", "a>b"])) == 0.0
    assert agreement(judged(1, "ab", "a>b", others=["b>a", "a>b"])) is None
    assert agreement(judged(1, "ab", "a>b", others=["a>b"], repeat_of=9)) is None
    assert majority([verdict("a=b", 0), verdict("a=b")], "a", "b") == "tie"


def test_it_says_why_nothing_is_known_before_the_first_judgement() -> None:
    empty = report([])
    assert not empty.needs_attention
    for figure in empty.figures:
        assert (figure.value, figure.interval, figure.n) == (None, None, 0)
        assert figure.sentence.endswith(".")


def test_it_puts_judgements_in_order_of_time() -> None:
    work = [judged(n, "ab", "a>b" if n < 20 else "b>a", others=["a>b"]) for n in range(40)]
    shuffled = random.Random(1).sample(work, len(work))
    assert report(shuffled) == report(work)


def test_it_refuses_judgements_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="shown once and ranked once"):
        judged(1, "ab", "a>b>a")
    with pytest.raises(ValueError, match="that were shown"):
        judged(1, "ab", "a>c")


@st.composite
def workloads(draw: st.DrawFn) -> list[Judgement]:
    work: list[Judgement] = []
    for number in range(draw(st.integers(0, 12))):
        shown = list(draw(st.permutations("abcde")))[: draw(st.integers(2, 5))]

        def some_verdict(shown: list[str] = shown) -> Verdict:
            places = {each: draw(st.integers(0, 2)) for each in shown}
            groups = [[each for each in shown if places[each] == level] for level in sorted(set(places.values()))]
            return Verdict(groups, draw(st.sampled_from([None, 0, 1])))

        work.append(
            Judgement(
                comparison=str(number),
                shown=shown,
                verdict=some_verdict(),
                judged_at=START + timedelta(minutes=number),
                lengths={each: draw(st.integers(0, 400)) for each in shown},
                active_seconds=draw(st.one_of(st.none(), st.floats(0, 1e4))),
                gold=some_verdict() if draw(st.booleans()) else None,
                repeat_of=draw(st.one_of(st.none(), st.integers(0, number).map(str))),
                others=[some_verdict() for _ in range(draw(st.integers(0, 3)))],
            )
        )
    return work


@given(workloads())
def test_it_never_gives_a_number_without_its_interval_around_it(work: list[Judgement]) -> None:
    for figure in report(work).figures:
        assert figure.sentence.endswith(".")
        if figure.value is None:
            assert figure.interval is None
            assert not figure.attention
        elif figure.interval is None:
            assert figure.name == "seconds"
        else:
            assert figure.interval.low - 1e-9 <= figure.value <= figure.interval.high + 1e-9


def test_it_reports_on_thousands_of_judgements_in_a_moment() -> None:
    draw, work = random.Random(1), []
    for n in range(3000):
        shown = [f"{n // 3}{letter}" for letter in draw.sample("abc", 2)]
        order = draw.sample(shown, 2)
        answer = Verdict([[each] for each in order])
        lengths = {each: draw.randint(50, 400) for each in shown}
        at = START + timedelta(minutes=n)
        work.append(Judgement(str(n), shown, answer, at, lengths, draw.uniform(30, 300), others=[answer] * 2))
    began = time.process_time()
    report(work)
    assert time.process_time() - began < 2
