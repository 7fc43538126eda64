"""Texts out of files: .txt and .md are a document each, JSON Lines has one on every line, a zip holds any of them."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from annotation.imports.files import format_of, read_rows, read_text
from annotation.imports.records import TextRecord, read_texts
from annotation.imports.rows import POISON, Unreadable

TEXTS = frozenset({"txt", "md"})
LINES = frozenset({"jsonl", "ndjson"})
ENDINGS = ".txt, .md, .jsonl or .zip"
FILES_IN_ZIP = 10_000
TITLE = 200
NAMED_BY_TEXT = 80  # characters of a text that has no title of its own


@dataclass(frozen=True)
class Text:
    title: str
    text: str
    group: str
    source: str


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file, or with one line of it."""

    where: str
    reason: str


def read_files(files: Iterable[tuple[str, IO[bytes]]], most_bytes: int) -> Iterator[Text | Fault]:
    """Every document and every fault, file by file. `most_bytes` is what a zip may hold once it is unpacked."""
    for given, file in files:
        name = _shown(given)
        if _ending(name) == "zip":
            yield from _archived(name, file, most_bytes)
        else:
            yield from _read(name, name, file, name)


def _shown(name: str) -> str:
    return POISON.sub("?", name)[-TITLE:]


def _ending(name: str) -> str:
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""


def _read(name: str, where: str, file: IO[bytes], source: str) -> Iterator[Text | Fault]:
    try:
        if _ending(name) in TEXTS:
            yield _whole(name, file, source)
        elif _ending(name) in LINES:
            yield from _lines(where, file, source)
        else:
            yield Fault(where, f"The name of a file of texts ends in {ENDINGS}.")
    except Unreadable as error:
        yield Fault(where, str(error))


def _whole(name: str, file: IO[bytes], source: str) -> Text:
    text = read_text(file).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        raise Unreadable("The file is empty.")
    return Text(PurePosixPath(name).stem, text, "", source)


def _lines(where: str, file: IO[bytes], source: str) -> Iterator[Text | Fault]:
    for item in read_texts(read_rows(file, format_of(where, file) or "jsonl")):
        if isinstance(item, TextRecord):
            yield Text(item.title or _beginning(item.text), item.text, item.group, source)
        else:
            yield Fault(f"{where}, line {item.line}", item.reason)


def _beginning(text: str) -> str:
    line = " ".join(text.split("\n", 1)[0].split())
    return line if len(line) <= NAMED_BY_TEXT else line[: NAMED_BY_TEXT - 1].rstrip() + "…"


def _archived(name: str, file: IO[bytes], most_bytes: int) -> Iterator[Text | Fault]:
    """What an archive says of its sizes is not believed: reading stops where the limit is."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [member for member in archive.infolist() if not _is_clutter(member)]
            if len(members) > FILES_IN_ZIP:
                yield Fault(name, f"The zip holds {len(members):,} files; there can be {FILES_IN_ZIP:,}.")
                return
            for member in members:
                where = f"{name}, {_shown(member.filename)}"
                if member.flag_bits & 1:
                    yield Fault(where, "It is locked with a password.")
                    continue
                with archive.open(member) as opened:
                    data = opened.read(most_bytes + 1)
                most_bytes -= len(data)
                if most_bytes < 0:
                    yield Fault(name, "Unpacked, the zip is larger than an import may be. Cut it in two.")
                    return
                yield from _read(_shown(member.filename), where, io.BytesIO(data), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError):
        yield Fault(name, "The zip is damaged or of a kind that cannot be opened here. Pack it again.")


def _is_clutter(member: zipfile.ZipInfo) -> bool:
    """Folders, and what systems put beside people's files."""
    parts = PurePosixPath(member.filename).parts
    return member.is_dir() or any(part.startswith(".") or part == "__MACOSX" for part in parts)
