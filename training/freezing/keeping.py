"""A version comes into being: its files, its row in the database, and the prompts it teaches."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

from annotation import inserts
from annotation.inserts import insert_of
from annotation.models import Event, Project, Prompt
from annotation.models.in_parts import Stopped
from training.freezing import datasets, filters, quality
from training.freezing.filters import EVERYTHING, Filter
from training.freezing.row import Row
from training.leaks import leaving_out
from training.models import DatasetVersion, FreezeRun, LeftOut, VersionPrompt

PROMPTS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Taken:
    """`cleaning`: what was done to the rows, for the version's page. `template`: as in `datasets.manifest`."""

    chosen: Filter
    train: list[Row]
    validation: list[Row]
    cleaning: dict[str, Any] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    template: str = ""

    @property
    def rows(self) -> list[Row]:
        return [*self.train, *self.validation]


def keep(work: FreezeRun, taken: Taken) -> None:
    """As `work.version`, in one part; or the version there is with exactly these rows. Raises IntegrityError where a
    prompt has been held out meanwhile, and nothing stays."""
    with work.part():
        work.step = FreezeRun.Step.DESCRIBE
    told = datasets.manifest(work.project, work.kind, taken.train, taken.validation, taken.chosen, taken.template)
    figures = {**told["statistics"], "quality": quality.report(work.project, taken.rows), **taken.cleaning}
    with work.part():
        work.step = FreezeRun.Step.WRITE
    with datasets.written(str(work.pk), taken.train, taken.validation, told) as written:
        try:
            with work.part():
                Project.objects.select_for_update().get(pk=work.project_id)
                versions = DatasetVersion.objects.filter(project=work.project_id, kind=work.kind)
                work.version = versions.filter(sha256=written.sha256).first()
                if work.version is None:
                    work.is_new = True
                    work.version = _made(work, taken, versions.next_number(), written.sha256, told, figures)
                written.put_in_place()
        except Stopped:
            return  # too late: it is there
        except BaseException:
            written.take_back()
            work.version, work.is_new = None, False
            raise


def _made(
    work: FreezeRun, taken: Taken, number: int, sha256: str, told: dict[str, Any], figures: dict[str, Any]
) -> DatasetVersion:
    assert work.created_by  # who is gone cannot ask: rows of people are kept
    proposed = "" if taken.chosen == EVERYTHING else filters.sentence(taken.chosen)
    version = DatasetVersion.objects.create(
        project=work.project,
        kind=work.kind,
        number=number,
        description=work.description.strip() or proposed[:300],
        sha256=sha256,
        content_sha256=told["content_sha256"],
        filter=told["filter"],
        consensus=work.consensus,
        train_rows=len(taken.train),
        validation_rows=len(taken.validation),
        statistics=figures,
        created_by=work.created_by,
    )
    _name_prompts(version, taken.rows)
    leaving_out.record(version, taken.left_out)
    Event.record(
        "froze", version, by=work.created_by, project=work.project, kind=work.kind, number=number, sha256=sha256
    )
    return version


def _name_prompts(version: DatasetVersion, rows: list[Row]) -> None:
    """Beside the files, where the database sees to it that none of them is held out."""
    taught = iter(dict.fromkeys(UUID(row.prompt_id) for row in rows if row.prompt_id))
    while some := list(islice(taught, PROMPTS_AT_ONCE)):
        there = Prompt.objects.filter(pk__in=some).values_list("pk", flat=True)  # old rows outlive their prompts
        inserts.run(insert_of(VersionPrompt, [{"version_id": version.pk, "prompt_id": key} for key in there]))
