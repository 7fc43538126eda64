"""Whether reading its rows from easy to hard helped a round, held against its shuffled baseline. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from annotation.texts import counted
from evaluation.comparison import Difference
from evaluation.statistics import FEWEST

HELPED, HARMED, BOTH, UNTOLD = "The order helped", "The order did harm", "The order did both", "No difference shown"
ONE_SEED = "This is one pair of rounds with one seed; another seed could say otherwise."


def sentence(differences: Sequence[Difference], name: Callable[[str], str]) -> tuple[int, str]:
    """1 it helped, -1 it harmed, 0 neither or both; and the words. `differences`: in order minus shuffled."""
    told = [each for each in differences if each.estimate.value is not None]
    prompts = max((each.estimate.n for each in told), default=0)
    if prompts < FEWEST:
        few = f"{counted(prompts, 'prompt')} that both answered {'is' if prompts == 1 else 'are'} too few"
        return 0, f"{UNTOLD}: {few} to tell whether the order helped (it takes {FEWEST} at least)."
    better = [name(each.measure.label) for each in told if each.side > 0]
    worse = [name(each.measure.label) for each in told if each.side < 0]
    if not better and not worse:
        measures = counted(len(told), "measure")
        return 0, (
            f"{UNTOLD}: on none of {measures} does the 95 % interval of the difference between easy to hard and "
            f"shuffled leave out zero ({prompts} prompts). {ONE_SEED}"
        )
    if better and worse:
        words = f"{BOTH}: from easy to hard is clearly better on {_listed(better)}, clearly worse on {_listed(worse)}"
        return 0, f"{words} ({prompts} prompts). {ONE_SEED}"
    verdict, word, named = (HELPED, "better", better) if better else (HARMED, "worse", worse)
    side = 1 if better else -1
    return side, (
        f"{verdict}: from easy to hard is clearly {word} than shuffled on {_listed(named)} and on no measure the other "
        f"way round ({prompts} prompts). {ONE_SEED}"
    )


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
