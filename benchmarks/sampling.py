"""How much faster candidates are written here than with transformers' `generate`, on the same prompts.

Run from the repository: `python benchmarks/sampling.py [--prompts 8] [--candidates 4] [--tokens 48]`. Every candidate
gets the same number of tokens. The ways take turns, round after round; the ratios are between the fastest round of
each, by the clock and in seconds of the processor. Before that, greedy answers in float32 are compared token by token
with those of `generate`; where one differs, the benchmark fails. It needs the base model that `make run` prepares.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402

from training.params import GenerateParams  # noqa: E402
from training.recipes import base, decoding, rows  # noqa: E402
from training.recipes.generate import ROWS_AT_ONCE  # noqa: E402
from training.recipes.writer import Writer  # noqa: E402

BASE = ROOT / "var" / "base-models" / "smollm2-135m-instruct"
DEMO = ROOT / "annotation" / "demo" / "client_intake" / "housing.jsonl"
INSTRUCTION = "Summarise this client intake note.\n\n"
TARGETS = {"one by one": 8.0, "left-padded batches": 2.5}
Write = Callable[[list[list[int]]], list[list[int]]]


def prompts(tokenizer: Any, count: int) -> list[list[int]]:
    notes = [json.loads(line)["input"] for line in DEMO.read_text(encoding="utf-8").splitlines()[:count]]
    return [rows.prompt_ids(tokenizer, [{"role": "user", "content": INSTRUCTION + note}]) for note in notes]


def generated(model: Any, batch: list[list[int]], params: GenerateParams, **how: Any) -> list[list[int]]:
    """By transformers: a left-padded batch, every answer as long as it may be; a greedy one ends where it will."""
    longest = max(map(len, batch))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in batch])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in batch])
    sampling = {"do_sample": True, "temperature": params.temperature, "top_p": params.top_p, "top_k": 0}
    given = {"do_sample": False} if params.temperature == 0 else sampling
    out = model.generate(
        input_ids=ids,
        attention_mask=mask,
        min_new_tokens=params.max_new_tokens if params.temperature else 0,
        max_new_tokens=params.max_new_tokens,
        pad_token_id=0,
        **given,
        **how,
    )
    return out[:, longest:].tolist()


def one_by_one(model: Any, params: GenerateParams) -> Write:
    return lambda asked: [
        generated(model, [prompt], params)[0] for prompt in asked for _ in range(params.num_candidates)
    ]


def in_batches(model: Any, params: GenerateParams, at_once: int) -> Write:
    """All candidates of as many prompts as give `at_once` rows."""
    step = max(1, at_once // params.num_candidates)

    def write(asked: list[list[int]]) -> list[list[int]]:
        parts = [asked[begin : begin + step] for begin in range(0, len(asked), step)]
        return [
            row for part in parts for row in generated(model, part, params, num_return_sequences=params.num_candidates)
        ]

    return write


def here(writer: Writer, params: GenerateParams) -> Write:
    def write(asked: list[list[int]]) -> list[list[int]]:
        step = max(1, ROWS_AT_ONCE // params.num_candidates)
        found: list[list[int]] = []
        for begin in range(0, len(asked), step):
            part = asked[begin : begin + step]
            draw = decoding.draws(params, "base", [str(begin + place) for place in range(len(part))])
            found += [answer.tokens for answer in decoding.decode(writer.model, part, draw, params, set())]
        return found

    return write


def timed(write: Write, asked: list[list[int]], tokens: int) -> tuple[float, float]:
    begun, used = time.perf_counter(), time.process_time()
    found = write(asked)
    if {len(answer) for answer in found} != {tokens}:
        sys.exit("A way wrote answers of another length.")
    return time.perf_counter() - begun, time.process_time() - used


def same_as_generate(writer: Writer, model: Any, asked: list[list[int]], tokens: int) -> int:
    """How many answers were compared; ends the benchmark where one differs."""
    params = GenerateParams(temperature=0.0, num_candidates=1, max_new_tokens=tokens)
    draw = decoding.draws(params, "base", [str(place) for place in range(len(asked))])
    found = [answer.tokens for answer in decoding.decode(writer.model, asked, draw, params, writer.stops)]
    wanted = [[token for token in answer if token not in writer.stops] for answer in one_by_one(model, params)(asked)]
    for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
        if one != other:
            sys.exit(f"Greedy answer {number} differs from that of generate:\n{one}\n{other}")
    return len(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=int, default=8)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    tokenizer = base.load_tokenizer(str(BASE))
    asked = prompts(tokenizer, given.prompts)

    Writer.dtype = torch.float32
    exact = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    some = asked[: min(4, len(asked))]
    params = GenerateParams(num_candidates=1, temperature=0.0)
    count = same_as_generate(Writer(str(BASE), {"label": "base"}, tokenizer, params), exact, some, given.tokens)
    print(f"greedy in float32: {count} answers of {given.tokens} tokens are those of generate, token for token")
    del exact
    Writer.dtype = torch.bfloat16

    params = GenerateParams(num_candidates=given.candidates, temperature=0.8, max_new_tokens=given.tokens)
    model = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.bfloat16)
    ways = {
        "one by one": one_by_one(model, params),
        "left-padded batches": in_batches(model, params, 16),
        "here": here(Writer(str(BASE), {"label": "base"}, tokenizer, params), params),
    }
    report(ways, asked, given.candidates * given.tokens, given.tokens, given.rounds)


def report(ways: dict[str, Write], asked: list[list[int]], per_prompt: int, tokens: int, rounds: int) -> None:
    # by far the slowest way: one prompt of middle length says enough
    middle = sorted(asked, key=len)[len(asked) // 2]
    some = {name: [middle] if name == "one by one" else asked for name in ways}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _round in range(rounds):
        for name, write in ways.items():
            times[name].append(timed(write, some[name], tokens))
    rates = {
        name: [len(some[name]) * per_prompt / min(seconds) for seconds in zip(*times[name], strict=True)]
        for name in ways
    }
    lengths = [len(prompt) for prompt in asked]
    print(f"{len(asked)} prompts of {min(lengths)} to {max(lengths)} tokens; {per_prompt} written for each")
    for name, (clock, processor) in rates.items():
        print(f"  {name:20} {clock:7.1f} tokens/s   {processor:7.1f} per second of the processor")
    for name, target in TARGETS.items():
        by_clock, by_processor = (one / other for one, other in zip(rates["here"], rates[name], strict=True))
        print(f"  ratio to {name}: {by_clock:.2f} by the clock, {by_processor:.2f} of the processor (wanted {target})")


if __name__ == "__main__":
    main()
