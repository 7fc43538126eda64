"""What two rounds tell that differ in one thing: the order of their rows, or how many of the best they read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from annotation.texts import counted
from evaluation.comparison import Difference
from evaluation.statistics import FEWEST

UNTOLD = "No difference shown"
ONE_SEED = "This is one pair of rounds with one seed; another seed could say otherwise."


@dataclass(frozen=True)
class Question:
    """What is asked, and in which words it is answered: `first` against `second`."""

    asked: str
    helped: str
    harmed: str
    both: str
    first: str
    second: str
    better: str  # than what, where the first is
    worse: str
    better_alone: str  # where it is worse elsewhere
    beside: str  # what the second is to the first


ORDER = Question(
    asked="whether the order helped",
    helped="The order helped",
    harmed="The order did harm",
    both="The order did both",
    first="easy to hard",
    second="shuffled",
    better="from easy to hard is clearly better than shuffled",
    worse="from easy to hard is clearly worse than shuffled",
    better_alone="from easy to hard is clearly better",
    beside="its shuffled baseline",
)
HALF = Question(
    asked="whether fewer but better rows teach as much",
    helped="All the rows taught more",
    harmed="The best half taught more",
    both="Each taught something better",
    first="all the rows",
    second="the best half",
    better="the round on all of them is clearly better than that on the best half",
    worse="the round on the best half is clearly better than that on all of them",
    better_alone="the round on all of them is clearly better",
    beside="the best half of the rows",
)


def sentence(
    differences: Sequence[Difference], name: Callable[[str], str], question: Question = ORDER
) -> tuple[int, str]:
    """1 the first was better, -1 the second, 0 neither or both; and the words. `differences`: first minus second."""
    told = [each for each in differences if each.estimate.value is not None]
    prompts = max((each.estimate.n for each in told), default=0)
    if prompts < FEWEST:
        few = f"{counted(prompts, 'prompt')} that both answered {'is' if prompts == 1 else 'are'} too few"
        return 0, f"{UNTOLD}: {few} to tell {question.asked} (it takes {FEWEST} at least)."
    better = [name(each.measure.label) for each in told if each.side > 0]
    worse = [name(each.measure.label) for each in told if each.side < 0]
    if not better and not worse:
        measures = counted(len(told), "measure")
        return 0, (
            f"{UNTOLD}: on none of {measures} does the 95 % interval of the difference between {question.first} and "
            f"{question.second} leave out zero ({prompts} prompts). {ONE_SEED}"
        )
    if better and worse:
        words = f"{question.both}: {question.better_alone} on {_listed(better)}, clearly worse on {_listed(worse)}"
        return 0, f"{words} ({prompts} prompts). {ONE_SEED}"
    verdict, words, named = (
        (question.helped, question.better, better) if better else (question.harmed, question.worse, worse)
    )
    side = 1 if better else -1
    return side, (
        f"{verdict}: {words} on {_listed(named)} and on no measure the other way round ({prompts} prompts). {ONE_SEED}"
    )


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
