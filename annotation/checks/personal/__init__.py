"""Likely personal data in a text: where it stands and of which kind. Names of people are not told here.

The detectors prefer missing one to crying wolf, since a hint that is wrong each day is read no more: what has check
digits or a numbering plan must satisfy them, everything else needs the word in front that makes it personal.
"""

from __future__ import annotations

from collections.abc import Sequence

from annotation.checks.hints import Hint
from annotation.checks.personal import context, numbers
from annotation.checks.personal.spans import NAMES, Kind, Span

__all__ = ["NAMES", "Kind", "Span", "find", "personal_hints"]


def find(text: str, regions: Sequence[str] = ("US",)) -> list[Span]:
    """In the order of the text, none inside another; of two that overlap the surer kind stays.

    `regions`: two-letter codes of the countries whose phone numbers are written without their +code.
    """
    has_long = numbers.has_long(text)
    surest_first = [
        numbers.emails(text),
        numbers.ibans(text),
        numbers.cards(text) if has_long else (),
        context.medical_records(text),
        context.bar_numbers(text),
        context.dockets(text),
        numbers.social_security(text) if has_long else (),
        context.births(text),
        numbers.phones(text, regions) if has_long else (),
        context.addresses(text),
    ]
    taken = bytearray(len(text))
    found = []
    for spans in surest_first:
        for span in spans:
            if not any(taken[span.start : span.end]):
                taken[span.start : span.end] = b"\1" * (span.end - span.start)
                found.append(span)
    return sorted(found)


def personal_hints(text: str, regions: Sequence[str] = ("US",)) -> list[Hint]:
    return [Hint("personal", span.sentence, span.start, span.end, span.kind) for span in find(text, regions)]
