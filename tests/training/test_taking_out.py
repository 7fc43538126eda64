"""A frozen version as a file: every kind in every shape and file that fits, by page, command and API."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from annotation import parts
from annotation.actions import Refused
from annotation.exports import job
from annotation.exports.kinds import FROZEN, formats_of, problem_with_frozen, shapes_of_frozen
from annotation.models import Event, Export, Project
from tests import factories
from tests.training.test_corpora import imported, letter
from tests.training.test_judgements import ranked
from training import actions
from training.actions.freezing import take_out
from training.models import DatasetVersion
from training.run_dir import read_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def versions(taught: Project, ada: User, erin: User, tmp_path: Path) -> dict[str, DatasetVersion]:
    """One of each kind."""
    for number in range(4):
        prompt = factories.prompt(taught, split=("train", "validation")[number % 2])
        ranked(prompt, {erin: [[f"Better {number}."], [f"Worse {number}."]]}, all_bad=number > 1)
    imported(taught, ada, letter(1), letter(2))
    return {kind: actions.freeze(kind=kind, project=taught, by=ada) for kind in DatasetVersion.Kind.values}


def made(version: DatasetVersion, by: User, **asked: Any) -> Export:
    work = take_out(version=version, by=by, ring=False, **asked)
    return parts.run(work, job.do)


def content(work: Export) -> bytes:
    assert work.path is not None
    return work.path.read_bytes()


def lines(work: Export) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content(work).decode().splitlines()]


def test_every_kind_goes_into_every_shape_file_and_part_that_fits(
    versions: dict[str, DatasetVersion], ada: User
) -> None:
    for kind, version in versions.items():
        for shape in shapes_of_frozen(kind):
            for format in formats_of(shape):
                for part, count in (("train", version.train_rows), ("", version.train_rows + version.validation_rows)):
                    if problem_with_frozen(kind, shape, format, part):
                        continue
                    work = made(version, ada, shape=shape, format=format, part=part)
                    said = (kind, shape, format, part, work.problem, work.left_out)
                    assert (work.status, work.done) == (Export.Status.DONE, count), said
                    assert work.frozen_name == str(version)


def test_the_rows_are_those_that_a_round_reads(versions: dict[str, DatasetVersion], ada: User) -> None:
    for version in versions.values():
        frozen = read_rows(version.directory / "train.jsonl")
        assert lines(made(version, ada, part="train")) == [{**row, "split": "train"} for row in frozen]
    version = versions["preferences"]
    frozen = read_rows(version.directory / "validation.jsonl")
    written = lines(made(version, ada, shape="trl_preference", part="validation"))
    for name in ("id", "prompt", "chosen", "rejected", "agreement", "rankers"):
        assert [row[name] for row in written] == [row[name] for row in frozen], name


def test_a_folder_has_both_parts_and_says_which_version_it_is(
    versions: dict[str, DatasetVersion], ada: User, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    for kind, version in versions.items():
        folder = tmp_path / kind
        with zipfile.ZipFile(io.BytesIO(content(made(version, ada, format="hugging_face")))) as packed:
            packed.extractall(folder)
        counts = {path.name.split("-")[0]: pq.read_table(path).num_rows for path in (folder / "data").iterdir()}
        assert counts == {"train": version.train_rows, "validation": version.validation_rows}
        card = (folder / "README.md").read_text(encoding="utf-8")
        for words in (version.sha256, version.content_sha256, f"{version}, frozen on", "Findings open", "## Datasheet"):
            assert words in card, (kind, words)
        assert "Agreement: 100% on average" in card or kind not in ("preferences",)
    work = made(versions["demonstrations"], ada, shape="sharegpt", format="hugging_face", part="validation")
    with zipfile.ZipFile(io.BytesIO(content(work))) as packed:
        assert packed.namelist() == ["data/validation-00000-of-00001.parquet", "README.md"]


def test_nothing_is_taken_out_of_changed_files(dataset: DatasetVersion, ada: User) -> None:
    work = take_out(version=dataset, by=ada, ring=False)
    (dataset.directory / "train.jsonl").unlink()
    parts.run(work, job.do)
    assert (work.status, work.problem) == (Export.Status.FAILED, job.CHANGED)
    with pytest.raises(Refused, match="missing or changed"):
        take_out(version=dataset, by=ada)


def test_the_page_and_the_api_start_one_and_show_it(dataset: DatasetVersion, ada: User, sign_in: Any) -> None:
    client, project = sign_in(ada), dataset.project
    page = reverse("dataset_export", args=[project.pk, dataset.pk])
    refused = client.post(page, {"shape": "sharegpt", "format": "hugging_face"})
    assert refused.status_code == 422
    assert "do not say which of them are to check with" in refused.text
    assert client.post(page, {"shape": "messages", "format": "parquet", "part": "train"}).status_code == 302
    sent = client.post(
        reverse("api_dataset_export", args=[project.pk, dataset.pk]), {"part": "validation"}, "application/json"
    )
    assert (sent.status_code, sent.json()["shape"], sent.json()["frozen_name"]) == (202, FROZEN, str(dataset))
    wrong = client.post(
        reverse("api_dataset_export", args=[project.pk, dataset.pk]), {"shape": "trl_preference"}, "application/json"
    )
    assert wrong.status_code in (400, 409)
    assert "0 rows written" in client.get(page).text
    for work in project.exports.all():
        parts.run(work, job.do)
        told = client.get(page).text
        assert f"{work} " in told or f"{work}<" in told
        file = client.post(reverse("export_download", args=[project.pk, work.pk]))
        assert b"".join(file) == content(work)
    assert "messages" in file["Content-Disposition"] or "frozen" in file["Content-Disposition"]
    assert Event.objects.filter(verb="exported data", data__frozen_name=str(dataset)).count() == 2
    assert "Demonstrations v1 as Parquet" in client.get(reverse("export", args=[project.pk])).text
