"""What a recipe's processes may know of their surroundings, and how what is left of them is found. Pure."""

from __future__ import annotations

import os

import psutil

from training.run_dir import RunDir

# No database, no secret key, no tokens of any kind.
ALLOWED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")
FIXED = {
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
    "PRECEPTOR_STDIN_GUARD": "1",
}


def allowed_environment(threads: int) -> dict[str, str]:
    """With as many threads as this machine has cores for 0."""
    allowed = {name: os.environ[name] for name in ALLOWED if name in os.environ}
    return {**allowed, **FIXED, "PRECEPTOR_THREADS": str(threads or os.cpu_count() or 1)}


def processes_of(run_dir: RunDir) -> list[psutil.Process]:
    """Whatever works on this run directory, in whatever session; this process excepted."""
    named = str(run_dir.path)
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if each.pid != os.getpid() and named in (each.info["cmdline"] or ())]
