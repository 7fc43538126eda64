"""What a DPO round changes in what the model then writes, with about 90 pairs: the preset that finds its own
settings beside the standard one.

Run from the repository: `python benchmarks/preferences.py [--data CLAUSES.jsonl] [--seeds 17 18 19]`. Without --data
the texts are the demo project's; a file has rows with group, instruction, input and output. Texts are split by group
into three: an SFT round learns from the first, pairs are made of the second, and the third is only ever asked.

In place of experts a stated rule edits what the model wrote, which is the rejected answer of a pair; the edited text
is the chosen one. For the demo the next step gets a deadline; for a file of clauses a last sentence says whom the
clause binds. Everything else about an answer is guarded: it should be as good as before.

Each stage is kept in --folder, so a run that was stopped goes on where it was. On one core 430 clauses take about an
hour, the demo several hours.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotation.metrics import adherence, dated_section, rouge_l, unsupported_figures  # noqa: E402
from training.methods import DPO, SFT  # noqa: E402
from training.params import to_json  # noqa: E402

DEMO = ROOT / "annotation" / "demo" / "client_intake"
BASE = ROOT / "var" / "base-models" / "smollm2-135m-instruct"
FOLDER = ROOT / "var" / "benchmarks" / "preferences"
HEADINGS = ["Parties", "Jurisdiction", "Core dispute", "Key facts", "Remedies sought", "Next step"]
DATED = "Next step"
FORM = (
    "Summarise this client intake note.\n\nWrite these six headings in this order, each followed by a colon: "
    f'{", ".join(HEADINGS)}. Put the key facts on two to five lines that start with "- " and every other part on '
    "one line. Use only what the note says.\n\nNote:\n"
)
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")
BINDS = re.compile(r"\s*\bbound by this: (?:you|the service)\.\s*$")
DUTY = re.compile(r"\byou (?:must|agree|shall|may not|are responsible|will not|cannot|can t|have to|acknowledge)\b")
LONGEST_TEXT = 250  # words, of which pairs are made: of longer ones too small a part is learned
LARGE = 64  # texts of one group: such a group is taught, where it does not stand for the whole of a measurement
MOVE, LOSS = 60, 2  # points that the ranked property should move, and that everything else may lose
Row = dict[str, Any]
Guard = Callable[[str, Row, str], float]


@dataclass(frozen=True)
class Task:
    name: str
    wanted: str  # what the rankers prefer
    has: Callable[[str], bool]
    edit: Callable[[str, Row], str | None]
    guards: dict[str, Guard]
    sft_rows: int
    asked: int  # texts that no round sees
    longest: int  # tokens of an answer
    asks: dict[str, Any]
    sft: dict[str, Any]


# --- The two tasks --------------------------------------------------------------------------------------------


def said(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def number_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def with_deadline(text: str, row: Row) -> str | None:
    """The expert's edit: the same answer, whose next step says by when; in the latest year that the note names."""
    years = re.findall(r"\b20[012]\d\b", row["input"])
    last = text.rstrip().rsplit("\n", 1)[-1]
    if not years or not last.startswith(f"{DATED}:") or has_deadline(text):
        return None
    number = number_of(row["id"])
    date = f"{1 + number % 28} {MONTHS[number % len(MONTHS)]} {max(years)}"
    return f"{text.rstrip().rstrip('.')} by {date}."


def has_deadline(text: str) -> bool:
    return bool(dated_section(text, DATED, HEADINGS))


def in_form(text: str, row: Row, finish: str) -> float:
    form = adherence(text, HEADINGS)
    return 100.0 * bool(form and form.complete)


def ended(text: str, row: Row, finish: str) -> float:
    return 100.0 * (finish == "stop")


def supported(text: str, row: Row, finish: str) -> float:
    return 100.0 * (not unsupported_figures(text, row["input"]))


def alike(text: str, row: Row, finish: str) -> float:
    return 100 * rouge_l(text, row["output"])


def alike_before_the_end(text: str, row: Row, finish: str) -> float:
    """The last sentence that the rankers ask for is not in the reference: what stands before it is compared."""
    return 100 * rouge_l(BINDS.sub("", text), row["output"])


def with_duty(text: str, row: Row) -> str | None:
    if not text.strip() or has_duty(text):
        return None
    party = "you" if DUTY.search(row["input"].lower()) else "the service"
    return f"{text.rstrip().rstrip('.')}. bound by this: {party}."


def has_duty(text: str) -> bool:
    return bool(BINDS.search(text))


DEMO_TASK = Task(
    name="demo",
    wanted="The next step has a date",
    has=has_deadline,
    edit=with_deadline,
    guards={
        "All headings, in order (%)": in_form,
        "Closeness to the expert's answer (ROUGE-L)": alike,
        "No unsupported figure (%)": supported,
        "Ends by itself (%)": ended,
    },
    sft_rows=64,
    asked=48,
    longest=320,
    asks={"headings": HEADINGS, "dated": DATED},
    sft={},
)
CLAUSES_TASK = Task(
    name="clauses",
    wanted="A last sentence says whom the clause binds",
    has=has_duty,
    edit=with_duty,
    guards={
        "Closeness of the rest to the reference (ROUGE-L)": alike_before_the_end,
        "No unsupported figure (%)": supported,
        "Ends by itself (%)": ended,
    },
    sft_rows=150,
    asked=140,
    longest=96,
    asks={"headings": [], "dated": ""},
    sft={"num_train_epochs": 2.0, "learning_rate": 5e-4},
)


def demo_rows() -> list[Row]:
    found = []
    for path in sorted(DEMO.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row.get("output"):
                found.append({**row, "prompt": said("user", FORM + row["input"])})
    return found


def rows_of_file(path: Path) -> list[Row]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [{**row, "prompt": said("user", f"{row['instruction']}\n\n{row['input']}")} for row in rows]


def divide(task: Task, rows: list[Row], asked: int) -> tuple[list[Row], list[Row], list[Row]]:
    """To teach, to make pairs of, to ask. What is taught never has what the rankers will prefer."""
    size = Counter(row["group"] for row in rows)
    groups = sorted(size, key=lambda group: (-size[group] if size[group] > LARGE else 0, number_of(group)))
    taught: list[Row] = []
    rest: list[list[Row]] = []
    for group in groups:
        members = [row for row in rows if row["group"] == group]
        if len(taught) < task.sft_rows and not any(task.has(row["output"]) for row in members):
            taught += members
        else:
            rest.append(members)
    test: list[Row] = []
    pairs: list[Row] = []
    for members in sorted(rest, key=lambda members: number_of(members[0]["group"])):
        (test if len(test) + len(members) <= asked else pairs).extend(members)
    return taught, pairs, test


# --- Stages ---------------------------------------------------------------------------------------------------


def write_lines(path: Path, rows: list[Row]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_lines(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(folder: Path, recipe: str, spec: Row, files: dict[str, list[Row]]) -> Row:
    """One recipe in a process of its own; its result, also when an earlier run of this benchmark made it."""
    result = folder / "result.json"
    if not result.exists():
        started = time.monotonic()
        print(f"· {folder.name} …", flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        usual = {"recipe": recipe, "base_model_dir": str(BASE), "base_model_name": BASE.name, "resume_from": None}
        (folder / "params.json").write_text(json.dumps({**usual, "parent_adapter_dir": None, **spec}))
        for name, rows in files.items():
            write_lines(folder / f"{name}.jsonl", rows)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (folder / "log.txt").open("a") as log:
            command = [sys.executable, "-m", f"training.recipes.{recipe}", str(folder)]
            subprocess.call(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        if not result.exists():
            sys.exit(f"{folder.name} ended without a result; see {folder / 'log.txt'}")
        print(f"· {folder.name}: {time.monotonic() - started:.0f} s", flush=True)
    found = json.loads(result.read_text(encoding="utf-8"))
    if found["status"] != "succeeded" and recipe != "dpo":
        sys.exit(f"{folder.name}: {found['message']}")
    return found


def written(folder: Path, task: Task, adapter: Path, rows: list[Row], temperature: float) -> dict[str, Row]:
    params = {"max_new_tokens": task.longest, "temperature": temperature, "num_candidates": 1}
    spec = {"sources": [{"label": "model", "adapter_dir": str(adapter)}], "params": params}
    prompts = [{"id": row["id"], "prompt": row["prompt"], "reference": ""} for row in rows]
    outputs = folder / "outputs.jsonl"
    if outputs.exists() and {row["id"] for row in rows} - {line["id"] for line in read_lines(outputs)}:
        (folder / "result.json").unlink(missing_ok=True)  # others are asked than before: those that lack are written
    run(folder, "generate", spec, {"prompts": prompts})
    return {line["id"]: line for line in read_lines(outputs)}


def make_pairs(task: Task, rows: list[Row], candidates: dict[str, Row], most: int) -> list[Row]:
    pairs = []
    for row in rows:
        text = candidates[row["id"]]["text"]
        edited = task.edit(text, row)
        if edited is None or len(row["input"].split()) > LONGEST_TEXT:
            continue
        answers = {"chosen": said("assistant", edited), "rejected": said("assistant", text.strip())}
        pairs.append({"id": row["id"], "group": row["group"], "prompt": row["prompt"], **answers})
    return pairs[:most]


def measured(task: Task, rows: list[Row], answers: dict[str, Row]) -> dict[str, float]:
    def mean(measure: Guard) -> float:
        found = [measure(answers[row["id"]]["text"], row, answers[row["id"]]["finish"]) for row in rows]
        return statistics.fmean(found)

    ranked = mean(lambda text, _row, _finish: 100.0 * task.has(text))
    return {task.wanted: ranked, **{name: mean(guard) for name, guard in task.guards.items()}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a JSON Lines file of clauses instead of the demo's notes")
    parser.add_argument("--seeds", type=int, nargs="+", default=[17, 18, 19])
    parser.add_argument("--pairs", type=int, default=90)
    parser.add_argument("--asked", type=int, help="held-out texts that are asked (demo: 48, clauses: 140)")
    parser.add_argument("--skip-standard", action="store_true", help="measure only the preset that finds its settings")
    parser.add_argument("--until-pairs", action="store_true", help="stop once the pairs are made")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args()
    task = CLAUSES_TASK if given.data else DEMO_TASK
    folder = given.folder / task.name
    rows = rows_of_file(given.data) if given.data else demo_rows()
    taught, of_pairs, asked = divide(task, rows, given.asked or task.asked)
    print(f"{task.name}: {len(taught)} texts taught by SFT, {len(of_pairs)} for pairs, {len(asked)} asked", flush=True)

    demonstrations = [
        {"id": row["id"], "prompt": row["prompt"], "completion": said("assistant", row["output"])} for row in taught
    ]
    sft = to_json(SFT.presets["standard"].params) | task.sft
    run(folder / "sft", "sft", {"params": sft}, {"train": demonstrations, "validation": []})
    parent = folder / "sft" / "adapter"
    candidates = written(folder / "candidates", task, parent, of_pairs, 0.8)
    pairs = make_pairs(task, of_pairs, candidates, given.pairs)
    print(f"{len(pairs)} pairs; the rankers prefer: {task.wanted.lower()}", flush=True)
    before = measured(task, asked, written(folder / "before", task, parent, asked, 0.0))
    show("before", before)
    if given.until_pairs:
        return
    presets = ["auto"] if given.skip_standard else ["auto", "standard"]
    runs: dict[str, list[dict[str, float]]] = {preset: [] for preset in presets}
    for preset in presets:
        for seed in given.seeds:
            name = f"{preset}-{seed}"
            params = to_json(DPO.presets[preset].params) | {"seed": seed}
            spec = {"params": params, "parent_adapter_dir": str(parent), "asks": task.asks}
            result = run(folder / name, "dpo", spec, {"train": pairs, "validation": []})
            if result["status"] != "succeeded":
                print(f"· {name} kept nothing: {result['message']}", flush=True)
                runs[preset].append(before)
                continue
            adapter = folder / name / "adapter"
            after = measured(task, asked, written(folder / f"{name}-asked", task, adapter, asked, 0.0))
            runs[preset].append(after)
            show(f"{name} ({result['seconds']:.0f} s)", after, before)
    report(task, before, runs, len(asked))


def show(name: str, values: dict[str, float], before: dict[str, float] | None = None) -> None:
    print(f"  {name}")
    for label, value in values.items():
        change = f"  ({value - before[label]:+.1f})" if before else ""
        print(f"    {label:52} {value:6.1f}{change}", flush=True)


def report(task: Task, before: dict[str, float], runs: dict[str, list[dict[str, float]]], asked: int) -> None:
    print(f"\n{task.name}: {asked} texts asked that no round has seen; points before and after, by seed")
    for preset, found in runs.items():
        print(f"  preset {preset}")
        for label, start in before.items():
            values = [each[label] for each in found]
            changes = [value - start for value in values]
            shown = " ".join(f"{value:6.1f}" for value in values)
            print(f"    {label:52} {start:6.1f} -> {shown}   mean {statistics.fmean(changes):+.1f}")
        reached = [is_reached(task, before, each) for each in found]
        print(f"    moved by {MOVE}, and nothing else lost {LOSS}: {sum(reached)} of {len(reached)} seeds")


def is_reached(task: Task, before: dict[str, float], after: dict[str, float]) -> bool:
    kept = all(before[label] - after[label] < LOSS for label in task.guards)
    return kept and after[task.wanted] - before[task.wanted] >= MOVE


if __name__ == "__main__":
    main()
