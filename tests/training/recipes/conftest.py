"""A base model small enough to train in seconds: two random Llama layers and a tokenizer made here."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.run_dir import RunDir, write_json, write_rows

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("PRECEPTOR_THREADS", "1")

CHAT_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
FACTS = [
    ("The roof leaks since May", "Landlord must repair the roof", "No idea"),
    ("The deposit was kept", "Return the deposit by 3 March 2025", "Call us"),
    ("A dog bit the client", "Claim against the owner § 51-2-7", "Dogs bite"),
    ("Wages were not paid", "Demand the unpaid wages", "Wages are money"),
    ("The car was rear-ended", "Claim against the other driver", "Cars collide"),
    ("The will is missing", "Petition the probate court", "Look again"),
    ("The lease ended early", "Review the notice to quit", "Leases end"),
    ("The insurer denies cover", "Appeal the denial in writing", "Insurers do that"),
]


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Summarise this note for the firm. {text}."}]


def assistant(text: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": text}]


@pytest.fixture(scope="session")
def demonstrations() -> list[dict[str, Any]]:
    return [
        {"id": f"row-{n}", "prompt": user(note), "completion": assistant(good)}
        for n, (note, good, _bad) in enumerate(FACTS)
    ]


@pytest.fixture(scope="session")
def preferences() -> list[dict[str, Any]]:
    return [
        {"id": f"pair-{n}", "prompt": user(note), "chosen": assistant(good), "rejected": assistant(bad)}
        for n, (note, good, bad) in enumerate(FACTS)
    ]


@pytest.fixture(scope="session")
def tiny_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(fact) for fact in FACTS], trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        chat_template=CHAT_TEMPLATE,
        model_max_length=512,
    )


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: Any) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    directory = tmp_path_factory.mktemp("base") / "tiny"
    config = LlamaConfig(
        vocab_size=len(tiny_tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.08,
        tie_word_embeddings=True,
        eos_token_id=tiny_tokenizer.eos_token_id,
        pad_token_id=tiny_tokenizer.pad_token_id,
        bos_token_id=None,
    )
    torch.manual_seed(5)
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(directory)
    tiny_tokenizer.save_pretrained(directory)
    return directory


MakeRun = Callable[..., RunDir]


@pytest.fixture
def make_run(tmp_path: Path, tiny_base: Path) -> MakeRun:
    def make(
        recipe: str,
        params: dict[str, Any],
        train: list[dict[str, Any]],
        validation: list[dict[str, Any]] | None = None,
        name: str = "attempt-1",
        **spec: Any,
    ) -> RunDir:
        run_dir = RunDir(tmp_path / name)
        run_dir.path.mkdir()
        values = {
            "recipe": recipe,
            "base_model_dir": str(tiny_base),
            "parent_adapter_dir": None,
            "resume_from": None,
            "base_model_name": "tiny-llama",
            "params": params,
            **spec,
        }
        write_json(run_dir.params, values)
        write_rows(run_dir.train, train)
        write_rows(run_dir.validation, validation or [])
        return run_dir

    return make


@pytest.fixture(scope="session")
def parent_adapter(tmp_path_factory: pytest.TempPathFactory, tiny_base: Path) -> Path:
    """An adapter that has moved away from the base, as an SFT round leaves it."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(9)
    model = AutoModelForCausalLM.from_pretrained(tiny_base)
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear"))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    directory = tmp_path_factory.mktemp("parent")
    model.save_pretrained(directory)
    return directory


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
