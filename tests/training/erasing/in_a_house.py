"""Run by test_erasing.py against a database of its own: freeze, fail to change it, erase, and look for what is left."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.training import house

SECRET = "xylophagous"


def main(base_model: Path) -> None:
    house.set_up()
    from django.contrib.auth.models import User
    from django.db import IntegrityError, connection, transaction

    from annotation import parts, search
    from annotation.models import Project, Prompt
    from tests.training.erasing.test_erasing import where_it_stands
    from training import actions
    from training.actions import erasing
    from training.erasing import carrying_out
    from training.models import DatasetVersion

    house.prepare(base_model)
    project, ada = Project.objects.get(), User.objects.get(username="ada")
    chosen = project.prompts.first()
    assert chosen
    Prompt.objects.filter(pk=chosen.pk).update(group="Zebra", input=SECRET)
    chosen.demonstrations.update(text=f"It is {SECRET}.")
    version = actions.freeze(kind="demonstrations", project=project, by=ada)
    with pytest.raises(IntegrityError, match="cannot be changed"), transaction.atomic():
        DatasetVersion.objects.filter(pk=version.pk).update(sha256="0" * 64)
    from django.conf import settings

    assert search.find(project.prompts.all(), project, SECRET).exists()
    if connection.vendor == "sqlite":
        assert where_it_stands(SECRET, Path(settings.DATABASES["default"]["NAME"]).parent)
    erasure = erasing.look_for(project=project, kind="group", name="Zebra", by=ada)
    parts.run(erasure, carrying_out.do)
    erasure.refresh_from_db()
    erasing.erase(erasure=erasure, typed="Zebra", by=ada)
    parts.run(erasure, carrying_out.do)
    assert (erasure.status, erasure.problem) == ("done", ""), erasure.problem
    assert where_it_stands(SECRET, settings.DATA_DIR) == []
    assert not search.find(project.prompts.all(), project, SECRET).exists()
    assert not search.find(project.demonstrations.all(), project, SECRET).exists()
    version.refresh_from_db()
    assert version.erased_rows == 1
    sys.stdout.write("nothing is left")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
