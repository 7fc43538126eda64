from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.models import Event, Project, Prompt
from training import tasks
from training.choosing import HELD
from training.findings.judging import WRITES_NOTHING
from training.freezing import datasets
from training.methods import from_json
from training.models import Adapter, BaseModel, Sampling
from training.params import GenerateParams, ParamsError, to_json

LONGEST_ANSWER = 384  # tokens, in the playground


def start_sampling(
    *,
    project: Project,
    sources: Sequence[Adapter | None],
    prompts: Sequence[Prompt] | Sequence[dict[str, Any]],
    params: GenerateParams | dict[str, Any],
    by: User,
    purpose: str = Sampling.Purpose.RANKING,
    base_model: BaseModel | None = None,
) -> Sampling:
    """Have the adapters (None: the base model) answer prompts. For ranking, the answers become comparisons."""
    base = base_model or next((source.base_model for source in sources if source), BaseModel.objects.default())
    base, checked = _check_sampling(project, sources, prompts, params, purpose, base)
    with transaction.atomic():
        sampling = Sampling.objects.create(
            project=project,
            purpose=purpose,
            base_model=base,
            sources=[_source(source) for source in sources],
            prompts=[_asked(prompt, project) for prompt in prompts],
            params=checked,
            created_by=by,
        )
        Event.record("started sampling", sampling, by=by, project=project, purpose=purpose, prompts=len(prompts))
        tasks.ring_after_commit(tasks.run_sampling, sampling)
    return sampling


def ask(
    *,
    project: Project,
    instruction: str,
    sources: Sequence[Adapter | None],
    by: User,
    input: str = "",
    temperature: float = 0.0,
    max_new_tokens: int = LONGEST_ANSWER,
) -> Sampling:
    """The playground: models (None: the base model) answer one question, each once, and the answers are shown."""
    if not instruction.strip():
        raise ValidationError({"instruction": ["Say what the models are asked to do."]})
    messages = datasets.asked(project.instruction_template, instruction, input)
    return start_sampling(
        project=project,
        purpose=Sampling.Purpose.PLAYGROUND,
        sources=list(dict.fromkeys(sources)),
        prompts=[{"id": "playground", "prompt": messages, "instruction": instruction, "input": input}],
        params=to_json(GenerateParams()) | {"temperature": temperature, "max_new_tokens": max_new_tokens},
        by=by,
    )


def cancel_sampling(*, sampling: Sampling, by: User) -> None:
    with transaction.atomic():
        if sampling.request_cancel():
            Event.record("cancelled sampling", sampling, by=by, project=sampling.project)


def _check_sampling(
    project: Project,
    sources: Sequence[Adapter | None],
    prompts: Sequence[Any],
    params: GenerateParams | dict[str, Any],
    purpose: str,
    base: BaseModel | None,
) -> tuple[BaseModel, dict[str, Any]]:
    """The base model and the parameters, or every refusal at once, by field."""
    refused: dict[str, list[str]] = {}
    checked: dict[str, Any] = {}
    try:
        given = to_json(params) if isinstance(params, GenerateParams) else params
        checked = to_json(from_json("generate", given))
    except ParamsError as error:
        refused |= {name: [problem] for name, problem in error.problems.items()}
    if base is None:
        refused["base_model"] = ["There is no base model yet. A system administrator adds one."]
    if not sources:
        refused["sources"] = ["Choose at least one model."]
    if any(source and source.project_id != project.pk for source in sources):
        refused["sources"] = ["One of the adapters belongs to another project."]
    elif any(source and source.judges for source in sources):
        refused["sources"] = [WRITES_NOTHING]
    elif any(source and source.is_held for source in sources):
        refused["sources"] = [HELD]
    elif base is not None and any(source and source.base_model_id != base.pk for source in sources):
        refused["sources"] = ["All models must sit on the same base model."]
    if not prompts:
        refused["prompts"] = ["There is no prompt left to answer: every training prompt has candidates already."]
    candidates = len(sources) * checked.get("num_candidates", 1)
    if purpose == Sampling.Purpose.RANKING and checked and sources and not 2 <= candidates <= 5:
        refused["num_candidates"] = [f"People rank 2 to 5 candidates for each prompt; this would make {candidates}."]
    if refused or base is None:
        raise ValidationError(refused)
    return base, checked


def _source(adapter: Adapter | None) -> dict[str, Any]:
    if adapter is None:
        return {"label": "base", "adapter_id": None}
    return {"label": f"adapter-{adapter.pk}", "adapter_id": str(adapter.pk)}


def _asked(prompt: Prompt | dict[str, Any], project: Project) -> dict[str, Any]:
    if isinstance(prompt, Prompt):
        return {"id": str(prompt.pk), "prompt": datasets.question(prompt, project.instruction_template)}
    return prompt
