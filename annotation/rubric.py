"""The five criteria of a blind review and the words that anchor each score."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Criterion:
    key: str
    label: str
    question: str
    lowest: int
    highest: int
    anchors: dict[str, str]

    @property
    def scores(self) -> range:
        return range(self.lowest, self.highest + 1)


DEFAULT_CRITERIA: tuple[Criterion, ...] = (
    Criterion(
        "accuracy",
        "Accuracy",
        "Is everything it says supported by the source?",
        1,
        5,
        {
            "1": "Mostly wrong or invented",
            "2": "A serious error that changes the meaning",
            "3": "A minor error a reader could be misled by",
            "4": "Right; one imprecise detail",
            "5": "Every statement is supported by the source",
        },
    ),
    Criterion(
        "completeness",
        "Completeness",
        "Is everything there that the reader needs?",
        1,
        5,
        {
            "1": "The main points are missing",
            "2": "An essential point is missing",
            "3": "Several useful details are missing",
            "4": "One useful detail is missing",
            "5": "Nothing the reader needs is missing",
        },
    ),
    Criterion(
        "conciseness",
        "Conciseness",
        "Is it free of what the reader does not need?",
        1,
        5,
        {
            "1": "Mostly padding or repetition",
            "2": "Must be cut heavily before use",
            "3": "Some sentences could go",
            "4": "A few words could go",
            "5": "Every word earns its place",
        },
    ),
    Criterion(
        "adherence",
        "Adherence to format",
        "Does it follow the required format?",
        1,
        5,
        {
            "1": "Ignores the format",
            "2": "Parts are missing or out of order",
            "3": "All parts there, several wrongly formed",
            "4": "One small deviation",
            "5": "Exactly as the guidelines ask",
        },
    ),
    Criterion(
        "utility",
        "Overall utility",
        "How useful is it for your work as it stands?",
        0,
        10,
        {
            "0": "Useless: write it again",
            "3": "Saves little: most must be rewritten",
            "5": "Half of the work is done",
            "8": "Ready after a light edit",
            "10": "Ready to use as it is",
        },
    ),
)


def default_anchors() -> dict[str, dict[str, str]]:
    return {criterion.key: dict(criterion.anchors) for criterion in DEFAULT_CRITERIA}


def criteria(anchors: dict[str, dict[str, str]]) -> list[Criterion]:
    """The criteria with a project's own wording where it has one."""
    return [
        Criterion(c.key, c.label, c.question, c.lowest, c.highest, {**c.anchors, **anchors.get(c.key, {})})
        for c in DEFAULT_CRITERIA
    ]
