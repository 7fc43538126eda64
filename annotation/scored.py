"""What is known of responses in the database, for their quality scores: always as of now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from annotation.cleaning_runs import cleanable
from annotation.models import CleaningRun, Demonstration, Finding, Project, Prompt, Revision, Scope, SecondLook
from annotation.scoring import Known, Score, score
from annotation.texts import words

Status = Demonstration.Status
COMPARED = 200  # responses that say what length is usual
AT_ONCE = 500
COPIES = frozenset({"duplicate", "near_duplicate"})
READ = (
    "prompt_id",
    "author_id",
    "text",
    "status",
    "origin",
    "active_seconds",
    "saved_at",
    "submitted_at",
    "reviewed_at",
    "reviewed_by_id",
)
HISTORY = Prefetch("revisions", Revision.objects.only("demonstration_id", "text", "status"))
DONE = (Status.SUBMITTED, Status.APPROVED)


def of_many(project: Project, pks: Sequence[UUID]) -> Iterator[tuple[UUID, Score]]:
    """Part by part, each in the same few queries."""
    scorer = Scorer(project)
    for start in range(0, len(pks), AT_ONCE):
        yield from scorer.of_keys(pks[start : start + AT_ONCE]).items()


class Scorer:
    """Of one project's responses: what holds for all of them is read once."""

    def __init__(self, project: Project, newest_guidelines: int | None = None) -> None:
        """`newest_guidelines`: their version, 0 where there are none, of who knows it already."""
        self._project = project
        self._known_newest = newest_guidelines
        self._usual: dict[str, list[int]] = {}

    def of_keys(self, pks: Sequence[UUID]) -> dict[UUID, Score]:
        some = Demonstration.objects.filter(project=self._project, pk__in=pks)
        read = some.select_related("guidelines").prefetch_related(HISTORY).only(*READ, "guidelines__version")
        return self.of(list(read))

    def of(self, responses: Sequence[Demonstration]) -> dict[UUID, Score]:
        """Of those that were handed in; they have their revisions and guidelines at hand."""
        given = Demonstration.objects.filter(prompt__in={each.prompt_id for each in responses}, status__in=DONE)
        rows = given.values_list("prompt_id", "prompt__task_type", "author_id", "text")
        return self._of(responses, _Answers(rows))

    def of_prompt(self, prompt: Prompt, responses: Sequence[Demonstration]) -> dict[UUID, Score]:
        """The same of one prompt, with all that was handed in to it."""
        done = [each for each in responses if each.status in DONE]
        return self._of(done, _Answers((prompt.pk, prompt.task_type, each.author_id, each.text) for each in done))

    def _of(self, responses: Sequence[Demonstration], answers: _Answers) -> dict[UUID, Score]:
        done = [each for each in responses if each.status in DONE]
        if not done:
            return {}
        found, looks = self._findings(done), _looks(done)
        return {
            each.pk: score(
                Known(
                    **_read(each),
                    **found.get(each.pk, {}),
                    look=looks.get(each.pk, ""),
                    shared=answers.shared(each),
                    usual=self._usual_of(answers.task_types[each.prompt_id]),
                    guidelines_behind=self._newest - each.guidelines.version
                    if self._newest and each.guidelines
                    else None,
                )
            )
            for each in done
        }

    @cached_property
    def _newest(self) -> int | None:
        if self._known_newest is not None:
            return self._known_newest
        return self._project.guidelines.order_by("-version").values_list("version", flat=True).first()

    @cached_property
    def _looked_at(self) -> datetime | None:
        """When cleaning last began to look through all responses."""
        runs = CleaningRun.objects.filter(project=self._project, status="done").values_list("created_at", "scopes")
        return max((at for at, scopes in runs if Scope.RESPONSES in scopes), default=None)

    def _findings(self, responses: Sequence[Demonstration]) -> dict[UUID, dict[str, Any]]:
        """Of those whose present text cleaning has looked through."""
        since = self._looked_at
        read = {each.pk: each.text for each in responses if since and _settled(each) < since}
        found: dict[UUID, dict[str, Any]] = {pk: {"found": 0, "confirmed": 0, "copies": 0} for pk in read}
        texts = {pk: cleanable.hashed(text) for pk, text in read.items()}
        about = Finding.objects.filter(demonstration__in=texts, status__in=["open", "confirmed"])
        for pk, kind, status, text in about.values_list("demonstration_id", "kind", "status", "text_sha256"):
            if text == texts[pk]:
                found[pk]["copies"] += kind in COPIES
                found[pk]["confirmed" if status == "confirmed" else "found"] += 1
        return found

    def _usual_of(self, task_type: str) -> list[int]:
        """How many words the newest approved responses of a type have."""
        if task_type not in self._usual:
            alike = Demonstration.objects.filter(
                project=self._project, status=Status.APPROVED, prompt__task_type=task_type
            )
            newest = alike.order_by("-submitted_at", "pk").values_list("text", flat=True)
            self._usual[task_type] = [len(words(text)) for text in newest[:COMPARED]]
        return self._usual[task_type]


class _Answers:
    """Everything that was handed in to some prompts: prompt, its task type, author, text."""

    def __init__(self, rows: Iterable[tuple[UUID, str, int, str]]) -> None:
        self.task_types: dict[UUID, str] = {}
        self._given: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
        self._words: dict[str, set[str]] = {}
        for prompt, task_type, author, text in rows:
            self.task_types[prompt] = task_type
            self._given[prompt].append((author, text))

    def shared(self, response: Demonstration) -> float | None:
        """Words in common with the nearest of the other people's answers, of all words of the two."""
        others = [text for author, text in self._given[response.prompt_id] if author != response.author_id]
        if not others:
            return None
        own = self._set(response.text)
        return max(len(own & each) / max(len(own | each), 1) for each in map(self._set, others))

    def _set(self, text: str) -> set[str]:
        if text not in self._words:
            self._words[text] = set(words(text))
        return self._words[text]


def _read(response: Demonstration) -> dict[str, Any]:
    """What the response itself and its history tell."""
    history = list(response.revisions.all())
    submitted = [each.text for each in history if each.status == Status.SUBMITTED]
    written_here = response.origin == Demonstration.Origin.WRITTEN
    return {
        "status": response.status,
        "words": len(words(response.text)),
        "independent": response.reviewed_by_id != response.author_id if response.reviewed_by_id else None,
        "returned": sum(each.status == Status.RETURNED for each in history),
        "fixed": bool(submitted) and submitted[-1] != response.text,
        "seconds": response.active_seconds or None if written_here else None,
    }


def _settled(response: Demonstration) -> datetime:
    """Since when its text is surely what it is now."""
    return max(at for at in (response.saved_at, response.submitted_at, response.reviewed_at) if at)


def _looks(responses: Sequence[Demonstration]) -> dict[UUID, str]:
    """What came of the latest of each."""
    asked = SecondLook.objects.filter(demonstration__in=[each.pk for each in responses])
    counted = asked.exclude(outcome=SecondLook.Outcome.DROPPED).order_by("asked_at")
    return {pk: outcome or "open" for pk, outcome in counted.values_list("demonstration_id", "outcome")}
