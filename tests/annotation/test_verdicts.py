"""What a file's judgements of candidates say together."""

from __future__ import annotations

import pytest

from annotation.imports import verdicts
from annotation.shapes import Candidate, Judgement, Ranked


def ranked(*judgements: Judgement, texts: tuple[str, ...] = ("a", "b", "c")) -> Ranked:
    return Ranked(1, "Ask?", tuple(Candidate(text) for text in texts), judgements)


@pytest.mark.parametrize(
    ("judgements", "order"),
    [
        ([Judgement(ranks=(2, 1, 3))], ((1,), (0,), (2,))),
        ([Judgement(ranks=(1, 1, 2))], ((0, 1), (2,))),
        ([Judgement(ranks=(1, 1, 1))], ((0, 1, 2),)),
        ([Judgement(ratings=(2.0, 5.0, 2.0))], ((1,), (0, 2))),
        ([Judgement(ranks=(1, 2, 3)), Judgement(ranks=(1, 3, 2)), Judgement(ranks=(2, 1, 3))], ((0,), (1,), (2,))),
        ([Judgement(ranks=(1, 2, 3)), Judgement(ranks=(3, 2, 1))], None),
        ([Judgement(ratings=(2.0, None, 2.0))], None),
        ([Judgement(ratings=(2.0, None, 3.0)), Judgement(ranks=(3, 1, 2))], ((1,), (2,), (0,))),
        ([], None),
    ],
)
def test_it_puts_judgements_together(judgements: list[Judgement], order: tuple[tuple[int, ...], ...] | None) -> None:
    said = verdicts.verdict(ranked(*judgements))
    assert (said.order if said else None) == order


def test_it_says_whose_they_are() -> None:
    several = verdicts.verdict(ranked(*[Judgement(who=f"p{n}", ranks=(1, 2, 3)) for n in range(7)]))
    one = verdicts.verdict(ranked(Judgement(ranks=(1, 2, 3))))
    assert several is not None
    assert one is not None
    assert verdicts.reason(several, "x.jsonl") == (
        "Imported from x.jsonl: 7 people's judgements, by their mean ranks (p0, p1, p2, p3, p4 and others)."
    )
    assert verdicts.reason(one, "x.jsonl") == "Imported from x.jsonl: one judgement."


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("a",), "There are 1 answers"),
        (tuple("abcdef"), "There are 6 answers"),
        (("a", " "), "is empty"),
        (("a", " a "), "say the same"),
        (("a", "b"), ""),
    ],
)
def test_it_says_what_cannot_be_compared(texts: tuple[str, ...], words: str) -> None:
    assert words in verdicts.unfit(ranked(texts=texts))


def test_the_best_is_one_alone() -> None:
    assert verdicts.best(ranked(Judgement(ranks=(2, 1, 3)))) == "b"
    assert verdicts.best(ranked(Judgement(ranks=(1, 1, 3)))) == ""
    assert verdicts.best(ranked()) == ""
