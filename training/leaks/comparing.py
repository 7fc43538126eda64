"""Holds a dataset version against what is held out, row after row, in memory that does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from annotation.models import Prompt
from annotation.parts import Unable
from annotation.texts import WORD, words
from training.freezing import datasets
from training.leaks.overlap import PASSAGE, RUN, SUBSTANTIAL, Hit, Known, Passages, subject
from training.models import DatasetVersion, HeldOutText, Leak, LeakCheck

PART = 500
USUAL = 2_000  # rows that tell which words are common here
MOST = 20_000  # leaks that are kept: who has more looks at the first ones anyway
AROUND = 400  # characters kept on each side of a common passage
SHOWN = 1_200

T = TypeVar("T")


@dataclass(frozen=True)
class Piece:
    """Something a row says: its prompt, a response, or a text that is read whole."""

    place: str
    text: str


@dataclass(frozen=True)
class Said:
    row_id: str
    group: str
    name: str
    pieces: list[Piece]


class Against:
    """Prompts and references, each looked for where a model could have learned it from."""

    def __init__(self, texts: list[HeldOutText], reads_texts: bool, usual: list[Said]) -> None:
        enough = RUN if reads_texts else SUBSTANTIAL
        asked = [(each.pk, subject(each.instruction, each.input, enough)) for each in texts]
        answered = [(each.pk, each.reference) for each in texts if len(words(each.reference)) >= PASSAGE]
        self.reads_texts = reads_texts
        self.prompts = Known(asked, _all(usual, Leak.Place.PROMPT, Leak.Place.TEXT))
        self.references = Known(answered, _all(usual, Leak.Place.RESPONSE, Leak.Place.TEXT))

    def look(self, piece: Piece) -> Iterator[tuple[str, Hit]]:
        if piece.place != Leak.Place.RESPONSE:
            for hit in self.prompts.look(piece.text, inside=self.reads_texts):
                yield Leak.Against.PROMPT, hit
        if piece.place != Leak.Place.PROMPT:
            for hit in self.references.look(piece.text, inside=self.reads_texts):
                yield Leak.Against.REFERENCE, hit


def do(check: LeakCheck) -> None:
    """From the first row, also when it is taken up again: what makes a passage boilerplate is known only at the end."""
    version = DatasetVersion.objects.select_related("project").get(pk=check.version_id)
    texts = list(HeldOutText.objects.filter(project=check.project_id, pk__gt=check.up_to))
    if not version.directory.is_dir():
        raise Unable(f"The files of {version} are missing. Freeze again.")
    with check.part():
        check.done, check.total = 0, version.train_rows + version.validation_rows
    found = _compare(check, version, texts) if texts else []
    with check.part():
        Leak.objects.bulk_create(found, batch_size=PART)
        check.compared(max((each.pk for each in texts), default=check.up_to))


def _compare(check: LeakCheck, version: DatasetVersion, texts: list[HeldOutText]) -> list[Leak]:
    against = Against(texts, version.kind == DatasetVersion.Kind.CORPUS, list(islice(said(version), USUAL)))
    passages = {side: Passages() for side in Leak.Against.values}
    found: list[tuple[Leak, Hit]] = []
    for part in _parts(said(version)):
        for each, piece, side, hit in _hits(against, part):
            open_one = hit.kind != Leak.Kind.PASSAGE or passages[side].add(hit, each.group)
            if open_one and len(found) < MOST:
                found.append((_leak(version, each, piece, side, hit), hit))
        with check.part():
            check.done += len(part)
    return [leak for leak, hit in found if hit.kind != Leak.Kind.PASSAGE or passages[leak.against].tells(hit)]


def _hits(against: Against, part: tuple[Said, ...]) -> Iterator[tuple[Said, Piece, str, Hit]]:
    for each in part:
        for piece in each.pieces:
            for side, hit in against.look(piece):
                yield each, piece, side, hit


def _leak(version: DatasetVersion, said: Said, piece: Piece, side: str, hit: Hit) -> Leak:
    text, passage = _around(piece.text, hit)
    return Leak(
        version=version,
        held_out_id=hit.held_out,
        row_id=said.row_id,
        name=said.name[:200],
        place=piece.place,
        against=side,
        kind=hit.kind,
        similarity=hit.similarity,
        text=text,
        passage=passage,
    )


def _around(text: str, hit: Hit) -> tuple[str, str]:
    """What a page shows of the text, and the passage that both have."""
    found = list(WORD.finditer(text))
    if not hit.length or hit.at + hit.length > len(found):
        return text[:SHOWN], ""
    begin, end = found[hit.at].start(), found[hit.at + hit.length - 1].end()
    return text[max(0, begin - AROUND) : end + AROUND], text[begin:end]


# --- What rows say ----------------------------------------------------------------------------------------------


def said(version: DatasetVersion) -> Iterator[Said]:
    """Every row of the version, whole: what a round cuts off at its longest row counts as well."""
    for part in _parts(datasets.rows_of(version)):
        wanted = {row["prompt_id"] for row in part if row.get("prompt_id")}
        prompts = {str(prompt.pk): prompt for prompt in Prompt.objects.filter(pk__in=wanted)} if wanted else {}
        for row in part:
            prompt = prompts.get(row.get("prompt_id", ""))
            name = str(prompt) if prompt else row.get("title") or row["id"]
            yield Said(row["id"], row.get("group", ""), name, list(_pieces(row, prompt)))


def _pieces(row: dict[str, Any], prompt: Prompt | None) -> Iterator[Piece]:
    if row.get("erased"):
        return
    if "text" in row:
        yield Piece(Leak.Place.TEXT, row["text"])
        return
    yield Piece(Leak.Place.PROMPT, _question(row["prompt"], prompt))
    for name in ("completion", "chosen", "rejected"):
        if name in row:
            yield Piece(Leak.Place.RESPONSE, _said(row[name]))


def _question(messages: list[dict[str, str]], prompt: Prompt | None) -> str:
    """Without the project's template, which would make all prompts look alike; as frozen where that has changed."""
    whole = _said(messages)
    if prompt is None or prompt.instruction not in whole or prompt.input not in whole:
        return whole
    return subject(prompt.instruction, "\n".join([*prompt.said_before, prompt.input]))


def _said(messages: list[dict[str, str]]) -> str:
    return "\n".join(message["content"] for message in messages)


def _parts(items: Iterable[T]) -> Iterator[tuple[T, ...]]:
    rest = iter(items)
    while part := tuple(islice(rest, PART)):
        yield part


def _all(some: list[Said], *places: str) -> Iterator[str]:
    return (piece.text for each in some for piece in each.pieces if piece.place in places)
