from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from annotation import queues, splits
from annotation.actions import Refused
from annotation.corpus import Fault, Text
from annotation.models import Document, Event, Project
from annotation.splits import Shares
from annotation.texts import counted, fingerprint, words

BATCH = 500
FAULTS_KEPT = 50
SHARES = Shares()  # as prompts are divided where nobody says otherwise


@dataclass
class CorpusCounts:
    new: int = 0
    known: int = 0
    words: int = 0
    validation: int = 0
    problems: int = 0
    first_problems: list[dict[str, str]] = field(default_factory=list)

    def numbers(self) -> dict[str, int]:
        return {name: value for name, value in asdict(self).items() if name != "first_problems"}


class CorpusRefused(Refused):
    """Nothing was imported; `counts.first_problems` says why."""

    def __init__(self, message: str, counts: CorpusCounts) -> None:
        super().__init__(message)
        self.counts = counts


def import_documents(*, project: Project, texts: Iterable[Text | Fault], by: User) -> CorpusCounts:
    """Take every text or, if one has a fault, none. A text that the project has already is passed over."""
    counts = CorpusCounts()
    sources: dict[str, None] = {}
    with transaction.atomic():
        queues.lock(project)
        seen: set[str] = set()
        for batch in _batches(texts, counts):
            sources.update(dict.fromkeys(text.source for text in batch))
            _store(project, batch, seen, counts, by)
        if counts.problems:
            verb = "keeps" if counts.problems == 1 else "keep"
            what = counted(counts.problems, "problem")
            raise CorpusRefused(f"{what} {verb} these texts out; nothing was imported.", counts)
        if not counts.new and not counts.known:
            raise CorpusRefused("There is no text in these files; nothing was imported.", counts)
        Event.record("imported texts", project, by=by, project=project, sources=[*sources][:20], **counts.numbers())
    return counts


def _batches(texts: Iterable[Text | Fault], counts: CorpusCounts) -> Iterator[list[Text]]:
    """The texts without the faults, which are counted; after the first fault there is nothing to store any more."""
    batch: list[Text] = []
    for item in texts:
        if isinstance(item, Fault):
            counts.problems += 1
            if counts.problems <= FAULTS_KEPT:
                counts.first_problems.append(asdict(item))
        elif not counts.problems:
            batch.append(item)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch and not counts.problems:
        yield batch


def _store(project: Project, batch: list[Text], seen: set[str], counts: CorpusCounts, by: User) -> None:
    shas = [fingerprint(item.text) for item in batch]
    seen |= set(project.documents.filter(sha256__in=shas).values_list("sha256", flat=True))
    made = []
    for item, sha in zip(batch, shas, strict=True):
        if sha in seen:
            counts.known += 1
            continue
        seen.add(sha)
        made.append(
            Document(
                project=project,
                title=item.title,
                text=item.text,
                group=item.group,
                split=splits.within_teaching(item.group or sha, SHARES),
                source=item.source,
                sha256=sha,
                words=len(words(item.text)),
                created_by=by,
            )
        )
    Document.objects.bulk_create(made)
    counts.new += len(made)
    counts.words += sum(one.words for one in made)
    counts.validation += sum(one.split == "validation" for one in made)


def delete_documents(*, project: Project, documents: QuerySet[Document], by: User) -> int:
    """Take texts out of the corpus. Versions frozen before keep theirs. Returns how many there were."""
    with transaction.atomic():
        titles = list(documents.order_by("title").values_list("title", flat=True)[:20])
        deleted, _ = documents.delete()
        if deleted:
            Event.record("deleted texts", project, by=by, project=project, count=deleted, titles=titles)
    return deleted
