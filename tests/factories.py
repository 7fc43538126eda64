"""Plain functions that make rows; keyword arguments replace what a test cares about."""

from __future__ import annotations

import json
from pathlib import Path

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from annotation.models import Candidate, Comparison, Demonstration, Guidelines, Project, Prompt, Split
from training import immutable
from training.models import DatasetVersion, Worker
from training.run_dir import file_sha256

SECTIONS = ["Parties", "Jurisdiction", "Core dispute", "Key facts", "Remedies sought", "Next step"]
RESPONSE = """Parties: Denise Okafor (tenant); Peachtree Crossing LLC (landlord)
Jurisdiction: DeKalb County, Georgia
Core dispute: The landlord kept the deposit without an itemised list.
Key facts:
- 14 Feb 2025: moved out and returned the keys
- $1,450 deposit paid; nothing returned
Remedies sought: Return of the deposit.
Next step: Send the demand letter by 3 March 2025."""
NOTE = "Denise Okafor moved out 2/14/25, LL Peachtree Crossing kept the $1450 deposit, no list. DeKalb. Wants it back."


def project(*, created_by: User, name: str = "Client intake summaries", **fields: object) -> Project:
    made = Project.objects.create(
        name=name,
        objective="Turn consultation notes into summaries in the firm's format.",
        created_by=created_by,
        **{"sections": SECTIONS, "dated_section": "Next step", **fields},
    )
    Guidelines.objects.create(project=made, version=1, text="Write **six** headings.", created_by=created_by)
    return made


def prompt(project: Project, **fields: object) -> Prompt:
    last = project.prompts.aggregate(last=Max("position"))["last"] or 0
    defaults = {
        "position": last + 1,
        "instruction": "Summarise this client intake note.",
        "input": f"{NOTE} Matter {last + 1}.",
        "group": f"matter-{last + 1}",
        "split": Split.TRAIN,
    }
    return Prompt.objects.create(project=project, **{**defaults, **fields})


def demonstration(prompt: Prompt, author: User, **fields: object) -> Demonstration:
    defaults = {"text": RESPONSE, "status": Demonstration.Status.APPROVED}
    values = {**defaults, **fields}
    if values["status"] == Demonstration.Status.APPROVED:
        values.setdefault("reviewed_at", timezone.now())
    if values["status"] != Demonstration.Status.DRAFT:
        values.setdefault("submitted_at", timezone.now())
    made = Demonstration.objects.create(prompt=prompt, author=author, **values)
    Prompt.objects.filter(pk=prompt.pk).recount_answers()
    return made


def comparison(prompt: Prompt, texts: list[str] | None = None, **fields: object) -> Comparison:
    made = Comparison.objects.create(prompt=prompt, **{"seed": 7, **fields})
    for number, text in enumerate(texts or [RESPONSE, RESPONSE.replace(" by 3 March 2025", "")]):
        Candidate.objects.create(comparison=made, text=text, source=f"source-{number}")
    return made


def as_if_of(rows: int) -> None:
    """Dataset versions say they have so many rows to learn from, as if the database let anybody change them."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER frozen_stays")
    DatasetVersion.objects.update(train_rows=rows)
    immutable.guard()


def worker(**fields: object) -> Worker:
    now = timezone.now()
    cores = {"name": "2 CPU cores", "memory_bytes": None, "memory_free_bytes": None}
    usual = {"host": "here", "pid": 4711, "started_at": now, "seen_at": now, "devices": [cores]}
    room = {"memory_bytes": 16 * 10**9, "memory_free_bytes": 9 * 10**9, "disk_free_bytes": 200 * 10**9}
    return Worker.objects.create(**{**usual, **room, **fields})


def base_model_folder(folder: Path, **described: object) -> Path:
    """A folder that can be registered as a base model; what is there already stays, so it may be a real one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors", "chat_template.jinja"):
        if not (folder / name).exists():
            (folder / name).write_text(json.dumps({"of": folder.name}))
    values = {
        "name": folder.name.title(),
        "weights_sha256": file_sha256(folder / "model.safetensors"),
        "chat_template_sha256": file_sha256(folder / "chat_template.jinja"),
        "parameters": 1000,
    }
    (folder / "base_model.json").write_text(json.dumps({**values, **described}))
    return folder
