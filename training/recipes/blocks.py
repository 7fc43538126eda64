"""Texts as a model reads them in pre-training: each with its end marked, joined, cut into even blocks. No torch."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from training.recipes import rows

BLOCKS_SHOWN = 2
TOO_LITTLE = "There is too little text to learn from: import texts and freeze a new version of the corpus."


def of_rows(tokenizer: Any, texts: list[dict[str, Any]], longest: int) -> list[list[int]]:
    return cut(joined(tokenizer, [row["text"] for row in texts]), longest)


def joined(tokenizer: Any, texts: list[str]) -> list[int]:
    """Every text begins as the tokenizer begins texts, and ends with the end token."""
    ids: list[int] = []
    for text in texts:
        ids += tokenizer(text, verbose=False)["input_ids"]
        if ids[-1:] != [tokenizer.eos_token_id]:
            ids.append(tokenizer.eos_token_id)
    return ids


def cut(ids: list[int], longest: int) -> list[list[int]]:
    """As few blocks as possible, none longer than allowed and none more than a token shorter than another.

    No token is lost, nothing is padded, and each block weighs the same in the mean loss, which makes the perplexity
    that of the whole text. A single token has nothing to be predicted from.
    """
    if len(ids) < 2:
        return []
    count = -(-len(ids) // longest)
    edges = [len(ids) * place // count for place in range(count + 1)]
    return [ids[start:end] for start, end in pairwise(edges)]


def report(
    train: list[dict[str, Any]], validation: list[dict[str, Any]], tokenizer: Any, longest: int
) -> dict[str, Any]:
    """What a pre-flight says of texts: counts, and the first blocks token by token."""
    to_read = of_rows(tokenizer, train, longest)
    return {
        "train": _measured(train, to_read),
        "validation": _measured(validation, of_rows(tokenizer, validation, longest)),
        "examples": [
            {"id": f"block {number}", "tokens": rows.shown(tokenizer, rows.Tokens(ids, 1, True))}
            for number, ids in enumerate(to_read[:BLOCKS_SHOWN], start=1)
        ],
        "reasons": [] if to_read else [TOO_LITTLE],
    }


def _measured(texts: list[dict[str, Any]], blocks: list[list[int]]) -> dict[str, Any]:
    """Rows are blocks. The first token of each is only read: nothing stands before it."""
    lengths = sorted(map(len, blocks))
    total = sum(lengths)
    nothing: dict[str, Any] = {"count": 0, "ids": []}
    return {
        "rows": len(blocks),
        "texts": len(texts),
        "tokens": {
            "min": lengths[0] if lengths else None,
            "median": lengths[len(lengths) // 2] if lengths else None,
            "p95": lengths[-1] if lengths else None,
            "max": lengths[-1] if lengths else None,
        },
        "total_tokens": total,
        "trained_tokens": total - len(blocks),
        "trained_share": (total - len(blocks)) / total if total else 0.0,
        "truncated": nothing,
        "nothing_trained": nothing,
        "different_prompt": nothing,
    }
