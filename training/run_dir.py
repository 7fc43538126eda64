"""The run directory: what a round and its recipe say to each other, as files.

Pure: no torch, no Django. Both sides import it, so neither spells a file name twice.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MANIFEST = "COMPLETE.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
MODEL_WEIGHTS = "model.safetensors"
MODEL_CONFIG = "config.json"
CARD = "README.md"
TOKENIZER_FILES = frozenset(
    {"chat_template.jinja", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}
)
ADAPTER_FILES = TOKENIZER_FILES | {ADAPTER_WEIGHTS, ADAPTER_CONFIG, CARD}
# of a whole model, as a round of full fine-tuning leaves it
MODEL_FILES = TOKENIZER_FILES | {
    *(MODEL_WEIGHTS, MODEL_CONFIG, CARD, "generation_config.json"),
    *("tokenizer.model", "added_tokens.json", "vocab.json", "merges.txt"),
}
LOG_TAIL_BYTES = 256 * 1024
DISK_FULL = "The disk is full, so it could not be written on. Free some space in the data folder, then try it again."
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_disk_full(error: BaseException) -> bool:
    """Also as torch and safetensors say it, which lose the error's number."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    text = str(error).lower()
    return any(sign in text for sign in ("no space left", "file too large", "pytorchstreamwriter failed writing"))


def plain(value: Any) -> Any:
    """The value as strict JSON allows it: NaN and infinities become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value


def dumps(value: Any, indent: int | None = None) -> str:
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, indent=indent)


def write_json(path: Path, value: Any) -> None:
    """All or nothing: a reader sees the old file or the whole new one, also after a power cut."""
    _replace(path, (dumps(value, indent=2) + "\n").encode())


def write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    """One line each, however many: they are written as they come. How many there were."""
    written = 0
    with _replacing(path) as file:
        for row in rows:
            file.write((dumps(row) + "\n").encode())
            written += 1
    return written


def read_rows(path: Path) -> list[dict[str, Any]]:
    return list(each_row(path))


def each_row(path: Path) -> Iterator[dict[str, Any]]:
    """One after the other; a line that is not a JSON object is an error that names the line."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path.name}, line {number} is not JSON: {error}.") from error
            if not isinstance(row, dict):
                raise ValueError(f"{path.name}, line {number} is not a JSON object.")
            yield row


def append_row(path: Path, row: dict[str, Any]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(dumps(row) + "\n")


def finished_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file that may still be growing; what a killed writer left half-written is left out."""
    return [row for _number, row in _whole_lines(path)]


def drop_torn_tail(path: Path) -> None:
    """Cut a last line without its newline, so that the next append starts a line of its own."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def directory_sha256(directory: Path) -> str:
    """One hash for a folder: over the sorted names of its files and their contents."""
    digest = hashlib.sha256()
    for name in _file_names(directory):
        digest.update(f"{name}\0{file_sha256(directory / name)}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class RunDir:
    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    @property
    def params(self) -> Path:
        return self.path / "params.json"

    @property
    def train(self) -> Path:
        return self.path / "train.jsonl"

    @property
    def validation(self) -> Path:
        return self.path / "validation.jsonl"

    @property
    def prompts(self) -> Path:
        return self.path / "prompts.jsonl"

    @property
    def outputs(self) -> Path:
        return self.path / "outputs.jsonl"

    @property
    def events_file(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def preflight(self) -> Path:
        return self.path / "preflight.json"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def result_file(self) -> Path:
        return self.path / "result.json"

    def read_params(self) -> dict[str, Any]:
        return json.loads(self.params.read_text(encoding="utf-8"))

    def append_event(self, event: str, **values: Any) -> None:
        """One line in one write, so that a reader beside us never sees half of it."""
        line = dumps({"event": event, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **values})
        descriptor = os.open(self.events_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(descriptor, (line + "\n").encode())
        finally:
            os.close(descriptor)

    def events(self, after_line: int = 0) -> list[dict[str, Any]]:
        """The events after that line; each carries its number as "line" for the next call."""
        return [{**event, "line": number} for number, event in _whole_lines(self.events_file) if number > after_line]

    def log_tail(self, lines: int = 40) -> str:
        if lines <= 0 or not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def result(self) -> dict[str, Any] | None:
        return _read_object(self.result_file)


def complete_checkpoint(directory: Path, step: int) -> None:
    """Seal a checkpoint: from here on it counts, and any later change to it shows."""
    names = [name for name in _file_names(directory) if name != MANIFEST]
    files = [
        {"name": name, "size": (directory / name).stat().st_size, "sha256": file_sha256(directory / name)}
        for name in names
    ]
    for name in names:
        sync(directory / name)
    write_json(directory / MANIFEST, {"step": step, "files": files})
    sync(directory.parent)


def verify_checkpoint(directory: Path) -> bool:
    """True when every file is what the manifest says, and nothing was added."""
    return not checkpoint_problem(directory)


def checkpoint_problem(directory: Path) -> str:
    """Why this checkpoint cannot be trusted, for after its name; empty when it can."""
    manifest = _read_object(directory / MANIFEST)
    if manifest is None:
        return "was not completed"
    if _step_of(directory) != manifest.get("step"):
        return "says that it is of another step"
    files = manifest.get("files")
    if not isinstance(files, list) or not files:
        return "does not say what belongs to it"
    named = {str(entry.get("name")): entry for entry in files}
    there = set(_file_names(directory)) - {MANIFEST}
    if there != named.keys():
        odd = min(there ^ named.keys())
        return f"holds {odd}, which does not belong to it" if odd in there else f"has no {odd}"
    changed = next((name for name, entry in named.items() if not _unchanged(directory / name, entry)), "")
    return f"has a changed or cut off {changed}" if changed else ""


def newest_verified_checkpoint(
    *attempt_dirs: Path, skipped: Callable[[Path, str], object] = lambda checkpoint, problem: None
) -> Path | None:
    """The furthest checkpoint that can be trusted; of equals, the one of the later run directory."""
    found = [
        (step, order, checkpoint)
        for order, attempt in enumerate(attempt_dirs)
        for checkpoint in RunDir(attempt).checkpoints.glob("checkpoint-*")
        if (step := _step_of(checkpoint)) is not None
    ]
    for _step, _order, checkpoint in sorted(found, key=lambda item: item[:2], reverse=True):
        problem = checkpoint_problem(checkpoint)
        if not problem:
            return checkpoint
        skipped(checkpoint, problem)
    return None


def verify_adapter_files(directory: Path, full: bool = False) -> list[str]:
    """What is wrong with what a round left, in sentences; empty when it can be published. `full`: a whole model."""
    what, may_hold, weights, config = "adapter", ADAPTER_FILES, ADAPTER_WEIGHTS, ADAPTER_CONFIG
    if full:
        what, may_hold, weights, config = "model", MODEL_FILES, MODEL_WEIGHTS, MODEL_CONFIG
    if not directory.is_dir():
        return [f"The round left no {what}."]
    names = set(_file_names(directory))
    problems = [f"The {what} has a file that does not belong: {name}." for name in sorted(names - may_hold)]
    missing = sorted({weights, config} - names)
    if missing:
        return [*problems, *(f"The {what} has no {name}." for name in missing)]
    if _read_object(directory / config) is None:
        problems.append(f"{config} is not a JSON object.")
    return [*problems, *_weight_problems(directory / weights, what, "" if full else "lora_B")]


def _weight_problems(path: Path, what: str, learning: str) -> list[str]:
    """`learning` is in the names of the weights that cannot all be zero."""
    moved = found = False
    try:
        for name, values in _tensors(path):
            if not np.isfinite(values).all():
                return [f"The {what} holds numbers that are not finite ({name}). Lower the learning rate."]
            if learning in name:
                found = True
                moved = moved or bool(np.any(values))
    except (ValueError, KeyError, TypeError, struct.error) as error:
        return [f"The {what}'s weights cannot be read: {error}."]
    if not found:
        return [f"The {what} holds no {'LoRA ' if learning else ''}weights."]
    if not moved:
        weights = f"{learning} weights".strip()
        return [f"The {what} learned nothing: all its {weights} are zero. Raise the learning rate or the steps."]
    return []


NUMPY_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def _tensors(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Read safetensors by its published layout, because numpy has no bfloat16 of its own."""
    content = np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
    (length,) = struct.unpack("<Q", content[:8].tobytes())
    header = json.loads(content[8 : 8 + length].tobytes())
    body = content[8 + length :]
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if entry["dtype"] not in NUMPY_TYPES:
            raise ValueError(f"{name} has the unexpected type {entry['dtype']}")
        begin, end = entry["data_offsets"]
        if end > len(body):
            raise ValueError(f"{name} is cut off")
        values = np.frombuffer(body[begin:end].data, dtype=NUMPY_TYPES[entry["dtype"]])
        if values.size != math.prod(entry["shape"]):
            raise ValueError(f"{name} does not have its shape")
        if entry["dtype"] == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        yield name, values


def _step_of(checkpoint: Path) -> int | None:
    match = re.fullmatch(r"checkpoint-(\d+)", checkpoint.name)
    return int(match[1]) if match else None


def _unchanged(path: Path, entry: dict[str, Any]) -> bool:
    if path.is_symlink() or path.stat().st_size != entry.get("size"):
        return False
    return file_sha256(path) == entry.get("sha256")


def _file_names(directory: Path) -> list[str]:
    """Relative names with forward slashes, sorted; a link counts under its own name."""
    return sorted(
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file() or path.is_symlink()
    )


def _whole_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    if not path.exists():
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield number, value


def _read_object(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _replace(path: Path, content: bytes) -> None:
    with _replacing(path) as file:
        file.write(content)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """A file, or a folder's list of names, onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
