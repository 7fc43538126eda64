"""Stands in for every recipe: a process of its own that does what it is told, and leaves what a real one leaves.

python -m tests.complaints.stand_in ACT RUN_DIR, where ACT is to succeed, to crash or to be killed.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from training.run_dir import RunDir, directory_sha256, write_json

FACTS = {"tokens": {"min": 9, "median": 9, "p95": 9, "max": 9}, "total_tokens": 99, "trained_tokens": 40}
PART = {"rows": 9, **FACTS, "trained_share": 0.4, "truncated": {"count": 0, "ids": []}}


def main(act: str, run_dir: RunDir) -> None:
    run_dir.append_event("phase", message="Training")
    run_dir.append_event("log", step=1, max_steps=2, loss=1.0)
    if act == "crash":
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    if act == "be killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if run_dir.read_params().get("method"):  # a check before training
        write_json(run_dir.preflight, {"train": PART, "validation": PART})
    else:
        run_dir.adapter.mkdir(parents=True)
        tensors = {f"base.lora_{side}.weight": np.full((4, 4), 0.5, dtype=np.float32) for side in "AB"}
        save_file(tensors, run_dir.adapter / "adapter_model.safetensors")
        write_json(run_dir.adapter / "adapter_config.json", {"base_model_name_or_path": "toy", "r": 4})
    adapter = {"adapter_sha256": directory_sha256(run_dir.adapter)} if run_dir.adapter.exists() else {}
    write_json(run_dir.result_file, {"status": "succeeded", "global_step": 2, "max_steps": 2, **adapter})


if __name__ == "__main__":
    main(sys.argv[1], RunDir(Path(sys.argv[2])))
