"""Does a text give a held-out text away? Pure: plain texts in, findings out.

Three ways to look, each for what the others miss. *Exact*: equal after normalising. *Near*: of the held-out text's
five-word runs 0.8 stand in the other one, or both use the same telling words, in whatever order and with whatever
numbers (a paraphrase). *Passage*: thirteen words in a row are the same, the run that the GPT-3 paper (Brown et al.
2020, appendix C) calls contamination, single letters not counted; what stands in the texts of more than ten groups is
boilerplate there and here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from annotation.texts import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUN = 5
PASSAGE = 13
BOILERPLATE = 10  # groups; a passage that more of them hold tells nothing
EVERYWHERE = 200  # held-out texts; a run that more of them share is not looked up
ALIKE = 0.8
LONG = 40  # runs of the held-out text from which standing inside another text counts
SUBSTANTIAL = 20  # words from which the input alone says what a prompt is about
SAME_WORDS = 0.5  # measured by the command leak_recall: paraphrases are above, other notes of one firm below
TELLING = 8  # words that must be shared before the same words are more than chance
WINDOW = 2  # times the held-out text's length: so much of a longer text is held against it
STEM = 6  # letters: “landlord” and “landlords” are one word
SEED = 1_000_003


@dataclass(frozen=True)
class Hit:
    """`at` and `length` are the common passage, in words of the text that was looked at; none where there is none."""

    held_out: int
    kind: str  # "exact", "near" or "passage"
    similarity: float
    at: int = 0
    length: int = 0
    begins: tuple[int, ...] = ()  # words of the held-out text at which thirteen in a row begin that both have


def subject(instruction: str, input: str, enough: int = SUBSTANTIAL) -> str:
    """The text to compare: an instruction shared by all prompts would make short ones look alike."""
    return input if len(words(input)) >= enough else f"{instruction}\n{input}"


def telling(tokens: Iterable[str]) -> set[str]:
    """What a text is about, whatever its order, endings and numbers."""
    return {token[:STEM] for token in tokens if len(token) > 2 and not any(sign.isdigit() for sign in token)}


class Known:
    """Held-out texts, indexed once and looked through for each of very many others.

    `usual` are some of those others: what is often said there tells little.
    """

    def __init__(self, texts: Sequence[tuple[int, str]], usual: Iterable[str] = ()) -> None:
        import numpy as np

        self.ids = [key for key, _text in texts]
        tokens = [words(text) for _key, text in texts]
        self.lengths = np.array([len(each) for each in tokens], np.int64)
        self.same: dict[str, list[int]] = {}
        for place, each in enumerate(tokens):
            if each:
                self.same.setdefault(" ".join(each), []).append(place)
        self._index_runs(tokens)
        self._index_words([telling(each) for each in tokens], [telling(words(text)) for text in usual])

    def _index_runs(self, tokens: list[list[str]]) -> None:
        import numpy as np

        runs = [_runs(each) for each in tokens]
        owners = np.repeat(np.arange(len(runs)), [len(each) for each in runs])
        starts = np.concatenate([np.arange(len(each)) for each in runs] or [np.empty(0, np.int64)])
        every = np.concatenate(runs or [np.empty(0, np.uint64)])
        order = np.argsort(every, kind="stable")
        every, self.owners, self.starts = every[order], owners[order].astype(np.int32), starts[order].astype(np.int32)
        self.runs, self.first, self.many = np.unique(every, return_index=True, return_counts=True)
        self.runs_of = np.array([len(np.unique(each)) for each in runs] or [0], np.int64)

    def _index_words(self, bags: list[set[str]], usual: list[set[str]]) -> None:
        import numpy as np

        self.spread = Counter(word for bag in [*bags, *usual] for word in bag)
        self.size = len(bags) + len(usual)
        known = sorted({word for bag in bags for word in bag})
        self.place_of = {word: place for place, word in enumerate(known)}
        holders: list[list[int]] = [[] for _word in known]
        for owner, bag in enumerate(bags):
            for word in bag:
                holders[self.place_of[word]].append(owner)
        self.word_many = np.array([len(each) for each in holders], np.int64)
        self.word_first = np.concatenate([[0], np.cumsum(self.word_many)[:-1]]).astype(np.int64)
        self.word_owners = np.array([owner for each in holders for owner in each], np.int32)
        self.word_weight = np.array([self._weight(word) for word in known])
        self.bag_weight = np.array([sum(self._weight(word) for word in bag) for bag in bags] or [0.0])

    def _weight(self, word: str) -> float:
        """Rare words count more, but no name counts for ten others: names are what is changed first."""
        from math import log

        return min(log(1 + self.size / max(1, self.spread[word])), log(1 + max(self.size / 4, 8)))

    def look(self, text: str, *, inside: bool = False, same_words: bool = True) -> list[Hit]:
        """What the text gives away. `inside`: however much stands around it, as in a document that is read whole."""
        tokens = words(text)
        if not tokens or not self.ids:
            return []
        found = {place: Hit(self.ids[place], "exact", 1.0) for place in self.same.get(" ".join(tokens), [])}
        passages = dict(self._shared_runs(tokens, inside))
        alike = self._alike(tokens, inside) if same_words else {}
        for place in (passages.keys() | alike.keys()) - found.keys():
            hit, likeness = passages.get(place), alike.get(place, 0.0)
            if likeness and (hit is None or hit.kind == "passage"):
                found[place] = Hit(self.ids[place], "near", likeness, *((hit.at, hit.length) if hit else ()))
            elif hit:
                found[place] = hit
        return [found[place] for place in sorted(found)]

    def _shared_runs(self, tokens: list[str], inside: bool) -> Iterator[tuple[int, Hit]]:
        import numpy as np

        ours = _runs(tokens)
        if not len(ours) or not len(self.runs):
            return
        place = np.minimum(np.searchsorted(self.runs, ours), len(self.runs) - 1)
        hit = (self.runs[place] == ours) & (self.many[place] <= EVERYWHERE)
        if not hit.any():
            return
        at, place = np.nonzero(hit)[0], place[hit]
        many = self.many[place]
        picked = _spans(self.first[place], many)
        at, owner, start, key = np.repeat(at, many), self.owners[picked], self.starts[picked], np.repeat(place, many)
        shared = np.bincount(np.unique(owner.astype(np.int64) * len(self.runs) + key) // len(self.runs))
        passages = _longest(at, owner, start)
        total = len(np.unique(ours))
        for who in np.nonzero(shared)[0]:
            size, common = int(self.runs_of[who]), int(shared[who])
            if inside and self.lengths[who] < RUN:
                continue
            part, both = common / size, common / (total + size - common)
            likeness = part if inside or size >= LONG else both
            if size >= LONG and not inside:
                likeness = max(likeness, both, common / min(total, size) if total >= LONG else 0.0)
            where, length, begins = passages.get(int(who), (0, 0, ()))
            if likeness >= ALIKE:
                kind = "exact" if inside and common == size else "near"
                yield int(who), Hit(self.ids[who], kind, round(likeness, 3), where, length)
            elif length and _real_words(tokens[where : where + length]) >= PASSAGE:
                share = round(min(1.0, length / int(self.lengths[who])), 3)
                yield int(who), Hit(self.ids[who], "passage", share, where, length, begins)

    def _alike(self, tokens: list[str], inside: bool) -> dict[int, float]:
        """By the words they share, weighed by how much each tells; of a longer text the stretch that shares most."""
        if not inside:
            return self._same_words(telling(tokens))
        found: dict[int, float] = {}
        sizes = sorted({int(length) * WINDOW // 100 * 100 + 100 for length in self.lengths})
        for size in sizes:
            for begin in range(0, max(1, len(tokens) - size // 2), max(1, size // 2)):
                for who, likeness in self._same_words(telling(tokens[begin : begin + size]), part=True).items():
                    if int(self.lengths[who]) * WINDOW // 100 * 100 + 100 == size:
                        found[who] = max(found.get(who, 0.0), likeness)
        return found

    def _same_words(self, bag: set[str], part: bool = False) -> dict[int, float]:
        import numpy as np

        places = np.array([place for word in bag if (place := self.place_of.get(word)) is not None], np.int64)
        if not len(places):
            return {}
        many = self.word_many[places]
        owners = self.word_owners[_spans(self.word_first[places], many)]
        common = np.bincount(owners, np.repeat(self.word_weight[places], many), len(self.ids))
        count = np.bincount(owners, minlength=len(self.ids))
        ours = sum(self._weight(word) for word in bag)
        whole = self.bag_weight if part else (self.bag_weight + ours) / 2
        share = common / np.maximum(whole, 1e-9)
        needed = ALIKE if part else SAME_WORDS
        return {int(who): round(float(share[who]), 3) for who in np.nonzero((share >= needed) & (count >= TELLING))[0]}


def _real_words(tokens: Sequence[str]) -> int:
    """Without what abbreviations and citations fall apart into: “O.C.G.A. § 34-9-82” is no seven words."""
    return sum(len(each) > 1 or each in "ai" for each in tokens)


class Passages:
    """Which common passages are boilerplate is known only when all groups have been seen: kept until then."""

    def __init__(self) -> None:
        self.groups: dict[tuple[int, int], set[str]] = {}

    def add(self, hit: Hit, group: str) -> bool:
        """Whether any of it may still be more than boilerplate."""
        open_ones = False
        for begin in hit.begins:
            holders = self.groups.setdefault((hit.held_out, begin), set())
            if len(holders) <= BOILERPLATE:
                holders.add(group)
            open_ones = open_ones or len(holders) <= BOILERPLATE
        return open_ones

    def tells(self, hit: Hit) -> bool:
        return any(len(self.groups[hit.held_out, begin]) <= BOILERPLATE for begin in hit.begins)


def _runs(tokens: list[str]) -> NDArray[Any]:
    """Each run of five words as a number; of a shorter text all its words."""
    import numpy as np

    if not tokens:
        return np.empty(0, np.uint64)
    size = min(RUN, len(tokens))
    each = np.fromiter((hash(token) for token in tokens), np.int64, len(tokens)).astype(np.uint64)
    last = len(each) - size + 1
    runs = each[:last].copy()
    for step in range(1, size):
        runs = runs * np.uint64(SEED) + each[step : step + last]
    return runs


def _spans(first: NDArray[Any], many: NDArray[Any]) -> NDArray[Any]:
    """All places of several spans, one after the other."""
    import numpy as np

    ends = np.cumsum(many)
    return np.arange(int(ends[-1])) - np.repeat(ends - many, many) + np.repeat(first, many)


Stretch = tuple[int, int, tuple[int, ...]]


def _longest(at: NDArray[Any], owner: NDArray[Any], start: NDArray[Any]) -> dict[int, Stretch]:
    """Of each held-out text the longest stretch both have, from thirteen words on, and where such begin in it."""
    import numpy as np

    shift = at - start
    order = np.lexsort((at, shift, owner))
    at, owner, start, shift = at[order], owner[order], start[order], shift[order]
    joined = (np.diff(at) == 1) & (np.diff(owner) == 0) & (np.diff(shift) == 0)
    breaks = np.concatenate([[0], np.nonzero(~joined)[0] + 1, [len(at)]])
    found: dict[int, Stretch] = {}
    for begin, end in pairwise(breaks):
        length = int(end - begin) + RUN - 1
        if length < PASSAGE:
            continue
        who, begins = int(owner[begin]), tuple(range(int(start[begin]), int(start[begin]) + length - PASSAGE + 1))
        where, longest, known = found.get(who, (0, 0, ()))
        best = (int(at[begin]), length) if length > longest else (where, longest)
        found[who] = (*best, known + begins)
    return found
