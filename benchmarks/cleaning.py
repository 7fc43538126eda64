"""How long cleaning takes: each detector beside one plain regular expression, then 100,000 texts with every kind.

Run from the repository: `python benchmarks/cleaning.py [--sample 1500] [--texts 100000] [--processes 2]`. Texts of
about 1,000 characters are planted ones among sentences of the demo's notes. The first table goes over a sample in this
process: how many texts a second, and how many times as long as one pass of a plain expression over the same texts, in
turns, so that neither the machine's speed nor what else runs on it counts. Then everything runs once as the worker does
it: three passes, nearly all of it in processes of their own, in a memory that does not grow with the number of texts
but for their signatures.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from annotation.checks import language, personal
from annotation.cleaning import (
    KINDS,
    Boilerplate,
    Cleaners,
    Contradictions,
    Duplicates,
    Item,
    NearDuplicates,
    Settings,
    Term,
    WordCounts,
    characters,
    check,
    own_pattern,
    signature,
    whole,
)
from annotation.cleaning.people import find_people, people_in
from annotation.cleaning.planted import texts

PLAIN = re.compile(r"\b[a-z]+ing\b")
SAMPLE, TURNS, CHUNK, PASSES, WANTED = 1_500, 3, 250, 3, 300.0
LONG = 1_000
DEMO = Path(__file__).resolve().parent.parent / "annotation" / "demo" / "client_intake"


def long_texts(number: int) -> Iterator[str]:
    """A planted text each, among sentences of the demo's notes."""
    draw = Random(number)  # noqa: S311 - the same texts each time
    notes = [json.loads(line) for path in sorted(DEMO.glob("*_*.jsonl")) for line in path.read_text().splitlines()]
    sentences = [each for note in notes for each in re.split(r"(?<=[.!?]) ", note["input"]) if len(each) > 30]
    for text in texts("development", number):
        around, length = [text.written], len(text.written)
        while length < LONG:
            around.append(draw.choice(sentences))
            length += len(around[-1])
        yield " ".join(around)


def all_kinds(known: dict[str, int]) -> Settings:
    return Settings(
        secret="of the project",  # noqa: S106 - of nobody
        glossary=[Term("landlord", ("lessor", "property owner")), Term("data set", ("dataset",))],
        patterns=[own_pattern("Client number", r"CL-\d{3,8}")],
        language="en",
        known=known,
    )


def detectors(settings: Settings) -> dict[str, Callable[[str], Any]]:
    boilerplate, contradictions, same, words = Boilerplate(), Contradictions(), Duplicates(), WordCounts()
    return {
        "plain expression": PLAIN.findall,
        "structured identifiers": personal.find,
        "people": lambda text: list(find_people(text, people_in([text]))),
        "own patterns": lambda text: [list(pattern.spans(text)) for pattern in settings.patterns],
        "typing errors": lambda text: list(settings.typos.found(text)),
        "terms": lambda text: list(settings.terms.found(text)),
        "hidden characters": lambda text: list(characters.found(text)),
        "chatter": lambda text: list(whole.chatter(text, True)),
        "cut-off texts": lambda text: whole.why_truncated(text, True),
        "language": language.detect,
        "signature": signature,
        "exact duplicates": lambda text: same.first(text[:40], text),
        "contradictions": lambda text: contradictions.add("key", text[:40], text),
        "boilerplate, counting": boilerplate.add,
        "boilerplate, marking": lambda text: list(boilerplate.passages(text)),
        "counting words": words.add,
        "one item, every kind": lambda text: check({"response": text}, settings, text[:20]),
    }


def ratios(sample: list[str], settings: Settings) -> None:
    took: dict[str, list[float]] = {}
    for _ in range(TURNS):
        for name, detector in detectors(settings).items():
            started = time.process_time()
            for text in sample:
                detector(text)
            took.setdefault(name, []).append(time.process_time() - started)
    plain = median(took["plain expression"])
    print(f"{'':24} {'texts/s':>10} {'times the plain one':>20}")
    for name, times in took.items():
        print(f"{name:24} {len(sample) / median(times):10,.0f} {median(times) / plain:20.1f}", flush=True)


def everything(number: int, processes: int) -> float:
    """Three passes over the texts, as a job makes them; the seconds of all."""
    started, used = time.monotonic(), time.process_time()
    words, boilerplate = WordCounts(), Boilerplate()
    same, near = Duplicates(), NearDuplicates()
    opposed = Contradictions(lambda _key: "")
    found = 0
    with Cleaners(Settings(kinds=frozenset()), processes) as cleaners:
        for learnt in cleaners.learn((chunk, chunk) for chunk in chunks(long_texts(number))):
            words.add_all(learnt.words)
            boilerplate.add_all(learnt.texts, learnt.windows)
    print(f"first pass: {time.monotonic() - started:.0f} s", flush=True)
    with Cleaners(replace(all_kinds(words.known()), passages=boilerplate.often()), processes) as cleaners:
        items = (Item(str(place), {"response": text}, str(place)) for place, text in enumerate(long_texts(number)))
        found += sum(len(each) for chunk in cleaners.check(chunks(items)) for _key, each in chunk)
        for chunk in cleaners.signatures(chunks(compared(number, same, opposed))):
            for key, signed in chunk:
                near.add(key, signed)
    found += sum(1 for _each in near.found())
    print(f"{found:,} findings of {len(KINDS)} kinds", flush=True)
    took = time.monotonic() - started
    report_time(number, time.process_time() - used)
    return took


def compared(number: int, same: Duplicates, opposed: Contradictions) -> Iterator[tuple[str, str]]:
    for place, text in enumerate(long_texts(number)):
        same.first(str(place), text)
        opposed.add(str(place), text, text)
        yield str(place), text


def report_time(number: int, here: float) -> None:
    """Of the processor, and without what making the texts three times took, which stands for reading them."""
    started = time.process_time()
    for _text in long_texts(number):
        pass
    here -= PASSES * (time.process_time() - started)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    there = others.ru_utime + others.ru_stime
    print(
        f"processor time for a text: {1000 * here / number:.2f} ms here, {1000 * there / number:.2f} ms in the others"
    )


def chunks(of: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(of)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def table(sample: list[str]) -> None:
    words = WordCounts()
    for text in sample:
        words.add(text)
    print(f"texts of {sum(map(len, sample)) / len(sample):,.0f} characters on average", flush=True)
    ratios(sample, all_kinds(words.known()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--sample", type=int, default=SAMPLE, help="texts of the first table; 0: without it")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    if given.sample:
        table(list(long_texts(given.sample)))
    if not given.texts:
        return 0
    took = everything(given.texts, given.processes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{given.texts:,} texts: {took:.0f} s with {given.processes} processes (at most {WANTED:.0f} s for 100,000)")
    print(f"memory: {peak:.0f} MB here, {each:.0f} MB in the largest of the others")
    return int(took > WANTED * given.texts / 100_000)


if __name__ == "__main__":
    raise SystemExit(main())
