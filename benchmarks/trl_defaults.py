"""TRL's own trainer with its defaults on a run directory: the baseline of benchmarks/training.py.

Only what the comparison must have in common is set: rows, seed, learning rate, schedule, LoRA, rows per step, bfloat16
weights, that this is a CPU, and that each step tells its loss. Everything else is what TRL chooses.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, BitsAndBytesConfig
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer


def dataset(path: Path) -> Dataset:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return Dataset.from_list([{key: row[key] for key in row if key != "id"} for row in rows])


def main(folder: Path) -> None:
    spec = json.loads((folder / "params.json").read_text())
    params = spec["params"]
    quantization = None
    if params["load_in_4bit"]:
        quantization = BitsAndBytesConfig(
            load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16
        )
    model = AutoModelForCausalLM.from_pretrained(
        spec["base_model_dir"], dtype=torch.bfloat16, quantization_config=quantization, local_files_only=True
    )
    kind, config = (DPOTrainer, DPOConfig) if spec["recipe"] == "dpo" else (SFTTrainer, SFTConfig)
    trainer = kind(
        model=model,
        args=config(
            output_dir=str(folder / "trl"),
            learning_rate=params["learning_rate"],
            num_train_epochs=params["num_train_epochs"],
            per_device_train_batch_size=4,
            lr_scheduler_type=params["lr_scheduler_type"],
            seed=17,
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            logging_steps=1,
            disable_tqdm=True,
        ),
        train_dataset=dataset(folder / "train.jsonl"),
        eval_dataset=dataset(folder / "validation.jsonl"),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    measured = trainer.train().metrics
    measured |= trainer.evaluate()
    measured["losses"] = [seen["loss"] for seen in trainer.state.log_history if "loss" in seen]
    measured["processor"] = time.process_time()
    trainer.save_model(str(folder / "trl-adapter"))
    (folder / "trl.json").write_text(json.dumps(measured))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
