"""How much faster a round trains here than with TRL's own trainer and its defaults, on the same rows.

Run from the repository: `python benchmarks/training.py [--method sft|dpo|qlora] [--rows 32]`. Both run as whole
processes one after the other, twice each in turn, on rows of the demo project, with the same seed, learning rate,
LoRA, number of steps and rows per step; the ratio is that of the faster run of each, by the clock and in seconds of the
processor. The losses of the steps have to agree within noise, and the loss of the same held-out rows at the end within
1 %, or the speed would mean nothing and the benchmark fails. Then benchmarks/where_time_goes.py says how far a round is
from what the machine's matrix products allow. It needs the base model that `make run` prepares.
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
PROFILED = 16  # rows whose steps are looked into
RATE = {"sft": 1e-3, "qlora": 1e-3, "dpo": 2e-4}
TARGET = {"sft": 3.0, "dpo": 4.0, "qlora": 1.0}
NOISE = 0.1  # between the losses of a step: bfloat16 rounds each of them by some hundredths
AGREEMENT = 0.01
Run = dict[str, Any]


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


def timed(command: list[str], log: Path) -> tuple[float, float]:
    """Seconds by the clock, and of the processor."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "PYTHONPATH": str(ROOT)}
    started, used = time.perf_counter(), os.times()
    with log.open("w") as output:
        code = subprocess.call(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    if code:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text()[-3000:]}")
    now = os.times()
    processor = now.children_user + now.children_system - used.children_user - used.children_system
    return time.perf_counter() - started, processor


def ours(folder: Path) -> Run:
    recipe = json.loads((folder / "params.json").read_text())["recipe"]
    clock, processor = timed([sys.executable, "-m", f"training.recipes.{recipe}", str(folder)], folder / "ours.log")
    result = json.loads((folder / "result.json").read_text())
    if result["status"] != "succeeded":
        sys.exit(f"The recipe ended with {result}")
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    return {
        "process": clock,
        "processor": processor,
        "train": result["train_seconds"],
        "loss": result["eval_loss"],
        "losses": [event["loss"] for event in events if event["event"] == "log"],
        "tokens": result["tokens_per_second"] * result["train_seconds"],
    }


def theirs(folder: Path) -> Run:
    script = Path(__file__).with_name("trl_defaults.py")
    clock, processor = timed([sys.executable, str(script), str(folder)], folder / "trl.log")
    result = json.loads((folder / "trl.json").read_text())
    return {
        "process": clock,
        "processor": processor,
        "train": result["train_runtime"],
        "loss": result["eval_loss"],
        "losses": result["losses"],
    }


def read_alike(folder: Path, adapter: str) -> float:
    """A round reads held-out pairs in float32, TRL in bfloat16: what each says of itself does not compare."""
    script = Path(__file__).with_name("held_out.py")
    command = [sys.executable, str(script), str(folder), str(folder / adapter)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[-1])[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", choices=sorted(RATE), default="sft")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    rows = rows_of(given.method, given.rows + HELD_OUT)
    runs: dict[str, list[Run]] = {"TRL's defaults": [], "a round here": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds):
            for name, run in (("TRL's defaults", theirs), ("a round here", ours)):
                here = Path(folder) / f"{number}-{run.__name__}"
                lay_out(here, given.method, rows[HELD_OUT:], rows[:HELD_OUT])
                runs[name].append(run(here))
                if given.method == "dpo":
                    runs[name][-1]["loss"] = read_alike(here, "trl-adapter" if run is theirs else "adapter")
        agree = report(given.method, len(rows) - HELD_OUT, runs)
        lay_out(Path(folder) / "profile", given.method, rows[HELD_OUT:][:PROFILED], [])
        script = Path(__file__).with_name("where_time_goes.py")
        subprocess.run(
            [sys.executable, str(script), str(Path(folder) / "profile")], check=True, stderr=subprocess.DEVNULL
        )
    sys.exit(not agree)


def report(method: str, rows: int, runs: dict[str, list[Run]]) -> bool:
    print(f"{method} on {rows} rows, one pass, four rows per step; the faster of {len(next(iter(runs.values())))} runs")
    measures = ("train", "process", "processor")
    best = {name: some[0] | {key: min(run[key] for run in some) for key in measures} for name, some in runs.items()}
    for name, figures in best.items():
        print(
            f"  {name:15} training {figures['train']:7.1f} s   whole process {figures['process']:7.1f} s, "
            f"{figures['processor']:7.1f} s of the processor   held-out loss {figures['loss']:.4f}"
        )
    baseline, here = best["TRL's defaults"], best["a round here"]
    print(
        f"  {here['tokens'] / here['train']:.0f} tokens/s here while it trains, "
        f"{here['tokens'] / here['process']:.0f} over the whole process"
    )
    ratios = {key: baseline[key] / here[key] for key in measures}
    apart = abs(here["loss"] - baseline["loss"]) / baseline["loss"]
    steps = [abs(one - other) for one, other in zip(here["losses"], baseline["losses"], strict=True)]
    print(
        f"  ratio: training {ratios['train']:.2f}, whole process {ratios['process']:.2f}, of the processor "
        f"{ratios['processor']:.2f} (wanted {TARGET[method]})\n  losses: held out {apart:.2%} apart, of the "
        f"{len(steps)} steps at most {max(steps):.3f}"
    )
    return apart <= AGREEMENT and max(steps) <= NOISE


if __name__ == "__main__":
    main()
