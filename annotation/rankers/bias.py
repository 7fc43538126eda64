"""Whether somebody's choices follow what should not matter: the place on the screen, the length of the text."""

from __future__ import annotations

from collections.abc import Sequence

from annotation.intervals import Interval, luck, paired_difference
from annotation.rankers.figures import FEWEST, Figure, count, percent, points, share, undefined
from annotation.rankers.judgements import Judgement, majority

TOLERATED = 0.05  # a share this far off is told, but asks for nothing: it hardly moves what a model learns
RARE = 0.01  # by luck, in the exact test: the interval alone is too quick to judge when there are few


def position_in_pairs(judgements: Sequence[Judgement]) -> Figure:
    """How often the candidate on the left wins, against half; ties and all bad are left out and counted.

    The hidden repeats take part: their swapped sides make the figure only more even.
    """
    name = "position_pairs"
    relations = [each.verdict.relation(each.shown[0], each.shown[1]) for each in judgements if each.is_pair]
    left, right = relations.count("better"), relations.count("worse")
    n, ties = left + right, len(relations) - left - right
    if not n:
        return undefined(name, "No comparison of two has a winner yet.", left_out=ties)
    value, interval = share(left, n)
    sentence = (
        f"The left one won {left:,} of {n:,}, the right one {right:,} ({count(ties, 'tie')} left out); "
        f"without any leaning it is half. {_by_luck(luck(left, n))}"
    )
    attention = _off(interval, 0.5, n) and luck(left, n) < RARE
    return Figure(name, value, n, interval, sentence, attention, chance=0.5, left_out=ties)


def _by_luck(probability: float) -> str:
    if probability > 0.05:
        return "Luck alone is often as uneven."
    if probability < 1e-6:
        return "Luck alone is as uneven for fewer than 1 in a million people."
    return f"Luck alone is as uneven for about 1 in {float(f'{1 / probability:.2g}'):,.0f} people."


def position_in_lists(judgements: Sequence[Judgement], last: bool = False) -> Figure:
    """How many of the others the candidate shown first (or last) beats in lists of three and more, against half.

    The value is the share of the others it beats, a tie as half, so that lists of three and of five count alike;
    the sentence gives the mean place. One list is one independent observation.
    """
    name, which = ("position_lists_last", "last") if last else ("position_lists_first", "first")
    beaten, places, middles = [], [], []
    for each in judgements:
        candidate = each.shown[-1 if last else 0] if each.shown else ""
        share_beaten = each.verdict.beaten_by(candidate)
        if len(each.shown) < 3 or share_beaten is None:
            continue
        others = len(each.verdict.places) - 1
        beaten.append(share_beaten)
        places.append(1 + others * (1 - share_beaten))
        middles.append(1 + others / 2)
    n = len(beaten)
    if not n:
        return undefined(name, "No list of three or more is ranked yet.")
    value, interval = share(sum(beaten), n)
    sentence = (
        f"The candidate shown {which} ends at place {sum(places) / n:.1f} on average in {count(n, 'list')}; "
        f"without any leaning it is {sum(middles) / n:.1f}."
    )
    return Figure(name, value, n, interval, sentence, _off(interval, 0.5, n), chance=0.5)


def longer_wins(judgements: Sequence[Judgement]) -> Figure:
    """How often the longest candidate beats the shortest. Not a fault by itself: the longer may be the better."""
    name = "longer_wins"
    relations = [each.verdict.relation(*ends) for each in judgements if (ends := _ends(each))]
    longer, shorter = relations.count("better"), relations.count("worse")
    n, ties = longer + shorter, len(relations) - longer - shorter
    if not n:
        return undefined(name, "No comparison of texts of different length has a winner yet.", left_out=ties)
    value, interval = share(longer, n)
    sentence = f"The longer one won {longer:,} of {n:,} ({count(ties, 'tie')} left out)."
    return Figure(name, value, n, interval, sentence, left_out=ties)


def length_bias(judgements: Sequence[Judgement], overall: float | None = None) -> Figure:
    """How much more often the longer one wins here than others say it should.

    On the comparisons that others judged too: against what most of them say. Without any: against `overall`, the
    share with which the longer one wins among everybody else's judgements, taken as known.
    """
    name = "length_bias"
    mine, theirs, left_out = 0, 0, 0
    same = 0
    for each in judgements:
        ends = _ends(each)
        if not ends or not each.others:
            continue
        own, most = each.verdict.relation(*ends), majority(each.others, *ends)
        if own not in ("better", "worse") or most not in ("better", "worse"):
            left_out += 1
            continue
        mine += own == "better" and most == "worse"
        theirs += own == "worse" and most == "better"
        same += own == most
    n = mine + theirs + same
    if not n:
        return _against_overall(name, longer_wins(judgements), overall, left_out)
    value, interval = (mine - theirs) / n, paired_difference(mine, theirs, n)
    sentence = (
        f"{_compared(value)} than most others say on the same {count(n, 'comparison')}: for the longer one "
        f"against the others {count(mine, 'time')}, for the shorter one {count(theirs, 'time')}."
    )
    return Figure(name, value, n, interval, sentence, _off(interval, 0.0, n), chance=0.0, left_out=left_out)


def _against_overall(name: str, own: Figure, overall: float | None, left_out: int) -> Figure:
    if own.value is None or own.interval is None:
        return undefined(name, own.sentence, left_out=own.left_out)
    if overall is None:
        why = "Nobody else has judged the same comparisons, so what the longer one deserves is not known."
        return undefined(name, why, left_out=left_out)
    interval = Interval(own.interval.low - overall, own.interval.high - overall)
    value = own.value - overall
    sentence = (
        f"{_compared(value)} than in everybody else's judgements ({percent(own.value)} against {percent(overall)}; "
        "they judged other comparisons)."
    )
    attention = _off(interval, 0.0, own.n)
    return Figure(name, value, own.n, interval, sentence, attention, chance=0.0, left_out=own.left_out)


def _compared(value: float) -> str:
    if round(100 * value) == 0:
        return "The longer one wins no more and no less often"
    return f"The longer one wins {points(value)} {'more' if value > 0 else 'less'} often"


def _off(interval: Interval, expected: float, n: int) -> bool:
    if n < FEWEST:
        return False
    return interval.low > expected + TOLERATED or interval.high < expected - TOLERATED


def _ends(judgement: Judgement) -> tuple[str, str] | None:
    """The longest and the shortest candidate: one pair for each comparison, so that observations do not overlap.

    None for a hidden repeat, whose original counts already, and where the lengths do not differ.
    """
    known = [each for each in judgement.shown if each in judgement.lengths]
    if judgement.repeat_of is not None or len(known) < 2:
        return None
    longest = max(known, key=lambda each: judgement.lengths[each])
    shortest = min(known, key=lambda each: judgement.lengths[each])
    if judgement.lengths[longest] == judgement.lengths[shortest]:
        return None
    return longest, shortest
