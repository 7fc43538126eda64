"""Adapters, evaluations and outputs without training or generating: rows as the jobs would leave them."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import metrics
from annotation.models import Project, Prompt, Split
from evaluation import collecting
from evaluation.actions import freeze_evaluation_set
from evaluation.comparison import summary
from evaluation.measures import Facts
from evaluation.models import Contestant, Evaluation, Output, Review
from tests import factories
from training.jobs import Status
from training.models import Adapter, BaseModel, DatasetVersion, TrainingRound
from training.params import SFTParams, to_json
from training.run_dir import ADAPTER_CONFIG, ADAPTER_WEIGHTS, directory_sha256

GOOD = factories.RESPONSE
FAIR = factories.RESPONSE.replace(" by 3 March 2025", "").replace("$1,450", "$1,540")
POOR = "The tenant moved out and the landlord kept her deposit. She would like to have it back as soon as possible."


def base_model(name: str = "SmolLM2-135M-Instruct", **fields: object) -> BaseModel:
    folder = f"base-models/{name.lower()}"
    if not (settings.DATA_DIR / folder).exists():  # never into a real base model's folder
        (settings.DATA_DIR / folder).mkdir(parents=True)
        (settings.DATA_DIR / folder / "config.json").write_text("{}")
    values = {"path": folder, "weights_sha256": "a" * 64, "chat_template_sha256": "b" * 64, "parameters": 134_515_008}
    defaults = {**values, "is_default": not BaseModel.objects.exists()}
    return BaseModel.objects.get_or_create(name=name, defaults={**defaults, **fields})[0]


def adapter(project: Project, method: str = "sft", parent: Adapter | None = None, **fields: object) -> Adapter:
    """A published adapter of a finished round, with files that verify."""
    number = project.rounds.count() + 1
    base = fields.pop("base_model", None) or base_model()
    kind = "demonstrations" if method == "sft" else "preferences"
    version = DatasetVersion.objects.create(
        project=project,
        kind=kind,
        number=project.dataset_versions.filter(kind=kind).count() + 1,
        sha256=f"{number:064d}",
        train_rows=100,
        validation_rows=10,
        created_by=project.created_by,
    )
    round = TrainingRound.objects.create(
        project=project,
        number=number,
        method=method,
        base_model=base,
        parent_adapter=parent,
        dataset_version=version,
        params=to_json(SFTParams()),
        status=Status.SUCCEEDED,
        finished_at=timezone.now(),
        created_by=project.created_by,
    )
    folder = _adapter_files(settings.ADAPTERS_DIR / f"incoming-{round.pk}", Adapter.objects.count())
    sha256 = directory_sha256(folder)
    folder.rename(settings.ADAPTERS_DIR / sha256)
    return Adapter.objects.create(
        project=project, round=round, base_model=base, sha256=sha256, size_bytes=1024, **fields
    )


def _adapter_files(folder: Path, number: int) -> Path:
    folder.mkdir(parents=True)
    values = np.full(4, number + 1, dtype="<f4").tobytes()
    header = json.dumps({"m.lora_B.weight": {"dtype": "F32", "shape": [4], "data_offsets": [0, len(values)]}}).encode()
    (folder / ADAPTER_WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header + values)
    (folder / ADAPTER_CONFIG).write_text("{}")
    return folder


def held_out(project: Project, count: int = 12) -> list[Prompt]:
    return [
        factories.prompt(project, split=Split.EVALUATION, reference=GOOD, external_id=f"held-{number}")
        for number in range(count)
    ]


def evaluation(
    project: Project,
    adapters: Sequence[Adapter | None] = (None,),
    *,
    prompts: int = 12,
    reviewed_prompts: int = 12,
    reviews_per_output: int = 1,
    texts: Sequence[str] = (POOR, FAIR, GOOD, GOOD),
    seed: int = 4_181_927_553_801,
    **fields: object,
) -> Evaluation:
    """An evaluation whose contestants have all answered; contestant i wrote texts[i] for every prompt."""
    if not project.prompts.held_out().exists():
        held_out(project, prompts)
    made = Evaluation.objects.create(
        project=project,
        evaluation_set=freeze_evaluation_set(project=project, by=project.created_by),
        number=project.evaluations.next_number(),
        name=fields.pop("name", "First look"),
        reviews_per_output=reviews_per_output,
        reviewed_prompts=reviewed_prompts,
        seed=seed,
        instruction_template=project.instruction_template,
        created_by=project.created_by,
    )
    for position, each in enumerate(adapters):
        one = contestant(made, position, each)
        answer(one, texts[position % len(texts)])
    return made


def contestant(evaluation: Evaluation, position: int, adapter: Adapter | None, **fields: object) -> Contestant:
    values = {"status": Status.SUCCEEDED, "base_model": adapter.base_model if adapter else base_model()}
    return Contestant.objects.create(
        evaluation=evaluation,
        position=position,
        adapter=adapter,
        params={"max_new_tokens": 256},
        created_by=evaluation.created_by,
        **{**values, **fields},
    )


def answer(contestant: Contestant, text: str) -> list[Output]:
    """What publishing a contestant's answers does, with likelihoods that grow worse with its position's text."""
    evaluation = contestant.evaluation
    project = evaluation.project
    prompts = list(evaluation.evaluation_set.prompts.all())
    asked = collecting.reviewed_prompts(evaluation, [str(prompt.pk) for prompt in prompts])
    chance = random.Random(contestant.position)
    outputs = [
        Output(
            contestant=contestant,
            prompt=prompt,
            text=text,
            tokens=len(text) // 4,
            seconds=1.5,
            finish="stop",
            reference_nll=2.4 - 0.6 * contestant.position + chance.uniform(-0.2, 0.2),
            reference_tokens=110,
            metrics=metrics.measure(
                text,
                source=f"{prompt.instruction}\n{prompt.input}",
                reference=prompt.reference,
                required=project.sections,
                dated=project.dated_section,
            ),
            queue_key=collecting.queue_key(evaluation, contestant, str(prompt.pk)),
            for_review=str(prompt.pk) in asked,
        )
        for prompt in prompts
    ]
    Output.objects.bulk_create(outputs)
    facts = [Facts(str(o.pk), str(o.prompt_id), o.metrics, o.reference_nll, o.reference_tokens) for o in outputs]
    contestant.metrics = summary(facts, project.dated_section)
    contestant.save(update_fields=["metrics"])
    return outputs


def review(output: Output, reviewer: User, level: int = 3, **scores: object) -> Review:
    """One review at a level from 1 to 5; single scores can be replaced."""
    values = dict.fromkeys(["accuracy", "completeness", "conciseness", "adherence"], level)
    made = Review.objects.create(output=output, reviewer=reviewer, **{**values, "utility": 2 * level, **scores})
    Output.objects.filter(pk=output.pk).update(reviews_done=output.reviews_done + 1)
    output.reviews_done += 1
    return made


def review_all(evaluation: Evaluation, reviewer: User, levels: Sequence[int] = (1, 4, 5)) -> None:
    """Score every output up for review: contestant i gets levels[i], now and then one more or less."""
    chance = random.Random(3)
    outputs = Output.objects.filter(contestant__evaluation=evaluation, for_review=True).select_related("contestant")
    for output in outputs:
        level = levels[output.contestant.position] + chance.choice([-1, 0, 0, 0, 1])
        review(output, reviewer, min(5, max(1, level)))
