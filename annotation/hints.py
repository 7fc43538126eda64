"""What the writing screen says about a text while it is typed: the checks of the project, in one answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.urls import reverse

from annotation import checks, headings, likeness, model_side, templating
from annotation.access import SENIOR
from annotation.checks import length
from annotation.models import Demonstration, Prompt

AROUND = 24  # characters shown on either side of what may be personal data
MOST_PERSONAL = 5


@dataclass(frozen=True)
class Quoted:
    before: str
    marked: str
    after: str
    sentence: str


@dataclass(frozen=True)
class Hints:
    sentences: list[checks.Hint] = field(default_factory=list)
    personal: list[Quoted] = field(default_factory=list)
    more_personal: int = 0
    duplicate: str = ""
    link: str = ""
    meter: checks.Meter | None = None
    sections: int = 0
    missing: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return bool(self.sections) and not self.missing

    @property
    def percent(self) -> int:
        return round(100 * min(self.meter.share, 1)) if self.meter else 0

    @property
    def fits(self) -> bool:
        return self.meter is None or self.meter.cut_at is None


def at_once(prompt: Prompt, text: str) -> Hints:
    """For the page as it comes: what costs nothing."""
    required = prompt.project.sections
    said = _but_missing(checks.section_hints(text, required))
    return Hints(sentences=said, sections=len(required), missing=headings.missing(text, required))


def all_of(prompt: Prompt, text: str, reader: User, role: str) -> Hints:
    likeness.catch_up(likeness.AT_A_HINT)
    project = prompt.project
    lent = model_side.tokens()
    cut_off = length.CutOff(project.token_limit, lent.tokenizer if lent else None, lent.around if lent else 0)
    asked = templating.render(project.instruction_template, prompt.instruction, prompt.input)
    rules = checks.Rules(
        sections=project.sections,
        keywords=project.keywords,
        prompt="\n".join([*prompt.said_before, asked]),
        cut_off=cut_off,
        others=likeness.others(prompt),
        language=project.language,
    )
    found = checks.check(text, rules)
    personal = [each for each in found if each.kind == "personal"]
    duplicate = next((each for each in found if each.kind == "duplicate"), None)
    said = _but_missing([each for each in found if each.kind not in ("personal", "duplicate")])
    return Hints(
        sentences=said,
        personal=[_quoted(text, each) for each in personal[:MOST_PERSONAL]],
        more_personal=max(0, len(personal) - MOST_PERSONAL),
        duplicate=duplicate.sentence if duplicate else "",
        link=_link(prompt, duplicate.about, reader, role) if duplicate else "",
        meter=checks.meter(text, rules),
        sections=len(project.sections),
        missing=headings.missing(text, project.sections),
    )


def _but_missing(found: list[checks.Hint]) -> list[checks.Hint]:
    """What is missing has a line of its own."""
    return [each for each in found if not (each.kind == "sections" and each.start is None)]


def _quoted(text: str, hint: checks.Hint) -> Quoted:
    start, end = hint.start or 0, hint.end or len(text)
    before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
    return Quoted(before.split("\n")[-1], text[start:end], after.split("\n")[0], hint.sentence)


def _link(prompt: Prompt, key: str, reader: User, role: str) -> str:
    """To the other response, for those who may read it."""
    other = Demonstration.objects.filter(pk=key, project=prompt.project_id).select_related("prompt").first()
    if other is None or not readable(other, reader, role):
        return ""
    return reverse("precedent", args=[prompt.project_id, prompt.pk, other.pk])


def readable(other: Demonstration, reader: User, role: str) -> bool:
    if other.author_id == reader.pk:
        return True
    if other.status == Demonstration.Status.DRAFT:
        return False
    if role in SENIOR:
        return True
    still_asked = other.prompt.answers_done < other.prompt.answers_needed  # of others, this reader perhaps
    return other.status == Demonstration.Status.APPROVED and not still_asked
