"""Taking texts out of values and files. Pure: what names an erased item goes, and the name wherever it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.run_dir import dumps

ERASED = "[erased]"
LINES, ONE, TEXT = {".jsonl"}, {".json"}, {".txt", ".md", ".log", ".csv", ".tsv"}
KEPT_NAMES = ("id", "prompt_id")


def pattern_of(name: str) -> re.Pattern[str]:
    """A name as people write it: any case, any spacing, never inside another word."""
    pieces = r"\s+".join(re.escape(piece) for piece in name.split())
    return re.compile(rf"(?<!\w){pieces}(?!\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Scrubber:
    ids: frozenset[str]
    name: re.Pattern[str] | None = None
    group: str = ""

    def touches(self, value: Any) -> bool:
        """Whether an erased item or the name is anywhere in it."""
        if isinstance(value, str):
            return self._is_erased(value) or bool(self.name and self.name.search(value))
        if isinstance(value, dict):
            return self._in_group(value) or any(map(self.touches, (*value.keys(), *value.values())))
        return any(map(self.touches, value)) if isinstance(value, list | tuple) else False

    def clean(self, value: Any) -> Any:
        """The same without them: what names an erased item keeps nothing but its ids."""
        if isinstance(value, str):
            return self.name.sub(ERASED, value) if self.name else value
        if isinstance(value, list):
            return [self.clean(each) for each in value]
        if not isinstance(value, dict):
            return value
        if self._in_group(value) or any(isinstance(each, str) and self._is_erased(each) for each in value.values()):
            kept = {key: each for key, each in value.items() if isinstance(each, str) and self._is_erased(each)}
            return {**kept, "erased": True}
        return {self.clean(key): self.clean(each) for key, each in value.items() if not self._is_erased(key)}

    def _in_group(self, value: dict[str, Any]) -> bool:
        return bool(self.group) and (value.get("group") == self.group or self.group in value)

    def _is_erased(self, value: str) -> bool:
        return value in self.ids or (":" in value[36:37] and value[:36] in self.ids)


def scrub_folder(folder: Path, scrubber: Scrubber, alive: Callable[[], object] = lambda: None) -> int:
    """Every file in it that people could read. How many were changed.

    What a process printed says nothing of which item it was about, so the log of a run that held one goes as a whole.
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    changed = 0
    for path in files:
        alive()
        if path.suffix in LINES:
            changed += _lines(path, scrubber)
        elif path.suffix in ONE:
            changed += _one(path, scrubber)
    texts = [path for path in files if path.suffix in TEXT and path.exists()]
    return changed + sum(_text(path, scrubber, everything=bool(changed)) for path in texts)


def _lines(path: Path, scrubber: Scrubber) -> bool:
    """One line at a time; a line that is no JSON (torn off) is dropped where the name could be in it."""
    scratch, changed = path.with_name(f".{path.name}.erasing"), False
    with path.open(encoding="utf-8", errors="replace") as old, scratch.open("w", encoding="utf-8") as new:
        for line in old:
            kept = _line(line, scrubber)
            changed |= kept != line
            new.write(kept)
    return _settle(scratch, path, changed)


def _line(line: str, scrubber: Scrubber) -> str:
    try:
        row = json.loads(line)
    except ValueError:
        return "" if line.strip() else line
    if not isinstance(row, dict) or not scrubber.touches(row):
        return line
    if (scrubber.group and row.get("group") == scrubber.group) or any(
        scrubber.touches(row.get(name, "")) for name in KEPT_NAMES
    ):
        row = {**{name: row[name] for name in KEPT_NAMES if name in row}, "erased": True}
    return dumps(scrubber.clean(row)) + "\n"


def _one(path: Path, scrubber: Scrubber) -> bool:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    if not scrubber.touches(value):
        return False
    scratch = path.with_name(f".{path.name}.erasing")
    scratch.write_text(dumps(scrubber.clean(value)), encoding="utf-8")
    return _settle(scratch, path, changed=True)


def _text(path: Path, scrubber: Scrubber, everything: bool) -> bool:
    said = path.read_text(encoding="utf-8", errors="replace")
    kept = f"{ERASED}\n" if everything and path.suffix in (".txt", ".log") else scrubber.clean(said)
    if kept == said:
        return False
    scratch = path.with_name(f".{path.name}.erasing")
    scratch.write_text(kept, encoding="utf-8")
    return _settle(scratch, path, changed=True)


def _settle(scratch: Path, path: Path, changed: bool) -> bool:
    if changed:
        scratch.replace(path)
    else:
        scratch.unlink()
    return changed
