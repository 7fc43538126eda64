"""Write answers with a base model and its adapters.

    python -m training.recipes.generate RUN_DIR

Lines are appended as they are finished; a second start goes on where the first one ended.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from training.methods import from_json
from training.params import GenerateParams
from training.recipes import process, rows
from training.recipes.preflight import longest_context, refusal
from training.run_dir import RunDir, append_row, drop_torn_tail, finished_rows, read_rows

ROWS_AT_ONCE = 32


class Progress:
    def __init__(self, run_dir: RunDir, done: int, total: int) -> None:
        self.run_dir = run_dir
        self.first = self.done = done
        self.total = total
        self.tokens = 0
        self.begun = time.monotonic()

    def rate(self) -> float:
        return round(self.tokens / max(time.monotonic() - self.begun, 1e-6), 1)

    def tell(self, outputs: int = 0, tokens: int = 0) -> None:
        self.done += outputs
        self.tokens += tokens
        made = self.done - self.first
        left = (time.monotonic() - self.begun) / made * (self.total - self.done) if made else None
        self.run_dir.append_event(
            "progress",
            done=self.done,
            total=self.total,
            tokens_per_second=self.rate(),
            seconds_left=None if left is None else round(left, 1),
        )


def work(run_dir: RunDir) -> dict[str, Any]:
    spec = run_dir.read_params()
    try:
        params = from_json("generate", spec["params"])
        prompts = read_rows(run_dir.prompts)
    except ValueError as error:
        raise refusal([str(error)]) from error
    from training.recipes import base

    # a token's work is too small to share widely: on a busy machine more threads only wait for each other
    base.use_threads(share=2)
    tokenizer = base.load_tokenizer(spec["base_model_dir"])
    drop_torn_tail(run_dir.outputs)
    done = {(row["source"], row["id"], row["index"]) for row in finished_rows(run_dir.outputs)}
    total = len(spec["sources"]) * len(prompts) * params.num_candidates
    process.phase(run_dir, "Checking the prompts")
    tokens = _prompt_tokens(prompts, tokenizer, params, spec)
    progress = Progress(run_dir, len(done), total)
    progress.tell()
    for source in spec["sources"]:
        waiting = [row for row in prompts if not _complete(row, source["label"], params, done)]
        if waiting:
            _write_source(run_dir, spec, source, waiting, tokens, tokenizer, params, done, progress)
    return {
        "done": progress.done,
        "total": total,
        "written_tokens": progress.tokens,
        "tokens_per_second": progress.rate(),
    }


def _prompt_tokens(
    prompts: list[dict[str, Any]], tokenizer: Any, params: GenerateParams, spec: dict[str, Any]
) -> dict[str, list[int]]:
    if not tokenizer.chat_template:
        raise refusal(["The base model's tokenizer has no chat template: choose an instruction-tuned model."])
    odd = next((row for row in prompts if not row.get("id") or not rows.is_prompt(row.get("prompt"))), None)
    if odd is not None:
        raise refusal([f"Prompt {odd.get('id', 'without id')} is not made of messages that end with the user."])
    tokens = {row["id"]: rows.prompt_ids(tokenizer, row["prompt"]) for row in prompts}
    longest = longest_context(Path(spec["base_model_dir"])) or sys.maxsize
    too_long = [name for name, ids in tokens.items() if len(ids) + params.max_new_tokens > longest]
    if too_long:
        raise refusal([f"{len(too_long)} prompts leave no room for an answer: this base model reads {longest} tokens."])
    return tokens


def _complete(row: dict[str, Any], label: str, params: GenerateParams, done: set[tuple[Any, ...]]) -> bool:
    return all((label, row["id"], index) in done for index in range(params.num_candidates))


def _write_source(
    run_dir: RunDir,
    spec: dict[str, Any],
    source: dict[str, Any],
    waiting: list[dict[str, Any]],
    tokens: dict[str, list[int]],
    tokenizer: Any,
    params: GenerateParams,
    done: set[tuple[Any, ...]],
    progress: Progress,
) -> None:
    from training.recipes.writer import Writer

    process.phase(run_dir, f"Loading {source['label']}")
    writer = Writer(spec["base_model_dir"], source, tokenizer, params)
    process.phase(run_dir, f"Writing with {source['label']}")
    waiting = sorted(waiting, key=lambda row: len(tokens[row["id"]]))
    per_batch = max(1, ROWS_AT_ONCE // params.num_candidates)
    for begin in range(0, len(waiting), per_batch):
        batch = waiting[begin : begin + per_batch]
        lines = writer.write(batch, [tokens[row["id"]] for row in batch])
        fresh = [line for line in lines if (line["source"], line["id"], line["index"]) not in done]
        for line in fresh:
            append_row(run_dir.outputs, line)
        progress.tell(len(fresh), sum(line["tokens"] for line in fresh))


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
