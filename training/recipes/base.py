"""Load models and adapters, and leave an adapter or a whole model behind that names no path of this machine."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from bitsandbytes.nn import Linear4bit
from peft import LoraConfig, PeftModel, TaskType
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

from training.params import TrainingParams
from training.recipes.process import threads
from training.run_dir import ADAPTER_CONFIG, CARD, MODEL_FILES, MODEL_WEIGHTS, write_json

# What says where this machine keeps its files, or how they were loaded here.
OURS_ALONE = ("_name_or_path", "name_or_path", "is_local", "local_files_only")


def on_gpu() -> bool:
    return torch.cuda.is_available()


def quick_dtype() -> torch.dtype:
    """The type in which this machine multiplies fastest.

    A processor without instructions for bfloat16 takes about fifty times as long in it as in float32.
    """
    narrow = on_gpu() or torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if narrow else torch.float32


def use_threads(share: int = 1) -> None:
    torch.set_num_threads(max(1, threads() // share))


def load_tokenizer(directory: str) -> Any:
    tokenizer = AutoTokenizer.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
    tokenizer.padding_side = "right"
    return tokenizer


def load_model(
    directory: str,
    dtype: torch.dtype | None = None,
    in_4bit: bool = False,
    kind: Any = AutoModelForCausalLM,
    **head: Any,
) -> Any:
    """`dtype`: of the weights; none: the one that this machine multiplies fastest."""
    dtype, quantization = dtype or quick_dtype(), None
    if in_4bit:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=quick_dtype(),
            llm_int8_skip_modules=["lm_head", "score"],  # the heads of a model that writes and of one that judges
        )
    model = kind.from_pretrained(
        directory,
        dtype=dtype,
        quantization_config=quantization,
        device_map={"": int(os.environ.get("LOCAL_RANK", "0"))} if on_gpu() else None,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        **head,
    )
    if in_4bit:
        _keep_layout(model)
    return model


def _keep_layout(model: Any) -> None:
    """Where the processor has a faster 4-bit product, bitsandbytes rearranges weights for good once they are read
    without gradients. Training after such a reading would go on without an error, and without most of its gradient.
    """
    for module in model.modules():
        if isinstance(module, Linear4bit):
            module.support_avx512bf16_for_cpu = False


def weights_that_learn(model: Any) -> dict[str, torch.Tensor]:
    return {name: weight.data for name, weight in model.named_parameters() if weight.requires_grad}


def keep_exact(model: Any, before: dict[str, torch.Tensor]) -> None:
    """On 4-bit weights TRL rounds adapters to bfloat16, where small steps are lost: undo it, also for a parent's."""
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            weight.data = before[name] if name in before else weight.data.float()


def load_whole(directory: str, adapter_dir: str | None) -> Any:
    """To train every weight; in float32, because AdamW's small steps would round away in bfloat16."""
    return merge(load_model(directory, torch.float32), adapter_dir).requires_grad_(True)


def merge(model: Any, adapter_dir: str | None) -> Any:
    """A model in float32 with its adapter, if any, worked into the weights: they are rounded once, and not here."""
    if not adapter_dir:
        return model
    return PeftModel.from_pretrained(model, adapter_dir, local_files_only=True).merge_and_unload(safe_merge=True)


def round_to(model: Any, dtype: torch.dtype) -> Any:
    for weight in model.parameters():  # its buffers stay: rounded angles would blur where far tokens stand
        weight.data = weight.data.to(dtype)
    return model


def kept_in(directory: str) -> torch.dtype:
    """The type that the weights in a folder are kept in."""
    config = AutoConfig.from_pretrained(directory, local_files_only=True, trust_remote_code=False)
    return config.dtype or torch.float32


def causal(model: Any) -> Any:
    """The language model itself, also when it carries an adapter."""
    return model.get_base_model() if isinstance(model, PeftModel) else model


@contextmanager
def at_rest(model: Any) -> Iterator[None]:
    """Without dropout, whose luck a reading should not use up."""
    learning = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(learning)


def lora_config(params: TrainingParams) -> LoraConfig:
    return LoraConfig(
        r=params.lora_r,
        lora_alpha=params.lora_alpha,
        lora_dropout=params.lora_dropout,
        use_rslora=params.use_rslora,
        use_dora=params.use_dora,
        target_modules="all-linear",
        task_type=TaskType.CAUSAL_LM,
    )


def load_parent(model: Any, directory: str) -> PeftModel:
    """Trainable under the name TRL expects, so that its frozen copy becomes the DPO reference.

    It stays the kind of LoRA it was trained as: its own configuration says rank, rsLoRA and DoRA, not the round's.
    """
    return PeftModel.from_pretrained(model, directory, is_trainable=True, local_files_only=True)


def save_adapter(model: PeftModel, tokenizer: Any, directory: Path, base_model_name: str, card: str) -> None:
    """The same weights give the same bytes: no path, no date, and lists in a fixed order."""
    model.save_pretrained(str(directory), selected_adapters=["default"], safe_serialization=True)
    config_file = directory / ADAPTER_CONFIG
    config = json.loads(config_file.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base_model_name
    config["inference_mode"] = True
    for name, value in config.items():
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            config[name] = sorted(value)
    write_json(config_file, dict(sorted(config.items())))
    (directory / "chat_template.jinja").write_text(tokenizer.chat_template, encoding="utf-8")
    (directory / "README.md").write_text(card, encoding="utf-8")


def save_whole(model: Any, directory: Path, start: Path, card: str) -> None:
    """Only the weights are new, in the type that they were kept in: all else is that of the model it started from."""
    round_to(model, kept_in(str(start))).save_pretrained(str(directory), safe_serialization=True)
    for name in MODEL_FILES - {MODEL_WEIGHTS, CARD}:
        (directory / name).unlink(missing_ok=True)
        if (start / name).is_file():
            shutil.copyfile(start / name, directory / name)
            forget_this_machine(directory / name)
    (directory / CARD).write_text(card, encoding="utf-8")


def forget_this_machine(path: Path) -> None:
    """In a settings file, if it is one and there."""
    if not path.name.endswith("config.json") or not path.exists():
        return
    values = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, {name: value for name, value in values.items() if name not in OURS_ALONE})
