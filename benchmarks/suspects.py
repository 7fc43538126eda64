"""How many wrong references a round's suspects find.

Run from the repository: `python benchmarks/suspects.py [--seeds 17 18 19] [--rows 136] [--passes 3]`. In the demo
project's demonstrations 5 % get the reference of another note. Each seed plants others and trains an SFT round on the
default base model, with the learning rate that the form proposes; recall is the share of planted rows among the tenth
that stands out most. Chance is a tenth. It needs the base model that `make run` prepares.
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

from benchmarks.training import BASE, demonstrations, said  # noqa: E402
from training.params import SFTParams, to_json  # noqa: E402
from training.suspects import losses, standing_out  # noqa: E402

PLANTED = 0.05
WANTED = 0.6
Row = dict[str, Any]


def planted_rows(count: int, seed: int) -> tuple[list[Row], set[int]]:
    """Demonstrations as rows, and the places of those that carry the answer to another one's note."""
    found = demonstrations()[:count]
    chance = random.Random(seed)  # noqa: S311
    wrong = chance.sample(range(len(found)), max(2, round(PLANTED * len(found))))
    answers = {place: found[place]["answer"] for place in range(len(found))}
    swapped = {place: answers[other] for place, other in zip(wrong, [*wrong[1:], wrong[0]], strict=True)}
    rows = [
        {
            "id": row["id"],
            "prompt": said("user", row["prompt"]),
            "completion": said("assistant", swapped.get(place, row["answer"])),
        }
        for place, row in enumerate(found)
    ]
    return rows, set(wrong)


def train(folder: Path, rows: list[Row], seed: int, passes: float) -> None:
    params = {**to_json(SFTParams()), "seed": seed, "num_train_epochs": passes, "eval_steps": 10_000}
    spec = {
        "recipe": "sft",
        "base_model_dir": str(BASE),
        "base_model_name": BASE.name,
        "parent_adapter_dir": None,
        "resume_from": None,
        "params": params,
    }
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(spec))
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "validation.jsonl").write_text("")
    subprocess.run(
        [sys.executable, "-m", "training.recipes.sft", str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 18, 19])
    parser.add_argument("--rows", type=int, default=136)
    parser.add_argument("--passes", type=float, default=3.0)
    options = parser.parse_args()
    recalls = []
    for seed in options.seeds:
        rows, wrong = planted_rows(options.rows, seed)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "round"
            train(folder, rows, seed, options.passes)
            ranked = standing_out.ranked(losses.readings(folder), [""] * len(rows))
        first = {each.row for each in ranked[: round(0.1 * len(rows))]}
        recalls.append(len(first & wrong) / len(wrong))
        places = sorted(place for place, each in enumerate(ranked, start=1) if each.row in wrong)
        print(f"seed {seed}: {len(first & wrong)} of {len(wrong)} in the first tenth; at places {places}", flush=True)
    recall = statistics.fmean(recalls)
    print(f"recall at 10 %: {recall:.2f} of {options.rows} rows, {options.passes:g} passes (wanted {WANTED})")
    return 0 if recall >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
