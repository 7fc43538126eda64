"""Do training prompts give held-out prompts away? Pure: plain texts in, findings out.

Exact means equal after normalising. Near means that the sets of five-word runs are alike: Jaccard at least 0.8, or,
for long texts, 0.8 of the smaller one contained in the other (a note quoted inside a longer note). A text that is read
whole (of a corpus) gives a prompt away when it holds 0.8 of the prompt's runs, whatever else stands around them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from annotation.texts import normalise, words

RUN = 5
ALIKE = 0.8
LONG = 40  # runs in the smaller text from which being contained counts
SUBSTANTIAL = 20  # words from which the input alone says what the prompt is about


@dataclass(frozen=True)
class Leak:
    training_id: str
    held_out_id: str
    kind: str  # "exact" or "near"
    similarity: float


def subject(instruction: str, input: str) -> str:
    """The text to compare: an instruction shared by all prompts would make short ones look alike."""
    return input if len(words(input)) >= SUBSTANTIAL else f"{instruction}\n{input}"


def find(training: Iterable[tuple[str, str]], held_out: Iterable[tuple[str, str]]) -> list[Leak]:
    """Every pair of (id, text) that is the same or nearly the same, most alike first."""
    ours, theirs = dict(training), dict(held_out)
    exact = {(leak.training_id, leak.held_out_id): leak for leak in _exact(ours, theirs)}
    near = [leak for leak in _near(ours, theirs) if (leak.training_id, leak.held_out_id) not in exact]
    return sorted([*exact.values(), *near], key=lambda leak: (-leak.similarity, leak.training_id, leak.held_out_id))


def contained(texts: Iterable[tuple[str, str]], held_out: Iterable[tuple[str, str]]) -> list[Leak]:
    """Every pair of (id, text) where the first holds the second, whole or nearly so, most alike first.

    Held-out texts of fewer than five words are in everything and are passed over.
    """
    wanted = {key: _runs(text) for key, text in held_out if len(words(text)) >= RUN}
    every = frozenset().union(*wanted.values())
    shared = {key: _runs(text) & every for key, text in texts}
    index = _index(shared, None)
    found = [
        Leak(key, other, "exact" if runs <= shared[key] else "near", round(len(runs & shared[key]) / len(runs), 3))
        for other, runs in wanted.items()
        for key in _candidates(runs, index)
        if len(runs & shared[key]) >= ALIKE * len(runs)
    ]
    return sorted(found, key=lambda leak: (-leak.similarity, leak.training_id, leak.held_out_id))


def _exact(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Leak]:
    by_text = defaultdict(list)
    for key, text in theirs.items():
        by_text[normalise(text)].append(key)
    for key, text in ours.items():
        for other in by_text.get(normalise(text), []):
            yield Leak(key, other, "exact", 1.0)


def _near(ours: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[Leak]:
    held_out = {key: _runs(text) for key, text in theirs.items()}
    known = _index(held_out, None)
    training = {key: _runs(text) for key, text in ours.items()}
    back = _index(training, known.keys())
    # Probing from both sides finds the pair whichever of the two is the smaller one.
    pairs = {(key, other) for key, runs in training.items() for other in _candidates(runs, known)}
    pairs |= {(other, key) for key, runs in held_out.items() for other in _candidates(runs, back)}
    for key, other in pairs:
        similarity = _similarity(training[key], held_out[other])
        if similarity >= ALIKE:
            yield Leak(key, other, "near", round(similarity, 3))


def _runs(text: str) -> frozenset[int]:
    tokens = words(text)
    if len(tokens) < RUN:
        return frozenset({hash(tuple(tokens))}) if tokens else frozenset()
    return frozenset(hash(tuple(tokens[at : at + RUN])) for at in range(len(tokens) - RUN + 1))


def _index(texts: Mapping[str, frozenset[int]], wanted: Iterable[int] | None) -> dict[int, list[str]]:
    """Which texts hold a run. Runs that only one side has can match nothing, so they need no place."""
    index: dict[int, list[str]] = defaultdict(list)
    allowed = None if wanted is None else frozenset(wanted)
    for key, runs in texts.items():
        for run in runs if allowed is None else runs & allowed:
            index[run].append(key)
    return dict(index)


def _candidates(runs: frozenset[int], index: Mapping[int, list[str]]) -> set[str]:
    """Texts that may be alike. Of n runs at least ALIKE * n must be shared, so one of any n - ceil(ALIKE * n) + 1
    must be: take the rarest, which makes boilerplate that every text has cost nothing."""
    shared = sorted((run for run in runs if run in index), key=lambda run: len(index[run]))
    unshared = len(runs) - len(shared)
    probes = len(runs) - math.ceil(ALIKE * len(runs)) + 1 - unshared
    return {key for run in shared[: max(0, probes)] for key in index[run]}


def _similarity(one: frozenset[int], other: frozenset[int]) -> float:
    common = len(one & other)
    if not common:
        return 0.0
    jaccard = common / len(one | other)
    smaller = min(len(one), len(other))
    return max(jaccard, common / smaller) if smaller >= LONG else jaccard
