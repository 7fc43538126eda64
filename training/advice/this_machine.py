"""What this machine has, as far as the web process can tell without loading the libraries of training."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

from training.advice.which_way import Machine

MEGABYTE = 1024**2


@functools.cache
def this_machine() -> Machine:
    gpu = _largest_gpu()
    if gpu:
        return Machine(memory=gpu, gpu=True)
    return Machine(memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _largest_gpu() -> int:
    """Bytes; 0 without a GPU of the kind that training can use."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    command = [tool, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return 0
    return max((int(line) for line in asked.stdout.split() if line.isdigit()), default=0) * MEGABYTE
