"""What this machine has, what a round will need of it, and whether that fits."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Any

from training.estimating import fitting
from training.estimating.estimates import Counts, Machine, Shape, calibrate, estimate
from training.recipes.process import processes, threads

CONTROL_GROUPS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
PROCESSORS = Path("/proc/cpuinfo")
MEMORY = Path("/proc/meminfo")


def look() -> Machine:
    """Processes that train together share its cores, and are one machine to whoever waits for them."""
    import torch

    from training.recipes.base import quick_dtype

    cores = threads() * processes()
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
        return Machine(name=name, device="cuda", threads=cores, memory_bytes=total, free_bytes=free)
    total = min([_installed(), *_limits()])
    return Machine(
        name=f"{_processor()}, threads: {cores}",
        device="cpu",
        threads=cores,
        memory_bytes=total,
        free_bytes=min(_available(), total),
        narrow=quick_dtype() == torch.bfloat16,
    )


def _installed() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _limits() -> list[int]:
    """What a container may use; one without a limit says “max” or a number beyond any machine."""
    texts = [file.read_text().strip() for file in CONTROL_GROUPS if file.exists()]
    return [int(text) for text in texts if text.isdigit()]


def _available() -> int:
    if not MEMORY.exists():
        return _installed()
    lines = dict(line.split(":", 1) for line in MEMORY.read_text().splitlines() if ":" in line)
    return int(lines["MemAvailable"].split()[0]) * 1024


def _processor() -> str:
    if PROCESSORS.exists():
        for line in PROCESSORS.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def foresee(report: dict[str, Any], spec: dict[str, Any], params: dict[str, Any]) -> None:
    """Add the estimate to a pre-flight's report; when it cannot fit, also the reason and what would."""
    counts = Counts.of(report)
    if counts is None:
        return
    experience = spec.get("experience") or {}
    config = json.loads((Path(spec["base_model_dir"]) / "config.json").read_text(encoding="utf-8"))
    shape, machine = Shape.of(config, experience.get("parameters")), look()
    history = experience.get("history", [])
    report["estimate"] = estimate(shape, params, counts, machine, history, experience.get("price_per_hour"))
    needed, factors = report["estimate"]["memory_bytes"], calibrate(history, machine.name)
    if fitting.too_large(needed, machine, factors):
        report["proposal"] = fitting.fitting(report["method"], shape, params, counts, machine, factors)
        report["reasons"].append(fitting.refusal(needed, machine, report["proposal"]))
