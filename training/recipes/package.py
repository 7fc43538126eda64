"""Pack an adapter to be taken elsewhere: its folder, the merged model, or the merged model as one GGUF file.

    python -m training.recipes.package RUN_DIR

Leaves one file in `package/`; what is unfinished stays in `scratch/`.
"""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from training.recipes import process
from training.run_dir import RunDir, file_sha256

BLOCK = 4 * 1024 * 1024


class Steps:
    """So many steps, each with a name: what the page shows while it waits."""

    def __init__(self, run_dir: RunDir, total: int) -> None:
        self.run_dir = run_dir
        self.done = 0
        self.total = total

    def next(self, name: str) -> None:
        process.phase(self.run_dir, name)
        self.run_dir.append_event("progress", done=self.done, total=self.total, unit="steps")
        self.done += 1


def work(run_dir: RunDir) -> dict[str, Any]:
    spec = run_dir.read_params()
    scratch, target = run_dir.path / "scratch", run_dir.path / "package"
    scratch.mkdir()
    target.mkdir()
    made = scratch / spec["file_name"]
    told = FORMATS[spec["format"]](run_dir, spec, scratch, made)
    made.rename(target / made.name)
    shutil.rmtree(scratch)
    file = target / made.name
    return {**told, "file": file.name, "size_bytes": file.stat().st_size, "sha256": file_sha256(file)}


def _adapter(run_dir: RunDir, spec: dict[str, Any], scratch: Path, made: Path) -> dict[str, Any]:
    steps = Steps(run_dir, 1)
    steps.next("Packing")
    pack(Path(spec["adapter_dir"]), made)
    return {}


def _merged(run_dir: RunDir, spec: dict[str, Any], scratch: Path, made: Path) -> dict[str, Any]:
    from training.recipes import base

    steps = Steps(run_dir, 3)
    steps.next("Merging")
    model, tokenizer = _merge(spec)
    steps.next("Writing")
    folder = scratch / made.stem
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.save_pretrained(folder)
    for name in ("config.json", "generation_config.json", "tokenizer_config.json"):
        base.forget_this_machine(folder / name)
    (folder / "README.md").write_text(spec["card"], encoding="utf-8")
    steps.next("Packing")
    pack(folder, made)
    return {"dtype": str(model.dtype).removeprefix("torch.")}


def _gguf(run_dir: RunDir, spec: dict[str, Any], scratch: Path, made: Path) -> dict[str, Any]:
    from training.recipes import gguf_file

    steps = Steps(run_dir, 3)
    steps.next("Merging")
    model, tokenizer = _merge(spec)
    steps.next("Writing")
    gguf_file.write(model, tokenizer, made, spec["about"])
    steps.next("Checking the file against the merged model")
    dtype = str(model.dtype).removeprefix("torch.")  # before the check computes in float32
    expected = gguf_file.logits(model)
    del model
    return {"dtype": dtype, **gguf_file.check(made, expected)}


FORMATS: dict[str, Callable[[RunDir, dict[str, Any], Path, Path], dict[str, Any]]] = {
    "adapter": _adapter,
    "merged": _merged,
    "gguf": _gguf,
}


def _merge(spec: dict[str, Any]) -> tuple[Any, Any]:
    """In the type that the base is kept in. A whole model has no adapter and stays what it is."""
    import torch
    from transformers import AutoModelForCausalLM

    from training.recipes import base

    base.use_threads()
    directory = spec["base_model_dir"]
    # on the CPU, where there is room for all of it in float32
    model = AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, local_files_only=True, trust_remote_code=False, use_safetensors=True
    )
    model = base.round_to(base.merge(model, spec["adapter_dir"]).eval(), base.kept_in(directory))
    return model, base.load_tokenizer(directory)


def pack(folder: Path, made: Path) -> None:
    """A zip with one folder in it: the same files, the same zip. Nothing is compressed: weights get no smaller."""
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{made.stem}/{file.relative_to(folder).as_posix()}")
            entry.external_attr = 0o644 << 16
            entry.file_size = file.stat().st_size
            with file.open("rb") as source, archive.open(entry, "w") as packed:
                shutil.copyfileobj(source, packed, BLOCK)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
