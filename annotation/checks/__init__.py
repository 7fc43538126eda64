"""What the screen says about a text while it is written. Hints only: nothing here keeps anybody from submitting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.checks.form import keyword_hints, section_hints
from annotation.checks.hints import Hint
from annotation.checks.language import language_hints
from annotation.checks.length import CutOff, Meter, length_hints, measure
from annotation.checks.personal import personal_hints
from annotation.checks.similar import Lookup, duplicate_hints

__all__ = ["CutOff", "Hint", "Meter", "Rules", "check", "meter", "section_hints"]


@dataclass(frozen=True)
class Rules:
    """What a project asks for. An empty rule asks for nothing."""

    sections: Sequence[str] = ()
    keywords: Sequence[str] = ()
    prompt: str = ""  # as the model will be asked
    cut_off: CutOff | None = None
    personal: bool = True
    regions: Sequence[str] = ("US",)
    others: Lookup | None = None  # the texts that share a band with this one
    language: str = ""


def check(text: str, rules: Rules) -> list[Hint]:
    """In the order shown: what is missing, what is too long, what should not be there."""
    return [
        *section_hints(text, rules.sections),
        *keyword_hints(text, rules.keywords, rules.language),
        *(length_hints(rules.prompt, text, rules.cut_off) if rules.cut_off else []),
        *(personal_hints(text, rules.regions) if rules.personal else []),
        *(duplicate_hints(text, rules.others) if rules.others else []),
        *language_hints(text, rules.language),
    ]


def meter(text: str, rules: Rules) -> Meter | None:
    """For the bar beside the text; None where the project has no cut-off."""
    return measure(rules.prompt, text, rules.cut_off) if rules.cut_off else None
