"""A model that gives marks: it reads a conversation with its answer and says one number, higher for better.

Its head is float32, as its adapter is. On a CPU, rows that begin alike are read as one (see shared_prefix.py).
"""

from __future__ import annotations

import functools
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model, set_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification
from transformers.modeling_outputs import SequenceClassifierOutput

from training.params import TrainingParams
from training.recipes import base, lean_lora, rows, shared_prefix
from training.run_dir import ADAPTER_WEIGHTS

HEAD = "score"
ROWS_AT_ONCE = 16
Conversation = tuple[list[dict[str, str]], str]  # what was asked, and the answer


def to_learn(spec: dict[str, Any], params: TrainingParams, tokenizer: Any) -> PeftModel:
    """A new head on the base model or on a parent, whose LoRA goes on learning."""
    model = _with_head(spec["base_model_dir"], tokenizer, params.load_in_4bit)
    generator = torch.Generator().manual_seed(params.seed)
    head = model.score.weight
    head.data.copy_(torch.randn(head.shape, generator=generator) * model.config.hidden_size**-0.5)
    parent = spec.get("parent_adapter_dir")
    config = LoraConfig.from_pretrained(parent) if parent else base.lora_config(params)
    config.inference_mode = False
    judging: Any = get_peft_model(model, replace(config, task_type=TaskType.SEQ_CLS))  # which keeps the head too
    if parent:
        fresh = {f"base_model.model.{HEAD}.weight": head.data.clone()}
        set_peft_model_state_dict(judging, load_file(Path(parent) / ADAPTER_WEIGHTS) | fresh)
    return judging


def to_judge(base_model_dir: str, adapter_dir: str, tokenizer: Any) -> PeftModel:
    model = _with_head(base_model_dir, tokenizer)
    judging = PeftModel.from_pretrained(model, adapter_dir, local_files_only=True)
    quicken(judging)
    return judging.eval()


def quicken(judging: PeftModel) -> None:
    """The CPU's faster arithmetic; the same marks, the same gradients."""
    if base.on_gpu():
        return
    lean_lora.install(judging)
    model: Any = judging.get_base_model()
    if not shared_prefix.supports(model.config):
        return
    model.set_attn_implementation(shared_prefix.NAME)

    @functools.wraps(model.forward)
    def forward(self: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, **rest: Any) -> Any:
        read = [ids[kept].tolist() for ids, kept in zip(input_ids, attention_mask.bool(), strict=True)]
        return SequenceClassifierOutput(logits=_last_marks(self, read))

    model.forward = types.MethodType(forward, model)


def _last_marks(model: Any, read: list[list[int]]) -> torch.Tensor:
    tree = shared_prefix.build_tree(read)
    states = shared_prefix.tree_states(model.model, tree)
    return model.score(states.index_select(0, torch.stack([places[-1] for places in tree.places])))


@torch.no_grad()
def give(judging: Any, tokenizer: Any, answered: list[Conversation]) -> list[float]:
    """One mark per conversation; neighbours that answer the same prompt are cheap."""
    found: list[float] = []
    for begin in range(0, len(answered), ROWS_AT_ONCE):
        part = [_ids(tokenizer, *each) for each in answered[begin : begin + ROWS_AT_ONCE]]
        longest = max(map(len, part))
        pad = tokenizer.pad_token_id or 0
        ids = torch.tensor([row + [pad] * (longest - len(row)) for row in part], device=judging.device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in part], device=judging.device)
        found += judging(input_ids=ids, attention_mask=mask).logits[:, 0].float().tolist()
    return found


def _ids(tokenizer: Any, prompt: list[dict[str, str]], answer: str) -> list[int]:
    return rows.tokenize(tokenizer, prompt, [{"role": "assistant", "content": answer}]).ids


def _with_head(base_model_dir: str, tokenizer: Any, in_4bit: bool = False) -> Any:
    model = base.load_model(base_model_dir, in_4bit=in_4bit, kind=AutoModelForSequenceClassification, num_labels=1)
    model.config.pad_token_id = tokenizer.pad_token_id
    model.score.float()
    model.score.register_forward_pre_hook(_in_float32)
    return model


def _in_float32(_head: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return (given[0].float(),)
