"""What comparing the rows of a dataset version with all that is held out costs, and how many planted copies it finds.

Run from the repository: `python benchmarks/leaks.py [--rows 100000] [--held-out 2000] [--planted 100]`. Rows and
held-out texts are notes of 120 words from one vocabulary with boilerplate around them. Of each kind so many rows are
planted: exact copies, reworded ones (sentences in another order, a fifth of the words changed), and ones that hold
twenty words in a row of a held-out text. The measure is one plain pass that splits the same texts into words.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotation.texts import words  # noqa: E402
from training.leaks.overlap import Known  # noqa: E402

USUAL = 2_000  # rows that tell which words are common, as training/leaks/comparing.py takes them
KINDS = ("exact", "reworded", "passage")
WANTED = {"exact": 1.0, "reworded": 0.95, "passage": 1.0}
FALSE = 0.001  # of the rows that are no copies
SENTENCES, LONG, COPIED = 10, 12, 20
CHANGED = 0.2


class Notes:
    """The same ones for the same number, so that none has to be kept."""

    def __init__(self, held_out: int, planted: int) -> None:
        chance = random.Random(5)  # noqa: S311
        self.words = ["".join(chance.choices("abcdefghijklmnoprstuvw", k=8)) for _ in range(20_000)]
        self.firm = " ".join(chance.choices(self.words, k=12))
        self.held_out = [self.sentences(f"held out {number}") for number in range(held_out)]
        self.planted = planted

    def sentences(self, name: str) -> list[list[str]]:
        chance = random.Random(name)  # noqa: S311
        return [chance.choices(self.words, k=LONG) for _ in range(SENTENCES)]

    def text(self, sentences: list[list[str]]) -> str:
        return f"{self.firm}. {' '.join(' '.join(each).capitalize() + '.' for each in sentences)}"

    def row(self, number: int) -> tuple[str, str, int]:
        """Its text, what kind of copy it is, and of which held-out text."""
        kind = KINDS[number % len(KINDS)] if number < self.planted * len(KINDS) else ""
        of = number % len(self.held_out)
        return self.text(self.copy(kind, of, number)), kind, of

    def copy(self, kind: str, of: int, number: int) -> list[list[str]]:
        own, theirs = self.sentences(f"row {number}"), self.held_out[of]
        if kind == "exact":
            return theirs
        if kind == "passage":
            return [*own[:4], [word for each in theirs for word in each][5 : 5 + COPIED], *own[4:]]
        if kind != "reworded":
            return own
        chance = random.Random(number)  # noqa: S311
        said = [[word if chance.random() > CHANGED else chance.choice(self.words) for word in each] for each in theirs]
        chance.shuffle(said)
        return said


def rows(notes: Notes, count: int) -> Iterator[tuple[str, str, int]]:
    return (notes.row(number) for number in range(count))


def measured(count: int, held_out: int, planted: int) -> bool:
    notes = Notes(held_out, planted)
    begun, plain, compared = time.perf_counter(), 0.0, 0.0
    usual = [text for text, _kind, _of in rows(notes, min(USUAL, count))]
    known = Known([(place, notes.text(each)) for place, each in enumerate(notes.held_out)], usual)
    print(f"indexed {held_out} held-out texts in {time.perf_counter() - begun:.1f} s, with making them", flush=True)
    found: Counter[str] = Counter()
    for text, kind, of in rows(notes, count):
        begun = time.perf_counter()
        words(text)
        split = time.perf_counter()
        hits = known.look(text)
        compared += time.perf_counter() - split
        plain += split - begun
        found[kind] += any(hit.held_out == of for hit in hits) if kind else bool(hits)
    recall = {kind: found[kind] / planted for kind in KINDS}
    false = found[""] / max(1, count - planted * len(KINDS))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"compared {count} rows in {compared:.1f} s, {compared / count * 1000:.2f} ms each")
    print(f"splitting them into words takes {plain:.1f} s: {compared / plain:.1f} times that")
    print(f"peak memory {peak:.0f} MB")
    for kind in KINDS:
        print(f"found of {kind}: {recall[kind]:.2f} of {planted} (wanted {WANTED[kind]})")
    print(f"said of rows that are no copies: {false:.4%} (at most {FALSE:.1%})")
    return all(recall[kind] >= WANTED[kind] for kind in KINDS) and false <= FALSE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--held-out", type=int, default=2_000)
    parser.add_argument("--planted", type=int, default=100, help="of each kind")
    options = parser.parse_args()
    if options.rows < options.planted * len(KINDS):
        parser.error(f"Take at least {options.planted * len(KINDS)} rows, for what is planted.")
    return 0 if measured(options.rows, options.held_out, options.planted) else 1


if __name__ == "__main__":
    sys.exit(main())
