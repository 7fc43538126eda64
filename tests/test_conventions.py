"""What holds for the whole house, checked on the code itself."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ["annotation", "training", "evaluation", "config"]
LIGHT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
import training.tasks, evaluation.tasks
from django.core.management import get_commands, load_command_class
for name, app in get_commands().items():
    if app in ("annotation", "training", "evaluation", "config"):
        load_command_class(app, name)
heavy = {"torch", "transformers", "trl", "peft", "datasets", "accelerate"} & set(sys.modules)
sys.exit(f"imported: {sorted(heavy)}" if heavy else 0)
"""


def sources() -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def beside() -> Iterator[Path]:
    """What is not the product, and is read as often."""
    for folder in ("tests", "benchmarks", ".ci"):
        yield from (ROOT / folder).rglob("*.py")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_it_keeps_the_model_libraries_out_of_web_and_worker(tmp_path: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", LIGHT], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_it_types_every_signature() -> None:
    untyped = [
        f"{path.relative_to(ROOT)}:{function.lineno} {function.name}"
        for path in sources()
        for function in functions(path)
        if function.returns is None
    ]
    assert untyped == []


def test_it_keeps_functions_and_files_small() -> None:
    long_functions = [
        f"{path.relative_to(ROOT)}:{function.name} {function.end_lineno - function.lineno + 1} lines"
        for path in [*sources(), *beside()]
        for function in functions(path)
        if function.end_lineno and function.end_lineno - function.lineno >= 70
    ]
    long_files = [
        str(path.relative_to(ROOT))
        for path in [*sources(), *beside()]
        if len(path.read_text(encoding="utf-8").splitlines()) > 500
    ]
    assert (long_functions, long_files) == ([], [])


@pytest.mark.parametrize("app", ["annotation", "training", "evaluation"])
def test_it_writes_actions_with_keyword_only_actors(app: str) -> None:
    """`by` is who did it: named at every call, so that no caller passes the wrong person by position."""
    paths = [*(ROOT / app).glob("actions.py"), *(ROOT / app / "actions").glob("*.py")]
    positional = [
        f"{path.relative_to(ROOT)}:{function.name}"
        for path in paths
        for function in functions(path)
        if not function.name.startswith("_") and "by" in [argument.arg for argument in function.args.args]
    ]
    assert positional == []


def test_it_has_a_sentence_of_help_for_every_command() -> None:
    commands = [path for app in APPS for path in (ROOT / app / "management" / "commands").glob("[a-z]*.py")]
    silent = [path.name for path in commands if "help = " not in path.read_text()]
    assert commands
    assert silent == []
