"""How much faster a round trains here than with TRL's own trainer and its defaults, on the same rows.

Run from the repository: `python benchmarks/training.py [--method sft|dpo|qlora] [--rows 32]`. Both run as whole
processes one after the other, twice each in turn, on rows of the demo project, with the same seed, learning rate,
LoRA, number of steps and rows per step; the ratio is that of the faster run of each. The loss of both is read at the
end on the same held-out rows: it has to agree, or the speed would mean nothing. It needs the base model that
`make run` prepares.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "annotation" / "demo" / "client_intake"
BASE = ROOT / "var" / "base-models" / "smollm2-135m-instruct"
INSTRUCTION = "Summarise this client intake note.\n\n"
HELD_OUT = 8
RATE = {"sft": 1e-3, "qlora": 1e-3, "dpo": 2e-4}
TARGET = {"sft": 3.0, "dpo": 4.0, "qlora": 1.0}


def demonstrations() -> list[dict[str, Any]]:
    found = []
    for path in sorted(DEMO.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row.get("output"):
                found.append({"id": row["id"], "prompt": INSTRUCTION + row["input"], "answer": row["output"]})
    return found


def said(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def rows_of(method: str, count: int) -> list[dict[str, Any]]:
    """For DPO the rejected answer is the chosen one without its last line: a pair that shares most of its text."""
    made = []
    for row in demonstrations()[:count]:
        prompt, answer = said("user", row["prompt"]), said("assistant", row["answer"])
        if method != "dpo":
            made.append({"id": row["id"], "prompt": prompt, "completion": answer})
            continue
        shorter = row["answer"].rsplit("\n", 1)[0]
        made.append({"id": row["id"], "prompt": prompt, "chosen": answer, "rejected": said("assistant", shorter)})
    return made


def lay_out(folder: Path, method: str, train: list[dict[str, Any]], held_out: list[dict[str, Any]]) -> None:
    steps = len(train) // 4
    settings = {"learning_rate": RATE[method], "num_train_epochs": 1.0, "max_length": 1024, "eval_steps": steps}
    settings |= {"load_in_4bit": method == "qlora", "lr_scheduler_type": "linear", "warmup_ratio": 0.0}
    settings |= {"sft_weight": 0.0} if method == "dpo" else {}
    spec = {
        "recipe": "dpo" if method == "dpo" else "sft",
        "base_model_dir": str(BASE),
        "base_model_name": BASE.name,
        "parent_adapter_dir": None,
        "resume_from": None,
        "params": settings,
    }
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(spec))
    for name, rows in (("train", train), ("validation", held_out)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def timed(command: list[str], log: Path) -> float:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    with log.open("w") as output:
        code = subprocess.call(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    if code:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text()[-3000:]}")
    return time.perf_counter() - started


def ours(folder: Path) -> dict[str, float]:
    recipe = json.loads((folder / "params.json").read_text())["recipe"]
    seconds = timed([sys.executable, "-m", f"training.recipes.{recipe}", str(folder)], folder / "ours.log")
    result = json.loads((folder / "result.json").read_text())
    if result["status"] != "succeeded":
        sys.exit(f"The recipe ended with {result}")
    return {"process": seconds, "train": result["train_seconds"], "loss": result["eval_loss"]}


def theirs(folder: Path) -> dict[str, float]:
    script = Path(__file__).with_name("trl_defaults.py")
    seconds = timed([sys.executable, str(script), str(folder)], folder / "trl.log")
    result = json.loads((folder / "trl.json").read_text())
    return {"process": seconds, "train": result["train_runtime"], "loss": result["eval_loss"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", choices=sorted(RATE), default="sft")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    rows = rows_of(given.method, given.rows + HELD_OUT)
    runs: dict[str, list[dict[str, float]]] = {"TRL's defaults": [], "a round here": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds):
            for name, run in (("TRL's defaults", theirs), ("a round here", ours)):
                here = Path(folder) / f"{number}-{run.__name__}"
                lay_out(here, given.method, rows[HELD_OUT:], rows[:HELD_OUT])
                runs[name].append(run(here))
    report(given.method, len(rows) - HELD_OUT, runs)


def report(method: str, rows: int, runs: dict[str, list[dict[str, float]]]) -> None:
    print(f"{method} on {rows} rows, one pass, four rows per step; the faster of {len(next(iter(runs.values())))} runs")
    best = {name: {key: min(run[key] for run in some) for key in some[0]} for name, some in runs.items()}
    for name, figures in best.items():
        print(
            f"  {name:15} training {figures['train']:7.1f} s   whole process {figures['process']:7.1f} s   "
            f"held-out loss {figures['loss']:.4f}"
        )
    baseline, here = best["TRL's defaults"], best["a round here"]
    print(
        f"  ratio: training {baseline['train'] / here['train']:.2f}, whole process "
        f"{baseline['process'] / here['process']:.2f} (wanted {TARGET[method]}); losses differ by "
        f"{abs(here['loss'] - baseline['loss']) / baseline['loss']:.2%}"
    )


if __name__ == "__main__":
    main()
