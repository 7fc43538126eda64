from __future__ import annotations

import dataclasses
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.timesince import timesince

from annotation.management.arguments import add_json, report
from training.running.workers import Shown, shown_to
from training.wording import NO_WORKER


class Command(BaseCommand):
    help = "Print every worker: what it runs, when it last showed itself, its devices, free memory and free disk."

    def add_arguments(self, parser: CommandParser) -> None:
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        found = shown_to(None)
        text = "\n".join(map(_line, found)) or NO_WORKER
        report(self, options, text, workers=[dataclasses.asdict(worker) for worker in found])


def _line(worker: Shown) -> str:
    ago = timesince(worker.seen_at)
    state = f"gone, last shown {ago} ago" if worker.is_gone else f"shown {ago} ago"
    runs = "; ".join(f"{job['name']} of “{job['project_name']}”" for job in worker.running) or "nothing"
    devices = ", ".join(_device(device) for device in worker.devices)
    return (
        f"{worker.host}, process {worker.pid}: {state}. Runs {runs}. {devices}. "
        f"Free: {filesizeformat(worker.memory_free_bytes)} of memory, {filesizeformat(worker.disk_free_bytes)} of disk."
    )


def _device(device: dict[str, Any]) -> str:
    if not device["memory_bytes"]:
        return str(device["name"])
    return f"{device['name']} ({filesizeformat(device['memory_free_bytes'])} free)"
