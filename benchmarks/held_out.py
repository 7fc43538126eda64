"""The DPO loss of adapters on held-out pairs, each read alike in float32: part of benchmarks/training.py.

A round reads its held-out pairs in float32 and TRL's defaults in bfloat16, so what the two say of themselves does not
compare. The reference is the base model.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from peft import PeftModel  # noqa: E402

from training.recipes import base, rows  # noqa: E402

BETA = 0.1


def likelihood(model: Any, tokenizer: Any, pair: dict[str, Any], side: str) -> torch.Tensor:
    tokens = rows.tokenize(tokenizer, pair["prompt"], pair[side])
    ids = torch.tensor([tokens.ids])
    logps = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
    return logps.gather(1, ids[0, 1:, None])[tokens.answer_starts - 1 :].sum()


def margin(model: Any, tokenizer: Any, pair: dict[str, Any]) -> torch.Tensor:
    return likelihood(model, tokenizer, pair, "chosen") - likelihood(model, tokenizer, pair, "rejected")


@torch.no_grad()
def loss(base_dir: str, adapter: str, pairs: list[dict[str, Any]]) -> float:
    tokenizer = base.load_tokenizer(base_dir)
    model = PeftModel.from_pretrained(base.load_model(base_dir, torch.float32), adapter).eval()
    found = []
    for pair in pairs:
        learned = margin(model, tokenizer, pair)
        with model.disable_adapter():
            learned = learned - margin(model, tokenizer, pair)
        found.append(-torch.nn.functional.logsigmoid(BETA * learned).item())
    return statistics.fmean(found)


if __name__ == "__main__":
    folder, *adapters = sys.argv[1:]
    pairs = [json.loads(line) for line in (Path(folder) / "validation.jsonl").read_text("utf-8").splitlines()]
    directory = json.loads((Path(folder) / "params.json").read_text("utf-8"))["base_model_dir"]
    print(json.dumps([loss(directory, adapter, pairs) for adapter in adapters]))
