"""From what experts wrote and ranked to rows that never change again."""

from __future__ import annotations

import hashlib
import json
import shutil
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from annotation import templating
from annotation.models import Demonstration, Project, Prompt, Split
from annotation.splits import fraction
from annotation.texts import words
from training.freezing import filters
from training.freezing.filters import EVERYTHING, SUBMITTED, Filter
from training.freezing.in_order import in_order
from training.freezing.row import Row
from training.models import DatasetVersion
from training.run_dir import directory_sha256, each_row, read_rows, sync, write_json, write_rows

FORMAT = 2
TRAIN, VALIDATION, MANIFEST = "train.jsonl", "validation.jsonl", "manifest.json"
ASIDE = 0.1
CLIPPED = 160


def said(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text}]


def asked(template: str, instruction: str, input: str) -> list[dict[str, str]]:
    """What the model is asked: both texts in the project's template, as a conversation."""
    return said("user", templating.render(template, instruction, input))


def question(prompt: Prompt, template: str) -> list[dict[str, str]]:
    return [*prompt.history, *asked(template, prompt.instruction, prompt.input)]


def group_of(prompt: Prompt) -> str:
    return prompt.group or prompt.text_sha256[:16]


def demonstrations_to_freeze(project: Project, status: str = Demonstration.Status.APPROVED) -> QuerySet[Demonstration]:
    """Every approved demonstration of a prompt that may be taught; where asked for, also those that wait for that."""
    wanted = [Demonstration.Status.APPROVED, *([Demonstration.Status.SUBMITTED] if status == SUBMITTED else [])]
    found = Demonstration.objects.filter(project=project, status__in=wanted)
    return found.exclude(prompt__split=Split.EVALUATION).exclude(text="")


def demonstration_rows(project: Project, chosen: Filter = EVERYTHING) -> Iterator[Row]:
    newest = Max("revisions", filter=Q(revisions__status__in=["approved", "submitted"]))
    found = demonstrations_to_freeze(project, chosen.status).select_related("prompt", "guidelines")
    rows: QuerySet[Any] = found.annotate(revision=newest)
    for item in in_order(rows, "prompt__position", "pk"):
        yield Row(
            id=str(item.pk),
            prompt_id=str(item.prompt_id),
            group=group_of(item.prompt),
            split=item.prompt.split,
            task_type=item.prompt.task_type,
            guidelines=item.guidelines.version if item.guidelines else None,
            people=frozenset({item.author_id}),
            content={
                "prompt": question(item.prompt, project.instruction_template),
                "completion": said("assistant", item.text.strip()),
                **({"difficulty": hard} if (hard := item.difficulty or item.prompt.how_hard) else {}),
            },
            revisions=(str(item.revision),) if item.revision else (),
            at=local(item.reviewed_at or item.submitted_at),
        )


def local(at: datetime | None) -> datetime | None:
    """As people here read it: the day of a filter is theirs."""
    return timezone.localtime(at) if at else None


def divide(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Training and validation rows. Where no prompt was set aside for validation, a tenth of the groups is."""
    validation = [row for row in rows if row.split == Split.VALIDATION]
    if validation:
        return [row for row in rows if row.split != Split.VALIDATION], validation
    aside = _groups_aside({row.group for row in rows})
    return [row for row in rows if row.group not in aside], [row for row in rows if row.group in aside]


def _groups_aside(groups: set[str]) -> set[str]:
    """The tenth with the lowest hash, at least one of several: exactly a tenth also of few groups, and nearly the
    same ones when others join."""
    if len(groups) < 2:
        return set()
    by_hash = sorted(groups, key=lambda group: (fraction(group, "validation"), group))
    return set(by_hash[: max(1, round(len(groups) * ASIDE))])


def describe(train: list[Row], validation: list[Row]) -> dict[str, Any]:
    """Figures for people: words, not tokens, which depend on a model."""
    rows = [*train, *validation]
    if rows and "text" in rows[0].content:
        return _describe_texts(rows)
    answer = "completion" if rows and "completion" in rows[0].content else "chosen"
    versions = Counter(row.guidelines for row in rows if row.guidelines is not None)
    labels = Counter(row.content["label"] for row in rows if "label" in row.content)
    origins = Counter(row.content["origin"] for row in rows if "origin" in row.content)
    consensus = next((row.content["consensus"] for row in rows if row.content.get("consensus")), "")
    return {
        **({"good": labels[True], "bad": labels[False]} if labels else {}),
        **({"corrected": corrected} if (corrected := origins["edited"] + origins["better"]) else {}),
        **({"origins": dict(sorted(origins.items()))} if origins else {}),
        **({"consensus": consensus} if consensus else {}),
        "prompts": len({row.prompt_id for row in rows}),
        "groups": len({row.group for row in rows}),
        "people": len(frozenset().union(*(row.people for row in rows))) if rows else 0,
        "task_types": dict(sorted(Counter(row.task_type or "none" for row in rows).items())),
        "guidelines": {str(version): versions[version] for version in sorted(versions)},
        "prompt_words": _spread(row.content["prompt"][0]["content"] for row in rows),
        "response_words": _spread(row.content[answer][0]["content"] for row in rows),
    }


def _describe_texts(rows: list[Row]) -> dict[str, Any]:
    return {
        "texts": len(rows),
        "groups": len({row.group for row in rows}),
        "words": sum(len(words(row.content["text"])) for row in rows),
        "text_words": _spread(row.content["text"] for row in rows),
    }


def _spread(texts: Iterable[str]) -> dict[str, int]:
    counts = sorted(len(words(text)) for text in texts)
    if not counts:
        return {}
    return {"shortest": counts[0], "median": round(statistics.median(counts)), "longest": counts[-1]}


def content_sha256(kind: str, train: list[Row], validation: list[Row]) -> str:
    """Of what the version teaches: the same on any machine, whatever ids a database gave and in whichever order."""
    digest = hashlib.sha256(f"{kind}\n".encode())
    for part, rows in (("train", train), ("validation", validation)):
        for each in sorted(row.content_sha256 for row in rows):
            digest.update(f"{part} {each}\n".encode())
    return digest.hexdigest()


@contextmanager
def written(name: str, train: list[Row], validation: list[Row], manifest: Mapping[str, Any]) -> Iterator[Written]:
    """The version's folder, which is gone afterwards unless it was put in place. The same rows give the same bytes.

    `name` is of the work that writes it: what an earlier attempt left under it is written over.
    """
    made = Path(settings.DATASETS_DIR) / f".incoming-{name}"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    try:
        write_rows(made / TRAIN, (row.as_json() for row in train))
        write_rows(made / VALIDATION, (row.as_json() for row in validation))
        write_json(made / MANIFEST, manifest)
        yield Written(made, directory_sha256(made))
    finally:
        shutil.rmtree(made, ignore_errors=True)


@dataclass(frozen=True)
class Written:
    folder: Path
    sha256: str

    @property
    def place(self) -> Path:
        return Path(settings.DATASETS_DIR) / self.sha256

    def put_in_place(self) -> None:
        """Under the name that its hash gives it; the same folder may be there already."""
        if not self.place.exists():
            self.folder.rename(self.place)
            sync(settings.DATASETS_DIR)

    def take_back(self) -> None:
        """Where the database refused the version after all. A folder that was there before stays."""
        if not self.folder.exists():
            shutil.rmtree(self.place, ignore_errors=True)


def manifest(
    project: Project, kind: str, train: list[Row], validation: list[Row], chosen: Filter, template: str = ""
) -> dict[str, Any]:
    """What a version says of itself; `template` where the rows were asked in another one than the project's now."""
    return {
        "format": FORMAT,
        "kind": kind,
        "filter": chosen.as_json(),
        "filter_in_words": filters.sentence(chosen),
        "content_sha256": content_sha256(kind, train, validation),
        "project": str(project.pk),
        "instruction_template": template or project.instruction_template,
        "counts": {"train": len(train), "validation": len(validation)},
        "statistics": describe(train, validation),
        "rows": {"train": [row.source() for row in train], "validation": [row.source() for row in validation]},
    }


def template_of(version: DatasetVersion) -> str:
    """What the model was asked in, when it was frozen."""
    template: str = _manifest_of(version)["instruction_template"]
    return template


def frozen_rows(version: DatasetVersion, scores: Mapping[str, int]) -> tuple[list[Row], list[Row]]:
    """As they were frozen, to learn from and to check with: so that others can be made of them."""
    sources = _manifest_of(version)["rows"]
    train, validation = (
        [_frozen(row, source, scores) for row, source in zip(read_rows(version.directory / name), told, strict=True)]
        for name, told in ((TRAIN, sources["train"]), (VALIDATION, sources["validation"]))
    )
    return train, validation


def _manifest_of(version: DatasetVersion) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((version.directory / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _frozen(row: dict[str, Any], source: dict[str, Any], scores: Mapping[str, int]) -> Row:
    return Row(
        id=row["id"],
        prompt_id=row.get("prompt_id", ""),
        group=row["group"],
        split="",
        task_type=row.get("task_type", ""),
        guidelines=source.get("guidelines"),
        people=frozenset(source.get("people", ())),
        content={name: value for name, value in row.items() if name not in ("id", "prompt_id", "task_type", "group")},
        revisions=tuple(source.get("revisions", ())),
        score=scores.get(row["id"]),
    )


FILES = {"train": TRAIN, "validation": VALIDATION, "manifest": MANIFEST}


def file_of(version: DatasetVersion, part: str) -> Path | None:
    """The frozen file of a part (train, validation, manifest); None when there is no such part or file."""
    path = version.directory / FILES[part] if part in FILES else None
    return path if path and path.is_file() else None


def training_rows(version: DatasetVersion) -> list[dict[str, Any]]:
    return _there(version.directory / TRAIN)


def validation_rows(version: DatasetVersion) -> list[dict[str, Any]]:
    return _there(version.directory / VALIDATION)


def _there(path: Path) -> list[dict[str, Any]]:
    """Without those that were erased since."""
    return [row for row in read_rows(path) if not row.get("erased")]


def rows_of(version: DatasetVersion) -> Iterator[dict[str, Any]]:
    """All of them, one after the other."""
    yield from each_row(version.directory / TRAIN)
    yield from each_row(version.directory / VALIDATION)


def with_task_types(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Versions that were frozen before rows carried their task type take it from their prompts."""
    wanted = {row["prompt_id"] for row in rows if "task_type" not in row and "prompt_id" in row}
    found = Prompt.objects.filter(pk__in=wanted).exclude(task_type="").values_list("pk", "task_type")
    types = {str(pk): task_type for pk, task_type in found} if wanted else {}
    return [{**row, "task_type": types[row["prompt_id"]]} if row.get("prompt_id") in types else row for row in rows]


def intact(version: DatasetVersion) -> bool:
    """The folder is there and is still what was frozen, or what an erasure left of it."""
    return version.directory.is_dir() and directory_sha256(version.directory) == (
        version.erased_sha256 or version.sha256
    )


def clip(text: str) -> str:
    """Its beginning, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= CLIPPED else text[: CLIPPED - 1].rstrip() + "…"
