from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation import queues
from annotation.models import Event, Lease, Project
from evaluation import tasks
from evaluation.actions.assigning import EVERYBODY, Named, choose_reviewers
from evaluation.actions.freezing import unchanged
from evaluation.models import Contestant, Evaluation, EvaluationSet, Output, Review
from training.findings.judging import WRITES_NOTHING
from training.jobs import Status
from training.models import Adapter, BaseModel
from training.params import GenerateParams, ParamsError, to_json
from training.tasks import ring_after_commit

MOST_CONTESTANTS = 6
MOST_REVIEWS = 5


def start_evaluation(
    *,
    project: Project,
    evaluation_set: EvaluationSet,
    contestants: Sequence[Adapter | None],
    by: User,
    base_model: BaseModel | None = None,
    name: str = "",
    reviewed_prompts: int = 20,
    reviews_per_output: int | None = None,
    max_new_tokens: int = 256,
    reviewers: Named = EVERYBODY,
) -> Evaluation:
    """Have the contestants (None: the base model) answer the set, the likeliest word each time."""
    base = base_model or next((each.base_model for each in contestants if each), BaseModel.objects.default())
    per_output = project.reviews_per_output if reviews_per_output is None else reviews_per_output
    base, params = _checked(project, evaluation_set, contestants, base, reviewed_prompts, per_output, max_new_tokens)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        number = project.evaluations.next_number()
        evaluation = Evaluation.objects.create(
            project=project,
            evaluation_set=evaluation_set,
            number=number,
            name=name.strip()[:120] or f"Evaluation {number}",
            reviews_per_output=per_output,
            reviewed_prompts=reviewed_prompts,
            seed=secrets.randbits(62),
            instruction_template=project.instruction_template,
            created_by=by,
        )
        people, roles = reviewers
        choose_reviewers(evaluation=evaluation, by=by, people=people, roles=roles)
        for position, adapter in enumerate(contestants):
            contestant = Contestant.objects.create(
                evaluation=evaluation,
                position=position,
                base_model=adapter.base_model if adapter else base,
                adapter=adapter,
                params=params,
                created_by=by,
            )
            ring_after_commit(tasks.run_contestant, contestant)
        Event.record("started an evaluation", evaluation, by=by, project=project, contestants=len(contestants))
    return evaluation


def retry_contestant(*, contestant: Contestant, by: User) -> None:
    """Queue a failed contestant again. What it has already written is not written again."""
    with transaction.atomic():
        tried = Contestant.objects.filter(pk=contestant.pk, status=Status.FAILED).update(
            status=Status.QUEUED,
            result={"released": contestant.attempt},  # the attempts before do not count against this try
            failure_code="",
            failure_message="",
            cancel_requested_at=None,
            finished_at=None,
        )
        if not tried:
            raise ValidationError("Only a contestant that has failed can be tried again.")
        Event.record("tried again", contestant, by=by, project=contestant.evaluation.project)
        ring_after_commit(tasks.run_contestant, contestant)


def leave_out(*, contestant: Contestant, by: User) -> None:
    """Go on without this contestant: the others can be reviewed."""
    with transaction.atomic():
        failed = Contestant.objects.filter(pk=contestant.pk, status=Status.FAILED)
        if not failed.update(status=Status.CANCELLED) and not contestant.request_cancel():
            raise ValidationError("This contestant has answered already, or is being left out.")
        Event.record("left out", contestant, by=by, project=contestant.evaluation.project)


def open_results(*, evaluation: Evaluation, by: User) -> None:
    """Show somebody the results before the last review is in. From then on they cannot score blind here."""
    with transaction.atomic():
        queues.lock(evaluation.project)
        evaluation.opened_by.add(by)
        outputs = Output.objects.filter(contestant__evaluation=evaluation).values("pk")
        Lease.objects.filter(kind=Lease.Kind.SCORE, user=by, item_id__in=outputs).delete()
        Event.record(
            "opened the results early",
            evaluation,
            by=by,
            project=evaluation.project,
            reviews=Review.objects.filter(output__contestant__evaluation=evaluation).count(),
        )


def _checked(
    project: Project,
    evaluation_set: EvaluationSet,
    contestants: Sequence[Adapter | None],
    base: BaseModel | None,
    reviewed_prompts: int,
    reviews_per_output: int,
    max_new_tokens: int,
) -> tuple[BaseModel, dict[str, Any]]:
    """The base model and the generation parameters, or every refusal at once, by field."""
    refused: dict[str, list[str]] = {}
    params: dict[str, Any] = {}
    try:
        params = to_json(GenerateParams(max_new_tokens=max_new_tokens, temperature=0.0, score_references=True))
    except ParamsError as error:
        refused |= {name: [problem] for name, problem in error.problems.items()}
    if evaluation_set.project_id != project.pk:
        refused["evaluation_set"] = ["This evaluation set belongs to another project."]
    elif not unchanged(evaluation_set):
        refused["evaluation_set"] = ["The texts of its prompts have changed since it was frozen. Freeze a new set."]
    if not 1 <= len(contestants) <= MOST_CONTESTANTS:
        refused["contestants"] = [f"Choose one to {MOST_CONTESTANTS} contestants."]
    elif len(set(contestants)) < len(contestants):
        refused["contestants"] = ["Each contestant can take part once."]
    elif any(each and each.project_id != project.pk for each in contestants):
        refused["contestants"] = ["One of the adapters belongs to another project."]
    elif any(each and each.judges for each in contestants):
        refused["contestants"] = [WRITES_NOTHING]
    elif missing := [each for each in contestants if each and not each.directory.is_dir()]:
        refused["contestants"] = [f"The files of {missing[0]} are missing on this machine."]
    if base is None:
        refused["base_model"] = ["There is no base model yet. A system administrator adds one."]
    if reviewed_prompts < 0:
        refused["reviewed_prompts"] = ["This cannot be less than 0."]
    if not 1 <= reviews_per_output <= MOST_REVIEWS:
        refused["reviews_per_output"] = [f"One to {MOST_REVIEWS} people score each output."]
    if refused or base is None:
        raise ValidationError(refused)
    return base, params
