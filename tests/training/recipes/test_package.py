"""What is taken elsewhere loads there and computes what it computed here."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json, user
from training.adapters import publishing
from training.recipes import process
from training.run_dir import ADAPTER_FILES, RunDir, file_sha256

pytestmark = pytest.mark.torch
CARD = "---\nlibrary_name: transformers\n---\n\n# A card\n"
ABOUT = {"name": "Tiny taught", "description": "For a test.", "base_model": "tiny-llama", "license": "Apache-2.0"}


@pytest.fixture
def pack(make_run: MakeRun, parent_adapter: Path) -> Any:
    def packed(format: str, **spec: Any) -> tuple[RunDir, dict[str, Any]]:
        from training.recipes import package

        name = f"tiny-round-1.{'gguf' if format == 'gguf' else 'zip'}"
        given = {"format": format, "file_name": name, "adapter_dir": str(parent_adapter), "card": CARD, "about": ABOUT}
        run_dir = make_run("package", {}, [], name=f"attempt-{format}", **{**given, **spec})
        package.main([str(run_dir.path)])
        return run_dir, read_json(run_dir.result_file)

    return packed


def made(run_dir: RunDir, result: dict[str, Any]) -> Path:
    assert result["status"] == "succeeded", result
    (file,) = (run_dir.path / "package").iterdir()
    assert (file.name, file.stat().st_size, file_sha256(file)) == (
        result["file"],
        result["size_bytes"],
        result["sha256"],
    )
    assert not (run_dir.path / "scratch").exists()
    return file


def unpacked(file: Path, target: Path) -> Path:
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        archive.extractall(target)
    return target / file.stem


def reference(tiny_base: Path, adapter: Path) -> Any:
    """The adapted model, not merged."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    return PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_base, dtype="float32"), adapter).eval()


def logits(model: Any) -> Any:
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.arange(3, 60)[None]).logits


def test_it_packs_the_adapter_folder_so_that_peft_and_servers_load_it(
    pack: Any, tiny_base: Path, parent_adapter: Path, tmp_path: Path, tiny_tokenizer: Any, settings: Any
) -> None:
    from safetensors import safe_open

    source = tmp_path / "source"
    source.mkdir()
    for file in parent_adapter.iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    (source / "chat_template.jinja").write_text(tiny_tokenizer.chat_template)
    sha256 = publishing.store(source, base_id="acme/tiny", revision="0a1b", card=CARD)
    stored = settings.ADAPTERS_DIR / sha256
    run_dir, result = pack("adapter", adapter_dir=str(stored))
    folder = unpacked(made(run_dir, result), tmp_path / "out")
    names = {file.name for file in folder.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "README.md", "chat_template.jinja"} <= names
    assert names <= ADAPTER_FILES
    config = read_json(folder / "adapter_config.json")
    # what vLLM reads of it, and refuses to do without
    assert (config["peft_type"], config["base_model_name_or_path"], config["revision"]) == ("LORA", "acme/tiny", "0a1b")
    assert config["r"] > 0
    assert config["lora_alpha"] > 0
    assert config["target_modules"]
    assert config["modules_to_save"] is None
    with safe_open(folder / "adapter_model.safetensors", "pt") as weights:
        assert {name.rsplit(".", 2)[1] for name in weights.keys()} == {"lora_A", "lora_B"}  # noqa: SIM118
    assert (folder / "README.md").read_text() == CARD
    assert not any(str(tmp_path) in file.read_text() for file in folder.iterdir() if file.suffix != ".safetensors")
    assert (logits(reference(tiny_base, folder)) == logits(reference(tiny_base, parent_adapter))).all()


def test_it_merges_into_a_model_of_the_bases_own_type(
    pack: Any, tiny_base: Path, parent_adapter: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    run_dir, result = pack("merged")
    assert result["dtype"] == "bfloat16"
    folder = unpacked(made(run_dir, result), tmp_path / "out")
    names = {file.name for file in folder.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja", "README.md"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    here = (str(tmp_path), str(tiny_base), str(parent_adapter), "local_files_only")
    texts = [file.read_text() for file in folder.iterdir() if file.suffix in (".json", ".md", ".jinja")]
    assert not [word for word in here for text in texts if word in text]
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert str(model.dtype) == "torch.bfloat16"
    expected = logits(reference(tiny_base, parent_adapter))
    difference = (logits(model.float()) - expected).abs().max()
    moved = (logits(AutoModelForCausalLM.from_pretrained(tiny_base, dtype="float32")) - expected).abs().max()
    assert difference < 0.1 < moved  # rounding to bfloat16 against what the adapter changes
    tokenizer, own = AutoTokenizer.from_pretrained(folder), AutoTokenizer.from_pretrained(tiny_base)
    asked = user("The roof leaks since May")
    assert tokenizer.apply_chat_template(asked, tokenize=False) == own.apply_chat_template(asked, tokenize=False)
    progress = [event for event in run_dir.events() if event["event"] == "progress"]
    assert [(event["done"], event["total"], event["unit"]) for event in progress] == [(n, 3, "steps") for n in range(3)]


def test_it_packs_the_same_bytes_again(pack: Any, tmp_path: Path) -> None:
    from training.recipes.package import pack as zip_folder

    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        zip_folder(folder, tmp_path / name / "x.zip")
    assert file_sha256(tmp_path / "one" / "x.zip") == file_sha256(tmp_path / "two" / "x.zip")


def test_it_writes_a_gguf_file_that_computes_the_same(pack: Any, tiny_base: Path, tmp_path: Path) -> None:
    from gguf import GGUFReader, TokenType
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    run_dir, result = pack("gguf")
    file = made(run_dir, result)
    assert result["largest_difference"] < 1e-4
    merged_dir, merged = pack("merged")
    folder = unpacked(made(merged_dir, merged), tmp_path / "out")
    read = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype="float32", quantization_config=GgufConfig(dequantize=True)
    )
    expected = logits(AutoModelForCausalLM.from_pretrained(folder).float())
    assert (logits(read) - expected).abs().max() < 1e-4

    reader = GGUFReader(str(file))
    fields = {name: field.contents() for name, field in reader.fields.items()}
    assert "output.weight" not in {tensor.name for tensor in reader.tensors}  # tied to the embedding
    assert {tensor.tensor_type.name for tensor in reader.tensors} == {"BF16", "F32"}
    assert fields["general.name"] == "Tiny taught"
    assert fields["general.license"] == "apache-2.0"
    assert (fields["llama.attention.head_count"], fields["llama.attention.head_count_kv"]) == (4, 2)
    assert (fields["tokenizer.ggml.model"], fields["tokenizer.ggml.pre"]) == ("gpt2", "gpt-2")
    own = AutoTokenizer.from_pretrained(tiny_base)
    assert fields["tokenizer.chat_template"] == own.chat_template
    assert fields["tokenizer.ggml.tokens"] == own.convert_ids_to_tokens(range(len(own)))
    types = fields["tokenizer.ggml.token_type"]
    assert types[own.convert_tokens_to_ids("<|im_end|>")] == TokenType.CONTROL
    assert types[-1] == TokenType.NORMAL
    assert fields["tokenizer.ggml.eos_token_id"] == own.eos_token_id
    assert fields["tokenizer.ggml.add_bos_token"] is False
    again = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    text = "<|im_start|>user\nThe roof leaks § since May, the insurer denies cover.<|im_end|>\n"
    assert again(text).input_ids == own(text).input_ids


def test_it_hands_out_no_gguf_file_that_computes_something_else(pack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.recipes import gguf_file

    monkeypatch.setattr(gguf_file, "permuted", lambda tensor, heads: tensor)
    run_dir, result = pack("gguf")
    assert (result["status"], result["failure_code"]) == ("failed", "bad_gguf")
    assert "Take the merged model instead" in result["message"]
    assert not list((run_dir.path / "package").iterdir())


@pytest.mark.parametrize(
    ("pre_tokenizer", "name"),
    [
        ({"type": "ByteLevel", "add_prefix_space": False}, "gpt-2"),
        (
            {
                "type": "Sequence",
                "pretokenizers": [{"type": "Digits", "individual_digits": True}, {"type": "ByteLevel"}],
            },
            "smollm",
        ),
    ],
)
def test_it_names_how_texts_are_cut(pre_tokenizer: dict[str, Any], name: str) -> None:
    from training.recipes import gguf_file

    assert gguf_file._cutting({"model": {"type": "BPE"}, "normalizer": None, "pre_tokenizer": pre_tokenizer}) == name


@pytest.mark.parametrize(
    "spec",
    [
        {"model": {"type": "Unigram"}, "normalizer": None, "pre_tokenizer": {"type": "Metaspace"}},
        {"model": {"type": "BPE"}, "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "ByteLevel"}},
        {
            "model": {"type": "BPE"},
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [{"type": "Split", "pattern": {"Regex": "x"}}, {"type": "ByteLevel"}],
            },
        },
    ],
)
def test_it_writes_no_tokenizer_that_llama_cpp_would_read_otherwise(spec: dict[str, Any]) -> None:
    from training.recipes import gguf_file

    with pytest.raises(process.Stopped, match="Take the merged model"):
        gguf_file._cutting(spec)


def test_it_refuses_what_it_cannot_write(pack: Any, tiny_base: Path, tmp_path: Path) -> None:
    scaled = tmp_path / "scaled"
    scaled.mkdir()
    for file in tiny_base.iterdir():
        (scaled / file.name).write_bytes(file.read_bytes())
    config = read_json(scaled / "config.json")
    config["rope_parameters"] = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}
    (scaled / "config.json").write_text(json.dumps(config))
    _run_dir, result = pack("gguf", base_model_dir=str(scaled))
    assert result["failure_code"] == "no_gguf"
    assert "counts positions in its own way (linear)" in result["message"]
