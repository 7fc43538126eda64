"""How many wrong references, or preferences the wrong way round, a round's suspects find.

Run from the repository:
`python benchmarks/suspects.py [--method sft|dpo] [--seeds 17 18 19] [--rows 136] [--passes 3]`.
In the demo project's demonstrations 5 % get the reference of another note. Each seed plants others and trains an SFT
round on the default base model, with the learning rate that the form proposes; recall is the share of planted rows
among the tenth that stands out most. Chance is a tenth. For DPO each pair is a summary and a worse one: without its
last two lines, with three lines from the summary of another note, or the note's own first sentences in its place. Of
5 % the sides are exchanged, and the round starts from an SFT round on other notes. It needs the base model that
`make run` prepares.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.training import BASE, INSTRUCTION, demonstrations, said  # noqa: E402
from training.params import DPOParams, SFTParams, to_json  # noqa: E402
from training.suspects import losses, standing_out  # noqa: E402

PLANTED = 0.05
WANTED = 0.6
Row = dict[str, Any]


def planted_rows(count: int, seed: int, share: float = PLANTED) -> tuple[list[Row], set[int]]:
    """Demonstrations as rows, and the places of those that carry the answer to another one's note."""
    found = demonstrations()[:count]
    chance = random.Random(seed)  # noqa: S311
    wrong = chance.sample(range(len(found)), max(2, round(share * len(found)))) if share else []
    answers = {place: found[place]["answer"] for place in range(len(found))}
    swapped = {place: answers[other] for place, other in zip(wrong, [*wrong[1:], *wrong[:1]], strict=True)}
    rows = [
        {
            "id": row["id"],
            "prompt": said("user", row["prompt"]),
            "completion": said("assistant", swapped.get(place, row["answer"])),
        }
        for place, row in enumerate(found)
    ]
    return rows, set(wrong)


def swapped_pairs(count: int, seed: int) -> tuple[list[Row], set[int]]:
    """Pairs as rows, and the places of those whose sides are exchanged."""
    found = demonstrations()[-count:]
    wrong = set(random.Random(seed).sample(range(len(found)), max(2, round(PLANTED * len(found)))))  # noqa: S311
    rows = []
    for place, row in enumerate(found):
        sides = row["answer"], worse(row, found[place - 1]["answer"], place)
        chosen, rejected = sides[::-1] if place in wrong else sides
        prompt = said("user", row["prompt"])
        answers = {"chosen": said("assistant", chosen), "rejected": said("assistant", rejected)}
        rows.append({"id": row["id"], "prompt": prompt, **answers})
    return rows, wrong


def worse(row: Row, other: str, place: int) -> str:
    lines = row["answer"].splitlines()
    if place % 3 == 0:
        return "\n".join(lines[:-2])
    if place % 3 == 1:
        return "\n".join([*lines[:-3], *other.splitlines()[-3:]])
    return row["prompt"].removeprefix(INSTRUCTION)[: len(row["answer"])]


def train(folder: Path, method: str, rows: list[Row], seed: int, passes: float, parent: Path | None = None) -> None:
    usual = DPOParams() if method == "dpo" else SFTParams()
    params = {**to_json(usual), "seed": seed, "num_train_epochs": passes, "eval_steps": 10_000}
    spec = {
        "recipe": method,
        "base_model_dir": str(BASE),
        "base_model_name": BASE.name,
        "parent_adapter_dir": str(parent) if parent else None,
        "resume_from": None,
        "params": params,
    }
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(spec))
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "validation.jsonl").write_text("")
    subprocess.run(
        [sys.executable, "-m", f"training.recipes.{method}", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def adapter_of(scratch: Path, count: int) -> Path:
    """What DPO starts from: it has learned to summarise from notes that no pair is of."""
    rows, _none = planted_rows(len(demonstrations()), 0, share=0)
    train(scratch / "sft", "sft", rows[:-count], 17, 1.0)
    return scratch / "sft" / "adapter"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--method", choices=["sft", "dpo"], default="sft")
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 18, 19])
    parser.add_argument("--rows", type=int, default=136)
    parser.add_argument("--passes", type=float, default=3.0)
    options = parser.parse_args()
    plant = swapped_pairs if options.method == "dpo" else planted_rows
    recalls = []
    with tempfile.TemporaryDirectory() as scratch:
        parent = adapter_of(Path(scratch), options.rows) if options.method == "dpo" else None
        for seed in options.seeds:
            rows, wrong = plant(options.rows, seed)
            folder = Path(scratch) / f"round-{seed}"
            train(folder, options.method, rows, seed, options.passes, parent)
            recalls.append(told(folder, len(rows), wrong, seed))
    recall = statistics.fmean(recalls)
    print(f"recall at 10 %: {recall:.2f} of {options.rows} rows, {options.passes:g} passes (wanted {WANTED})")
    return 0 if recall >= WANTED else 1


def told(folder: Path, rows: int, wrong: set[int], seed: int) -> float:
    ranked = standing_out.ranked(losses.readings(folder), [""] * rows)
    first = {each.row for each in ranked[: round(0.1 * rows)]}
    places = sorted(place for place, each in enumerate(ranked, start=1) if each.row in wrong)
    print(f"seed {seed}: {len(first & wrong)} of {len(wrong)} in the first tenth; at places {places}", flush=True)
    return len(first & wrong) / len(wrong)


if __name__ == "__main__":
    sys.exit(main())
