"""What a project's settings must satisfy, for the page, the API and the command alike. Errors are sentences."""

from __future__ import annotations

import re
from typing import Any

from annotation.rubric import DEFAULT_CRITERIA
from annotation.templating import PLACES

PLACEHOLDER = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_ ]*)\s*\}")
MOST_SECTIONS = 30
MOST_PER_ITEM = 9  # people who write for one prompt, or rank one comparison
MOST_KEYWORDS = 50
MOST_REASONS = 12
LONGEST_HEADING = 80
LONGEST_ANCHOR = 200


def check_template(template: str) -> str:
    """Refuse a template that leaves the prompt out or names a place nothing fills."""
    found = [match[1] for match in PLACEHOLDER.finditer(template)]
    unknown = sorted({f"{{{name}}}" for name in found if name not in PLACES})
    if unknown:
        raise ValueError(f"Nothing fills {', '.join(unknown)}: only {{instruction}} and {{input}} are known.")
    if not any(f"{{{name}}}" in template for name in PLACES):
        raise ValueError("Put {instruction} or {input} where the prompt's own text belongs.")
    return template


def check_sections(sections: Any) -> list[str]:
    """The headings, trimmed, without empty ones."""
    if not isinstance(sections, list) or not all(isinstance(heading, str) for heading in sections):
        raise ValueError("Sections are a list of headings.")
    headings = [heading.strip().rstrip(":").strip() for heading in sections]
    headings = [heading for heading in headings if heading]
    if len(headings) > MOST_SECTIONS:
        raise ValueError(f"At most {MOST_SECTIONS} sections.")
    for heading in headings:
        if len(heading) > LONGEST_HEADING or "\n" in heading:
            raise ValueError(f"“{heading[:40]}…” is longer than {LONGEST_HEADING} characters.")
    folded = [heading.casefold() for heading in headings]
    repeated = next((heading for heading in headings if folded.count(heading.casefold()) > 1), None)
    if repeated:
        raise ValueError(f"“{repeated}” is there twice.")
    return headings


def check_keywords(keywords: Any) -> list[str]:
    return _short_texts(keywords, MOST_KEYWORDS, "keywords")


def check_ranking_reasons(reasons: Any) -> list[str]:
    return _short_texts(reasons, MOST_REASONS, "reasons")


def check_criteria_compared(criteria: Any) -> list[str]:
    """In the order of the rubric."""
    known = {criterion.key: criterion.label for criterion in DEFAULT_CRITERIA}
    if not isinstance(criteria, list) or not all(isinstance(key, str) for key in criteria):
        raise ValueError("Criteria are a list of their names.")
    unknown = next((key for key in criteria if key not in known), None)
    if unknown:
        raise ValueError(f"There is no criterion “{unknown}”; there are {', '.join(known)}.")
    return [key for key in known if key in criteria]


def _short_texts(texts: Any, most: int, noun: str) -> list[str]:
    """Trimmed, without empty ones and repetitions."""
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"The {noun} are a list of texts.")
    kept = list({text.strip().casefold(): text.strip() for text in reversed(texts) if text.strip()}.values())[::-1]
    if len(kept) > most:
        raise ValueError(f"At most {most} {noun}.")
    long = next((text for text in kept if len(text) > LONGEST_HEADING or "\n" in text), None)
    if long:
        raise ValueError(f"“{long[:40]}…” is longer than {LONGEST_HEADING} characters.")
    return kept


def check_dated_section(dated_section: str, sections: list[str]) -> str:
    """The heading as the sections spell it."""
    wanted = dated_section.strip().rstrip(":").strip()
    if not wanted:
        return ""
    match = next((heading for heading in sections if heading.casefold() == wanted.casefold()), None)
    if match is None:
        raise ValueError("This is not one of the sections.")
    return match


def check_rubric(rubric: Any) -> dict[str, dict[str, str]]:
    """The five criteria's anchors: a project's own wording, the usual one where it has none."""
    if not isinstance(rubric, dict):
        raise ValueError("The rubric is an object: criterion, then score, then wording.")
    known = {criterion.key: criterion for criterion in DEFAULT_CRITERIA}
    for key, anchors in rubric.items():
        if key not in known:
            raise ValueError(f"There is no criterion “{key}”; there are {', '.join(known)}.")
        if not isinstance(anchors, dict):
            raise ValueError(f"The anchors of {key} are an object: score, then wording.")
        for score, wording in anchors.items():
            if score not in {str(number) for number in known[key].scores}:
                raise ValueError(f"{known[key].label} has no score {score}.")
            if not isinstance(wording, str) or not wording.strip() or len(wording) > LONGEST_ANCHOR:
                raise ValueError(f"{known[key].label}, {score}: a text of at most {LONGEST_ANCHOR} characters.")
    return {
        key: {**criterion.anchors, **{score: text.strip() for score, text in rubric.get(key, {}).items()}}
        for key, criterion in known.items()
    }
