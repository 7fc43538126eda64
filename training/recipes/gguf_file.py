"""A model of the Llama family as one GGUF file, as llama.cpp and Ollama read it; read back and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType, LlamaFileType, TokenType

from training.recipes.process import Stopped

ARCHITECTURE = "llama"
FILE_TYPES = {
    torch.bfloat16: LlamaFileType.MOSTLY_BF16,
    torch.float16: LlamaFileType.MOSTLY_F16,
    torch.float32: LlamaFileType.ALL_F32,
}
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
# How a text is cut before its merges, under the name llama.cpp knows each by.
SPLITS = {LLAMA3: "llama-bpe", LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}"): "qwen2"}
COMPARED_TOKENS = 64
LARGEST_DIFFERENCE = 0.01  # in logits; what a different order of additions makes is a thousandth of it


def write(model: Any, tokenizer: Any, path: Path, about: dict[str, str]) -> None:
    """Matrices in the model's own type, vectors in float32, as llama.cpp's converter does."""
    _refuse_unknown(model.config)
    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    _add_model(writer, model, about)
    _add_tokenizer(writer, tokenizer, model.config.vocab_size)
    tensors = dict(_tensors(model))
    for name, tensor in tensors.items():
        stored, kind = _stored(tensor[:1])  # the shape of a row says it all; the data follows one by one
        shape = (len(tensor), *stored.shape[1:])
        size = int(np.prod(shape)) * stored.itemsize
        writer.add_tensor_info(name, shape, stored.dtype, size, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor in tensors.values():
        writer.write_tensor_data(_stored(tensor)[0])
    writer.close()


def logits(model: Any) -> torch.Tensor:
    """In float32, for tokens from all over the vocabulary: each position depends on all before it."""
    vocabulary = model.config.vocab_size
    ids = (torch.arange(COMPARED_TOKENS) * max(1, vocabulary // COMPARED_TOKENS)) % vocabulary
    with torch.inference_mode():
        return model.float()(input_ids=ids[None], use_cache=False).logits[0]


def check(path: Path, expected: torch.Tensor) -> dict[str, Any]:
    """Load the file with transformers, which shares no code with the writing, and compare what it computes."""
    from transformers import AutoModelForCausalLM, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        path.parent,
        gguf_file=path.name,
        dtype=torch.float32,
        quantization_config=GgufConfig(dequantize=True),
        local_files_only=True,
    )
    difference = float((logits(model) - expected).abs().max())
    if not difference <= LARGEST_DIFFERENCE:
        raise Stopped(
            "bad_gguf",
            f"The file, read back, does not compute what the merged model computes (largest difference "
            f"{difference:.3g}), so it is not handed out. Take the merged model instead.",
        )
    return {"largest_difference": difference, "compared_tokens": COMPARED_TOKENS}


def _refuse_unknown(config: Any) -> None:
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    reason = ""
    if config.model_type != ARCHITECTURE:
        reason = f"it is of the kind {config.model_type}"
    elif rope != "default":
        reason = f"it counts positions in its own way ({rope})"
    elif getattr(config, "attention_bias", False) or getattr(config, "mlp_bias", False):
        reason = "its layers carry biases"
    if reason:
        raise _refused(reason)


def _refused(reason: str) -> Stopped:
    return Stopped(
        "no_gguf",
        f"This base model cannot be written as GGUF here: {reason}. Take the merged model; llama.cpp's own "
        "convert_hf_to_gguf.py may know how.",
    )


def _add_model(writer: gguf.GGUFWriter, model: Any, about: dict[str, str]) -> None:
    config = model.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_name(about["name"])
    writer.add_description(about["description"])
    if about.get("license"):
        writer.add_license(about["license"].lower())
    writer.add_base_model_count(1)
    writer.add_base_model_name(0, about["base_model"])
    writer.add_file_type(FILE_TYPES[model.dtype])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)


def _tensors(model: Any) -> Iterator[tuple[str, torch.Tensor]]:
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    heads = {"q_proj": model.config.num_attention_heads, "k_proj": model.config.num_key_value_heads}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue  # a file without output.weight takes the embedding for it
        known = names.get_name(name, try_suffixes=(".weight",))
        if known is None:
            raise _refused(f"nothing is known of its tensor {name}")
        rotated = next((count for part, count in heads.items() if f".{part}." in name), None)
        yield known, permuted(tensor, rotated) if rotated else tensor


def permuted(tensor: torch.Tensor, heads: int) -> torch.Tensor:
    """llama.cpp turns neighbouring rows of each head against each other, transformers one half against the other."""
    rows = len(tensor) // heads // 2
    return tensor.reshape(heads, 2, rows, -1).transpose(1, 2).reshape(tensor.shape)


def _stored(tensor: torch.Tensor) -> tuple[np.ndarray[Any, Any], GGMLQuantizationType]:
    if tensor.dim() < 2 or tensor.dtype == torch.float32:
        return tensor.float().contiguous().numpy(), GGMLQuantizationType.F32
    if tensor.dtype == torch.float16:
        return tensor.contiguous().numpy(), GGMLQuantizationType.F16
    return tensor.contiguous().view(torch.uint8).numpy(), GGMLQuantizationType.BF16  # bytes: numpy has no bfloat16


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: Any, size: int) -> None:
    spec = json.loads(tokenizer.backend_tokenizer.to_str())
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(_cutting(spec))
    tokens, types = _vocabulary(tokenizer, size)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    merges = spec["model"]["merges"]
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    for add, token in (
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_eos_token_id, tokenizer.eos_token_id),
        (writer.add_unk_token_id, tokenizer.unk_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
    ):
        if token is not None:
            add(token)
    begins = tokenizer.bos_token_id is not None and tokenizer("a").input_ids[:1] == [tokenizer.bos_token_id]
    writer.add_add_bos_token(begins)
    writer.add_add_space_prefix(False)
    if tokenizer.chat_template:
        writer.add_chat_template(tokenizer.chat_template)


def _cutting(spec: dict[str, Any]) -> str:
    """The name of the tokenizer's rule for cutting a text; byte-level BPE is the only kind written."""
    pieces = spec["pre_tokenizer"] or {}
    pieces = pieces.get("pretokenizers", [pieces])
    byte_level = pieces[-1]
    if spec["model"]["type"] != "BPE" or byte_level.get("type") != "ByteLevel" or byte_level.get("add_prefix_space"):
        raise _refused("its tokenizer is not byte-level BPE")
    if (spec["normalizer"] or {}).get("type", "NFC") != "NFC":
        raise _refused("its tokenizer rewrites texts first")
    before = pieces[:-1]
    if not before:
        return "gpt-2"
    if len(before) == 1 and before[0] == {"type": "Digits", "individual_digits": True}:
        return "smollm"
    split = SPLITS.get(before[0].get("pattern", {}).get("Regex", "")) if len(before) == 1 else None
    if split is None:
        raise _refused("its tokenizer cuts texts in its own way")
    return split


def _vocabulary(tokenizer: Any, size: int) -> tuple[list[str], list[int]]:
    """A text and a type for each row of the embedding; rows without a token are marked as unused."""
    by_id = {number: text for text, number in tokenizer.get_vocab().items()}
    added = tokenizer.added_tokens_decoder
    tokens: list[str] = []
    types: list[int] = []
    for number in range(size):
        tokens.append(by_id.get(number, f"[PAD{number}]"))
        if number not in by_id:
            types.append(TokenType.UNUSED)
        elif number in added:
            types.append(TokenType.CONTROL if added[number].special else TokenType.USER_DEFINED)
        else:
            types.append(TokenType.NORMAL)
    return tokens, types
