"""Look before training: what the model will see, what it will learn from, and what would go wrong.

    python -m training.recipes.preflight RUN_DIR

Reads the tokenizer, never the weights.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from training.methods import METHODS, from_json
from training.params import DPOParams, KTOParams, RewardParams, RLOOParams, SFTParams, TrainingParams, to_json
from training.recipes import arrangement, blocks, judgements, machine, pairs, process, rows, rules
from training.run_dir import RunDir, read_rows, write_json

SMALLEST_TRAINED_SHARE = 0.10
ROWS_SHOWN = 3
IDS_NAMED = 50


def check(
    method: str,
    train: list[dict[str, Any]],
    validation: list[dict[str, Any]],
    tokenizer: Any,
    params: TrainingParams,
    longest_context: int | None = None,
) -> dict[str, Any]:
    """What preflight.json holds; "reasons" is empty when training may start."""
    template = getattr(tokenizer, "chat_template", None)
    chosen = picked(train, params)
    train = chosen.rows
    report: dict[str, Any] = {
        "method": method,
        "max_length": params.max_length,
        "chat_template_sha256": hashlib.sha256(template.encode()).hexdigest() if template else None,
        "train": {"rows": len(train)},
        "validation": {"rows": len(validation)},
        "examples": [],
        "notes": chosen.notes + (judgements.one_sided(validation) if isinstance(params, KTOParams) else []),
        "reasons": [],
    }
    problems = _reasons_before_tokens(method, train, validation, bool(template), params, longest_context)
    report["reasons"] = chosen.reasons or problems
    if report["reasons"]:
        return report
    if METHODS[method].learns_from == "corpus":
        return {**report, **blocks.report(train, validation, tokenizer, params.max_length)}
    report["examples"] = [_example(method, row, tokenizer) for row in train[:ROWS_SHOWN]]
    drawn = arrangement.weights(train, params) if isinstance(params, SFTParams) else None
    for name, some, times in (("train", train, drawn), ("validation", validation, None)):
        report[name] = _measure(method, some, tokenizer, params.max_length, times)
    if isinstance(params, SFTParams):
        report |= arrangement.report(train, validation, tokenizer, params)
    report["reasons"] = _reasons_from_tokens(report, params)
    return report


def picked(train: list[dict[str, Any]], params: TrainingParams) -> rows.Picked:
    """The rows that a round with these settings would learn from."""
    if isinstance(params, DPOParams | RewardParams):
        return pairs.pick(train, params)
    if isinstance(params, KTOParams):
        return judgements.pick(train, params)
    if isinstance(params, SFTParams):
        return arrangement.pick(train, params)
    return rows.Picked(train)


def _reasons_before_tokens(
    method: str,
    train: list[dict[str, Any]],
    validation: list[dict[str, Any]],
    has_template: bool,
    params: TrainingParams,
    longest_context: int | None,
) -> list[str]:
    reasons = []
    if not train:
        reasons.append("There are no rows to train on: approve some work and freeze a new dataset version.")
    if not has_template:
        reasons.append("The base model's tokenizer has no chat template: choose an instruction-tuned model.")
    if longest_context and params.max_length > longest_context:
        reasons.append(
            f"Longest row in tokens is {params.max_length}, but this base model reads at most {longest_context}."
        )
    if params.early_stopping_patience and not validation:
        reasons.append("Early stopping needs held-out rows: set it to 0 or hold some rows out.")
    for row in [*train, *validation]:
        problem = rows.shape_problem(method, row)
        if problem:
            reasons.append(f"Row {row.get('id', 'without id')} {problem}.")
    return reasons[:20]


def _reasons_from_tokens(report: dict[str, Any], params: TrainingParams) -> list[str]:
    reasons = []
    for name, words in (("train", "training"), ("validation", "held-out")):
        part = report[name]
        if part["rows"] == 0:
            continue
        if part["different_prompt"]["count"]:
            reasons.append(
                f"The chat template writes {_rows(part['different_prompt']['count'], words)} differently when it "
                "asks for an answer and when it shows one: the model would learn from a prompt it never meets."
            )
        if part["nothing_trained"]["count"]:
            count = part["nothing_trained"]["count"]
            reasons.append(
                f"{_rows(count, words)} {'has' if count == 1 else 'have'} nothing to learn within {params.max_length} "
                f"tokens: raise the longest row in tokens or leave {'this row' if count == 1 else 'these rows'} out."
            )
        if part["truncated"]["count"] and not params.allow_truncation:
            count = part["truncated"]["count"]
            reasons.append(
                f"{_rows(count, words)} {'is' if count == 1 else 'are'} longer than {params.max_length} tokens and "
                f"would lose {'its' if count == 1 else 'their'} end; the longest has {part['tokens']['max']}. "
                "Raise the longest row in tokens, shorten the rows, or allow cut rows."
            )
    if report["train"]["trained_share"] < SMALLEST_TRAINED_SHARE:
        reasons.append(
            f"Only {report['train']['trained_share']:.1%} of the tokens are answers to learn from; at least "
            f"{SMALLEST_TRAINED_SHARE:.0%} are needed. Shorten the prompts or choose fuller answers."
        )
    return reasons


def _rows(count: int, words: str) -> str:
    return f"{count} {words} {'row' if count == 1 else 'rows'}"


def _tokenized(method: str, row: dict[str, Any], tokenizer: Any) -> Iterator[rows.Tokens]:
    for name in METHODS[method].answers:
        yield rows.tokenize(tokenizer, row["prompt"], row[name])


def _measure(
    method: str,
    some: list[dict[str, Any]],
    tokenizer: Any,
    max_length: int,
    drawn: Sequence[float] | None = None,
) -> dict[str, Any]:
    """`drawn`: how often each row is read in a pass; None: once."""
    lengths: list[int] = []
    trained = total = 0.0
    odd: dict[str, list[Any]] = {"truncated": [], "nothing_trained": [], "different_prompt": []}
    for row, times in zip(some, drawn or [1.0] * len(some), strict=True):
        sequences = list(_tokenized(method, row, tokenizer))
        lengths.append(max(len(tokens.ids) for tokens in sequences))
        total += times * sum(min(len(tokens.ids), max_length) for tokens in sequences)
        kept = [max(0, min(len(tokens.ids), max_length) - tokens.answer_starts) for tokens in sequences]
        trained += times * sum(kept)
        if lengths[-1] > max_length:
            odd["truncated"].append(row.get("id"))
        if min(kept) == 0:
            odd["nothing_trained"].append(row.get("id"))
        if not all(tokens.same_prompt for tokens in sequences):
            odd["different_prompt"].append(row.get("id"))
    return {
        "rows": len(some),
        "tokens": _spread(lengths),
        "total_tokens": round(total),
        "trained_tokens": round(trained),
        "trained_share": trained / total if total else 0.0,
        **{name: {"count": len(ids), "ids": ids[:IDS_NAMED]} for name, ids in odd.items()},
    }


def _spread(lengths: list[int]) -> dict[str, float | None]:
    if not lengths:
        return {"min": None, "median": None, "p95": None, "max": None}
    ordered = sorted(lengths)
    last = len(ordered) - 1
    median = statistics.median(ordered)
    return {
        "min": ordered[0],
        "median": int(median) if median == int(median) else median,
        "p95": ordered[round(last * 0.95)],
        "max": ordered[last],
    }


def _example(method: str, row: dict[str, Any], tokenizer: Any) -> dict[str, Any]:
    shown = [rows.shown(tokenizer, tokens) for tokens in _tokenized(method, row, tokenizer)]
    answers = METHODS[method].answers
    names = answers if len(answers) > 1 else ("tokens",)
    judged = {"label": row["label"]} if "label" in row else {}
    return {"id": row.get("id"), **judged, **dict(zip(names, shown, strict=True))}


def inspect(run_dir: RunDir, method: str, tokenizer: Any) -> dict[str, Any]:
    """Check the rows of a run directory, leave preflight.json, and stop when training makes no sense."""
    process.phase(run_dir, "Checking the rows")
    spec = run_dir.read_params()
    try:
        params = from_json(method, spec["params"])
        train = read_rows(run_dir.train)
        validation = read_rows(run_dir.validation) if run_dir.validation.exists() else []
    except ValueError as error:
        raise refusal([str(error)]) from error
    report = check(method, train, validation, tokenizer, params, longest_context(Path(spec["base_model_dir"])))
    if isinstance(params, RLOOParams) and not report["reasons"]:
        notes, report["reasons"] = rules.review(train, params, spec, longest_context(Path(spec["base_model_dir"])))
        report["notes"] += notes
    if not report["reasons"]:
        machine.foresee(report, spec, to_json(params))
    write_json(run_dir.preflight, report)
    if report["reasons"]:
        raise refusal(report["reasons"])
    return report


def refusal(reasons: list[str]) -> process.Stopped:
    return process.Stopped("preflight", "Training did not start. " + reasons[0], status="refused", reasons=reasons)


def longest_context(base_model_dir: Path) -> int | None:
    config = json.loads((base_model_dir / "config.json").read_text(encoding="utf-8"))
    return config.get("max_position_embeddings")


def work(run_dir: RunDir) -> dict[str, Any]:
    from transformers import AutoTokenizer

    spec = run_dir.read_params()
    tokenizer = AutoTokenizer.from_pretrained(spec["base_model_dir"], local_files_only=True, trust_remote_code=False)
    method = spec.get("method", spec["recipe"])
    inspect(run_dir, method, tokenizer)
    return {"message": "The rows are ready to train on.", "global_step": 0, "max_steps": 0}


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
