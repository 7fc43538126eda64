"""What benchmarks/cleaning_runs.py asks for: `python cleaning_data.py texts FILE NUMBER` writes texts to import, and
`python cleaning_data.py findings PROJECT NUMBER` fills up a project's findings and prints how many there are.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AT_ONCE = 2_000


def write_texts(path: str, texts: int) -> None:
    from cleaning import long_texts

    with Path(path).open("w", encoding="utf-8") as file:
        for number, text in enumerate(long_texts(texts)):
            row = {"id": f"text-{number}", "group": f"matter-{number // 7}", "instruction": "Sum up this note."}
            file.write(json.dumps({**row, "input": text}) + "\n")


def fill(project_pk: str, wanted: int) -> None:
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from annotation.models import Finding

    rows = Finding.objects.filter(project=project_pk).order_by("id")
    missing = wanted - rows.count()
    like = list(rows.exclude(prompt=None)[:AT_ONCE])
    if missing <= 0 or not like:
        print(rows.count())
        return
    for turn in count(1):
        some = [_copy(each, turn) for each in like[:missing]]
        Finding.objects.bulk_create(some, batch_size=500)
        missing -= len(some)
        if missing <= 0:
            break
    print(rows.count())


def _copy(finding: Any, turn: int) -> Any:
    """One of an earlier wording of the same text: what tells two of the same place apart."""
    from annotation.models.cleaning import ordered_id

    fields = {each.attname: getattr(finding, each.attname) for each in finding._meta.concrete_fields}
    return type(finding)(**{**fields, "id": ordered_id(), "text_sha256": f"{turn:064x}"})


if __name__ == "__main__":
    act = {"texts": write_texts, "findings": fill}[sys.argv[1]]
    act(sys.argv[2], int(sys.argv[3]))
