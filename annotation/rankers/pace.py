"""How long judgements take, whether they can have been read, and what changes over time."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from annotation.intervals import (
    FEWEST_FOR_MEDIAN,
    FEWEST_FOR_RATIO,
    difference,
    of_median,
    ratio_of_medians,
)
from annotation.rankers.figures import FEWEST, Figure, count, percent, points, share, undefined
from annotation.rankers.judgements import Judgement, agreement

# Nobody reads more than 1,000 words a minute (Rayner, Schotter, Masson, Potter and Treiman 2016, "So Much to Read,
# So Little Time"); most adults read 175 to 300 (Brysbaert 2019, "How many words do we read per minute?"). The bound
# is the first, so that a fast reader is never taken for a careless one.
FASTEST_WORDS_PER_MINUTE = 1000
TOLERATED_UNREAD = 0.05
TOLERATED_DROP = 0.05
HURRIED = 2 / 3  # of the time that it took before
FEWEST_A_HALF = 10


def seconds(judgements: Sequence[Judgement]) -> Figure:
    """The median of the active seconds. No fault by itself."""
    name = "seconds"
    taken = [each.active_seconds for each in judgements if each.active_seconds is not None]
    if not taken:
        return undefined(name, "No judgement has its time recorded.", left_out=len(judgements))
    middle, interval = median(taken), of_median(taken)
    sentence = f"Half of {count(len(taken), 'judgement')} took longer than {middle:.0f} seconds."
    if interval is None:
        sentence += f" Fewer than {FEWEST_FOR_MEDIAN}: no interval."
    return Figure(name, middle, len(taken), interval, sentence, left_out=len(judgements) - len(taken))


def unread(judgements: Sequence[Judgement]) -> Figure:
    """The share of judgements made faster than anybody can read the candidates.

    Hidden repeats are left out: who remembers a text need not read it again.
    """
    name = "unread"
    timed = [
        (each.words_shown, each.active_seconds)
        for each in judgements
        if each.active_seconds is not None and each.words_shown and each.repeat_of is None
    ]
    left_out = len(judgements) - len(timed)
    if not timed:
        return undefined(name, "No judgement has both its time and the length of its texts.", left_out=left_out)
    too_fast = sum(60 * words > FASTEST_WORDS_PER_MINUTE * taken for words, taken in timed)
    value, interval = share(too_fast, len(timed))
    sentence = (
        f"{too_fast:,} of {count(len(timed), 'judgement')} came faster than the texts can be read "
        f"({FASTEST_WORDS_PER_MINUTE:,} words a minute, which nobody does)."
    )
    attention = len(timed) >= FEWEST and interval.low > TOLERATED_UNREAD
    return Figure(name, value, len(timed), interval, sentence, attention, left_out=left_out)


def drift_of_agreement(judgements: Sequence[Judgement]) -> Figure:
    """Second half minus first half of the agreement with gold answers, or else with most others."""
    name = "drift_agreement"
    scores = [score for each in judgements if (score := agreement(each)) is not None]
    left_out, half = len(judgements) - len(scores), len(scores) // 2
    if half < FEWEST_A_HALF:
        why = f"Fewer than {2 * FEWEST_A_HALF} judgements have a known answer or somebody else's verdict."
        return undefined(name, why, len(scores), left_out)
    first, second = scores[:half], scores[half:]
    before, after = sum(first) / len(first), sum(second) / len(second)
    interval = difference(sum(first), len(first), sum(second), len(second))
    sentence = (
        f"Agreed with the known answers, or with most others, in {percent(before)} of the first half "
        f"and {percent(after)} of the second: {_told(after - before, interval.low > 0 or interval.high < 0)}."
    )
    attention = interval.high < -TOLERATED_DROP
    return Figure(name, after - before, len(scores), interval, sentence, attention, chance=0.0, left_out=left_out)


def _told(change: float, clear: bool) -> str:
    if not clear:
        return "no clear change"
    return f"{points(change)} {'better' if change > 0 else 'worse'}"


def drift_of_speed(judgements: Sequence[Judgement]) -> Figure:
    """The median time a word takes in the second half over that in the first; 1 is no change.

    Per word shown, since later texts may be shorter. Getting somewhat faster is practice; getting clearly faster
    than two thirds of the time asks for a look. Hidden repeats are left out.
    """
    name = "drift_speed"
    paces = [
        each.active_seconds / each.words_shown
        for each in judgements
        if each.active_seconds and each.words_shown and each.repeat_of is None
    ]
    left_out, half = len(judgements) - len(paces), len(paces) // 2
    first, second = paces[:half], paces[half:]
    interval = ratio_of_medians(first, second)
    if interval is None:
        why = f"Fewer than {2 * FEWEST_FOR_RATIO} judgements have both their time and the length of their texts."
        return undefined(name, why, len(paces), left_out)
    value = median(second) / median(first)
    clear = interval.low > 1 or interval.high < 1
    told = f"{percent(value)} of that time" if clear else "no clear change"
    sentence = (
        f"100 words took {100 * median(first):.0f} seconds in the first half "
        f"and {100 * median(second):.0f} in the second: {told}."
    )
    return Figure(name, value, len(paces), interval, sentence, interval.high < HURRIED, chance=1.0, left_out=left_out)
