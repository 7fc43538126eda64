"""How far the steps of a round are from what this machine's matrix products allow, and where the rest of the time goes.

    python benchmarks/where_time_goes.py RUN_DIR

It trains the round for real, with torch's profiler over all steps but the first, and then measures how fast the shapes
of its layers are multiplied. A frozen weight takes part in two products for each token, forward and for the error that
goes back: four operations per weight. The head does so only for tokens that are scored.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402

from training.recipes import base, label_head, shared_prefix, training_run  # noqa: E402
from training.recipes.parts import Parts  # noqa: E402
from training.run_dir import RunDir  # noqa: E402

PARTS = {"Attend": "attention", "LabelLogProbs": "head", "Optimizer.step": "optimiser"}
PRODUCTS = ("aten::mm", "aten::addmm", "bitsandbytes::gemm_4bit")
TIMES = 10


class Counted:
    """What the steps computed: tokens after sharing, tokens as they were given, and tokens that were scored."""

    def __init__(self) -> None:
        self.flat = self.given = self.scored = 0

    def watch(self) -> None:
        build, score = shared_prefix.build_tree, label_head._scored

        def counting_tree(rows: list[list[int]]) -> Any:
            tree = build(rows)
            self.flat += tree.input_ids.numel()
            self.given += sum(map(len, rows))
            return tree

        def counting_scores(model: Any, hidden: torch.Tensor, labels: torch.Tensor) -> Any:
            self.scored += len(hidden)
            return score(model, hidden, labels)

        shared_prefix.build_tree, label_head._scored = counting_tree, counting_scores


def profiled(run_dir: RunDir, method: str) -> tuple[Any, Any, Counted, list[float]]:
    counted, seconds, built = Counted(), [], []
    profiler = profile(activities=[ProfilerActivity.CPU])
    build = import_module(f"training.recipes.{method}").build_trainer

    def watched(given: Parts) -> Any:
        trainer = build(given)
        built.append(trainer)
        step, begun = trainer.training_step, []

        def training_step(*arguments: Any, **named: Any) -> Any:
            if len(begun) == 1:  # the first is a warm-up
                counted.watch()
                profiler.start()
            seconds.append(time.perf_counter())
            begun.append(True)
            return step(*arguments, **named)

        trainer.training_step = training_step
        return trainer

    training_run.train(run_dir, method, watched)
    return built[0], profiler, counted, seconds


def shares(profiler: Any) -> dict[str, float]:
    """Microseconds by part; what belongs to attention, head or optimiser is counted there, products elsewhere alone."""
    found = dict.fromkeys(("matrix products", "attention", "head", "optimiser", "rest"), 0.0)
    for event in profiler.events():
        found[_part(event)] += event.self_cpu_time_total
    return found


def _part(event: Any) -> str:
    above = event
    while above is not None:
        part = next((part for name, part in PARTS.items() if above.name.startswith(name)), None)
        if part:
            return part
        above = above.cpu_parent
    return "matrix products" if event.name in PRODUCTS else "rest"


def products_per_second(model: Any, tokens: int) -> tuple[float, int]:
    """Operations per second over the shapes of one layer as often as it has them, and the weights of all layers."""
    layers = [module for name, module in model.named_modules() if name.endswith("_proj.base_layer")]
    shapes = [(layer.in_features, layer.out_features) for layer in layers]
    operations = taken = 0.0
    for inner, outer in shapes[:7]:
        x, weight = torch.randn(tokens, inner).bfloat16(), torch.randn(outer, inner).bfloat16()
        best = min(_timed(x, weight) for _ in range(TIMES))
        operations, taken = operations + 2.0 * tokens * inner * outer, taken + best
    return operations / taken, sum(inner * outer for inner, outer in shapes)


@torch.inference_mode()
def _timed(x: torch.Tensor, weight: torch.Tensor) -> float:
    begun = time.perf_counter()
    torch.nn.functional.linear(x, weight)
    return time.perf_counter() - begun


def main(folder: Path) -> None:
    run_dir = RunDir(folder)
    method = json.loads((folder / "params.json").read_text())["recipe"]
    with redirect_stdout(sys.stderr):  # what the trainer prints is not what was asked
        trainer, profiler, counted, seconds = profiled(run_dir, method)
        profiler.stop()
    parts = shares(profiler)
    steps, total = len(seconds) - 1, sum(parts.values()) / 1e6
    speed, weights = products_per_second(trainer.model, max(64, counted.flat // steps))
    head = trainer.model.get_base_model().get_output_embeddings().weight.numel()
    least = 4.0 * (weights * counted.flat + head * counted.scored) / speed
    print(
        f"{steps} steps with {torch.get_num_threads()} threads: {counted.given / total:.0f} tokens/s; "
        f"{counted.flat / counted.given:.0%} of the tokens are computed, the others are shared\n"
        f"  measured limit: {speed / 1e9:.0f} GFLOP/s over the layers' shapes; the frozen weights alone need "
        f"{least:.1f} s of the {total:.1f} s: {least / total:.0%}"
    )
    for name, part in sorted(parts.items(), key=lambda each: -each[1]):
        print(f"  {name:16} {part / 1e6:7.1f} s  {part / 1e6 / total:.0%}")


if __name__ == "__main__":
    base.use_threads()
    main(Path(sys.argv[1]))
