"""A project's texts as a cleaning run reads them: some prompts at a time with their answers, then the corpus."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from annotation.cleaning import Item
from annotation.models import Candidate, Demonstration, Document, Project, Prompt, Scope, Split

AT_ONCE = 150  # prompts, or texts of the corpus: what is written in one part
REFERENCE = "reference"
KEYS = {"prompt": Prompt, "demonstration": Demonstration, "candidate": Candidate, "document": Document}
HANDED_IN = (Demonstration.Status.SUBMITTED, Demonstration.Status.APPROVED)

Mark = tuple[str, int | str]  # how far a run has come: ("prompts", position) or ("documents", id)


@dataclass(frozen=True)
class Subject:
    """One row with its texts. `for_seniors`: experts must not see it; its `author` sees it all the same."""

    of: str
    pk: UUID
    item: Item
    for_seniors: bool
    author: int | None = None
    question: str = ""  # what an answer answers

    @property
    def key(self) -> str:
        return f"{self.of} {self.pk}"

    @property
    def whole(self) -> str:
        return "\n".join(text for field, text in self.item.texts.items() if field != REFERENCE)


def hashed(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def texts_of(row: Prompt | Demonstration | Candidate | Document) -> dict[str, str]:
    """Its texts by the field that findings name; messages of an earlier conversation count from 1."""
    if isinstance(row, Prompt):
        said = {f"message {number}": text for number, text in enumerate(row.said_before, start=1)}
        found = {**said, "instruction": row.instruction, "input": row.input, REFERENCE: row.reference}
        return {field: text for field, text in found.items() if text or field == "instruction"}
    if isinstance(row, Demonstration):
        return {"response": row.text}
    return {"candidate" if isinstance(row, Candidate) else "text": row.text}


def count(project: Project, scopes: Collection[str]) -> int:
    """How many rows a run reads."""
    counts = {
        Scope.PROMPTS: project.prompts.count,
        Scope.RESPONSES: Demonstration.objects.filter(project=project, status__in=HANDED_IN).count,
        Scope.CANDIDATES: Candidate.objects.filter(comparison__project=project, comparison__repeat_of=None).count,
        Scope.DOCUMENTS: project.documents.count,
    }
    return sum(number() for scope, number in counts.items() if scope in scopes)


def read(project: Project, scopes: Collection[str], after: Mark | None = None) -> Iterator[tuple[list[Subject], Mark]]:
    """Each part with the mark behind it. Bounded memory: a part is read when it is asked for."""
    if {Scope.PROMPTS, Scope.RESPONSES, Scope.CANDIDATES} & set(scopes) and (after is None or after[0] == "prompts"):
        yield from _prompts(project, scopes, int(after[1]) if after else -1)
    if Scope.DOCUMENTS in scopes:
        yield from _documents(project, str(after[1]) if after and after[0] == "documents" else None)


def _prompts(project: Project, scopes: Collection[str], after: int) -> Iterator[tuple[list[Subject], Mark]]:
    while prompts := list(project.prompts.filter(position__gt=after).order_by("position")[:AT_ONCE]):
        after = prompts[-1].position
        yield _with_answers(prompts, scopes), ("prompts", after)


def _with_answers(prompts: list[Prompt], scopes: Collection[str]) -> list[Subject]:
    """Prompt by prompt, so that what belongs together stands together."""
    found: dict[UUID, list[Subject]] = {prompt.pk: [] for prompt in prompts}
    by_pk = {prompt.pk: prompt for prompt in prompts}
    if Scope.PROMPTS in scopes:
        for prompt in prompts:
            found[prompt.pk].append(of_prompt(prompt))
    if Scope.RESPONSES in scopes:
        answers = Demonstration.objects.filter(prompt__in=by_pk, status__in=HANDED_IN).order_by("created_at", "pk")
        for answer in answers.only("pk", "prompt_id", "author_id", "text"):
            found[answer.prompt_id].append(of_demonstration(answer, by_pk[answer.prompt_id]))
    if Scope.CANDIDATES in scopes:
        candidates = Candidate.objects.filter(comparison__prompt__in=by_pk, comparison__repeat_of=None)
        for candidate in candidates.select_related("comparison").order_by("comparison_id", "pk"):
            prompt = by_pk[candidate.comparison.prompt_id]
            found[prompt.pk].append(of_candidate(candidate, prompt))
    return [subject for subjects in found.values() for subject in subjects]


def _documents(project: Project, after: str | None) -> Iterator[tuple[list[Subject], Mark]]:
    rows = project.documents.order_by("pk")
    while True:
        documents = list(rows.filter(pk__gt=after)[:AT_ONCE] if after else rows[:AT_ONCE])
        if not documents:
            return
        after = str(documents[-1].pk)
        yield [of_document(document) for document in documents], ("documents", after)


def group_of(prompt: Prompt) -> str:
    """What shares its stand-ins: a matter, or else what belongs to one prompt."""
    return prompt.group or str(prompt.pk)


def of_prompt(prompt: Prompt) -> Subject:
    held_out = prompt.split == Split.EVALUATION
    return Subject("prompt", prompt.pk, Item(f"prompt {prompt.pk}", texts_of(prompt), group_of(prompt)), held_out)


def of_demonstration(answer: Demonstration, prompt: Prompt) -> Subject:
    """Other people's answers are not for experts: they may still have to write, or to rank blind."""
    item = Item(f"demonstration {answer.pk}", texts_of(answer), group_of(prompt))
    return Subject("demonstration", answer.pk, item, True, answer.author_id, prompt.source)


def of_candidate(candidate: Candidate, prompt: Prompt) -> Subject:
    item = Item(f"candidate {candidate.pk}", texts_of(candidate), group_of(prompt))
    return Subject("candidate", candidate.pk, item, True, None, prompt.source)


def of_document(document: Document) -> Subject:
    item = Item(f"document {document.pk}", texts_of(document), document.group or str(document.pk))
    return Subject("document", document.pk, item, False)


def row_of(key: str) -> Prompt | Demonstration | Candidate | Document | None:
    """The row that a key names, where it is still there."""
    of, _, pk = key.partition(" ")
    return KEYS[of].objects.filter(pk=pk).first() if of in KEYS else None  # type: ignore[attr-defined]


def items(subjects: Iterable[Subject]) -> list[Item]:
    return [subject.item for subject in subjects]
