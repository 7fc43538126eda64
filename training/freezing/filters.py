"""Which of the rows that could be frozen a version takes. Pure: the filter as values, as JSON, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from annotation.texts import capital, counted

if TYPE_CHECKING:
    from training.freezing.row import Row

APPROVED, SUBMITTED = "approved", "submitted"
STATUSES = {APPROVED: "Approved only", SUBMITTED: "Approved, and those that wait for approval"}
HALF = 0.5
GUIDELINES = {"from": "This version or a later one", "only": "This version only"}
SPAN_WORDS = {
    (True, True): "made from {since} to {until}",
    (True, False): "made since {since}",
    (False, True): "made until {until}",
}


@dataclass(frozen=True)
class Filter:
    """Rows that meet all of it. What is left empty asks for nothing.

    `people`: nobody else wrote or ranked the row. `agreement` asks only of rows that several people judged.
    `quality` and `best_share` go by the scores of responses; the share is of the rows to learn from, once the others
    are chosen and those to check with are set aside.
    """

    status: str = APPROVED
    agreement: float | None = None
    guidelines: int | None = None
    guidelines_which: str = "from"
    people: tuple[int, ...] = ()
    task_types: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    quality: int | None = None
    best_share: float | None = None

    @property
    def asks_for_quality(self) -> bool:
        return self.quality is not None or self.best_share is not None

    def takes(self, row: Row) -> bool:
        return (
            self._agrees(row)
            and self._by_guidelines(row)
            and (not self.people or (bool(row.people) and row.people <= set(self.people)))
            and (not self.task_types or row.task_type in self.task_types)
            and self._in_time(row.at)
            and (self.quality is None or (row.score is not None and row.score >= self.quality))
        )

    def _agrees(self, row: Row) -> bool:
        said = row.content.get("agreement")
        return self.agreement is None or said is None or said >= self.agreement

    def _by_guidelines(self, row: Row) -> bool:
        if self.guidelines is None:
            return True
        if row.guidelines is None:
            return False
        return (
            row.guidelines == self.guidelines if self.guidelines_which == "only" else row.guidelines >= self.guidelines
        )

    def _in_time(self, at: datetime | None) -> bool:
        if self.since is None and self.until is None:
            return True
        if at is None:
            return False
        day = at.date()
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def as_json(self) -> dict[str, Any]:
        """Only what it asks for, in a fixed order: the same filter is the same bytes."""
        usual = asdict(EVERYTHING)
        asked = {name: value for name, value in asdict(self).items() if value != usual[name]}
        if self.guidelines is None:
            asked.pop("guidelines_which", None)
        return {name: _plain(value) for name, value in asked.items()}


EVERYTHING = Filter()


def of_json(given: Mapping[str, Any]) -> Filter:
    """Read back what `as_json` gave; unknown names are an error."""
    known = {field.name for field in fields(Filter)}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"There is no filter called {unknown[0]}.")
    read = dict(given)
    for name in ("people", "task_types"):
        read[name] = tuple(sorted(set(read.get(name) or ())))
    for name in ("since", "until"):
        read[name] = date.fromisoformat(read[name]) if isinstance(read.get(name), str) else read.get(name)
    return Filter(**read)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value


def words(chosen: Filter, names: Mapping[int, str] | None = None) -> list[str]:
    """Each thing it asks for as a phrase; without names people are counted."""
    said = []
    if chosen.status == SUBMITTED:
        said.append("also responses that wait for approval")
    if chosen.agreement is not None:
        said.append(f"at least {100 * chosen.agreement:.0f} % agreement where several people judged")
    if chosen.guidelines is not None:
        which = "only" if chosen.guidelines_which == "only" else "or later"
        said.append(f"guidelines version {chosen.guidelines} {which}")
    if chosen.people:
        said.append(f"by {_people(chosen.people, names)} alone")
    if chosen.task_types:
        said.append(f"task type {' or '.join(chosen.task_types)}")
    if chosen.since or chosen.until:
        template = SPAN_WORDS[bool(chosen.since), bool(chosen.until)]
        said.append(template.format(since=_day(chosen.since), until=_day(chosen.until)))
    if chosen.quality is not None:
        said.append(f"quality of at least {chosen.quality}")
    if chosen.best_share is not None:
        said.append(f"of the rows to learn from the {best_words(chosen.best_share)} by quality")
    return said


def sentence(chosen: Filter, names: Mapping[int, str] | None = None) -> str:
    """What a version takes, as a line for people."""
    return capital("; ".join(words(chosen, names))) or "Everything that may be taught"


def best_words(share: float) -> str:
    return "best half" if share == HALF else f"best {100 * share:g} %"


def _people(people: Iterable[int], names: Mapping[int, str] | None) -> str:
    chosen = sorted(people)
    if names is None:
        return counted(len(chosen), "chosen person", "chosen people")
    return " or ".join(names.get(person, "somebody who left") for person in chosen)


def _day(day: date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""
