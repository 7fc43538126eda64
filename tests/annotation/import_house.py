"""An import in a database of its own, for tests whose workers are killed.

python -m tests.annotation.import_house prepare ROWS   makes a project and a queued import of pairs, and prints its id
python -m tests.annotation.import_house die PART       works on it as a worker that is killed within its PARTth part
python -m tests.annotation.import_house work           works on what was left behind, once its lease has run out
python -m tests.annotation.import_house tell           prints what there is, as JSON
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import timedelta
from typing import Any

ADA = {"username": "ada", "is_staff": True}


def prepare(rows: int) -> str:
    from django.contrib.auth.models import User
    from django.core.files.base import ContentFile
    from django.core.management import call_command

    from annotation.actions import uploads
    from annotation.models import Membership, Role
    from tests import factories

    call_command("migrate", verbosity=0)
    ada = User.objects.create_user(**ADA)
    project = factories.project(created_by=ada)
    Membership.objects.create(project=project, user=ada, role=Role.ADMIN)
    lines = [
        {"id": str(n), "prompt": f"Ask {n}? ", "chosen": f"Good {n}.", "rejected": f"Bad {n}."} for n in range(rows)
    ]
    file = ContentFile("\n".join(map(json.dumps, lines)).encode(), name="pairs.jsonl")
    row = uploads.upload(
        project=project,
        file=file,
        file_name="pairs.jsonl",
        format="jsonl",
        columns=["prompt"],
        by=ada,
        shape="trl_preference_text",
    )
    uploads.choose(row=row, choices={**row.mapping, "evaluation_share": 0})
    uploads.start(row=row, by=ada, ring=False)
    return str(row.pk)


def die(part: int) -> None:
    """Within the transaction, when all of the part is written and nothing of it committed."""
    from annotation.imports import importing

    store, parts_begun = importing._write, 0

    def last(*arguments: Any) -> None:
        nonlocal parts_begun
        parts_begun += 1
        store(*arguments)
        if parts_begun == part:
            os.kill(os.getpid(), signal.SIGKILL)

    importing._write = last
    _run()


def work() -> None:
    from django.utils import timezone

    from annotation.models import Import

    Import.objects.update(lease_expires_at=timezone.now() - timedelta(minutes=2))
    _run()


def _run() -> None:
    from annotation import parts
    from annotation.imports import importing
    from annotation.models import Import

    for row in Import.objects.waiting():
        parts.run(row, importing.do)


def tell() -> str:
    from annotation.models import Adjudication, Comparison, Import, Prompt

    row = Import.objects.get()
    return json.dumps(
        {
            "status": row.status,
            "problem": row.problem,
            "attempt": row.attempt,
            "done": row.done,
            "counts": row.counts,
            "prompts": Prompt.objects.count(),
            "texts": Prompt.objects.values("text_sha256").distinct().count(),
            "comparisons": Comparison.objects.count(),
            "decisions": Adjudication.objects.count(),
        }
    )


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    from annotation.imports import items

    items.AT_ONCE = 20
    act, *rest = sys.argv[1:]
    print({"prepare": prepare, "die": die, "work": work, "tell": tell}[act](*map(int, rest)) or "")
