from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.models import Event, Project
from annotation.texts import capital, counted
from training import tasks
from training.actions.freezing import freeze_best_half
from training.arrangement import baselines
from training.choosing import HELD
from training.estimating import experience
from training.findings.judging import WRITES_NOTHING
from training.freezing import datasets
from training.jobs import Status
from training.leaks import gate
from training.methods import METHODS, RLOO, from_json
from training.models import Adapter, BaseModel, DatasetVersion, Preflight, TrainingRound
from training.params import ParamsError, to_json
from training.params.rloo import RULES
from training.running import launcher


def start_preflight(
    *,
    project: Project,
    method: str,
    dataset_version: DatasetVersion,
    params: dict[str, Any],
    by: User,
    parent_adapter: Adapter | None = None,
    reward_adapter: Adapter | None = None,
    base_model: BaseModel | None = None,
    start_from_base: bool = False,
    note: str = "",
    dry: bool = False,
) -> Preflight:
    """Check a round's rows token by token, with the settings it would have; `dry` also tries it on a few of them."""
    settings_ = _settings(project, method, dataset_version, params, parent_adapter, base_model, start_from_base)
    settings_ |= _rewarding(project, settings_, reward_adapter)
    gate.refuse(dataset_version, parent_adapter, reward_adapter)
    experience.refuse_full_disk(settings_["base_model"], settings_["params"])
    with transaction.atomic():
        preflight = Preflight.objects.create(project=project, note=note.strip(), dry=dry, created_by=by, **settings_)
        Event.record("started the pre-flight", preflight, by=by, project=project, method=method, dry=dry)
        tasks.ring_after_commit(tasks.run_preflight, preflight)
    return preflight


def launch_round(
    *,
    project: Project,
    method: str,
    dataset_version: DatasetVersion,
    params: dict[str, Any],
    by: User,
    parent_adapter: Adapter | None = None,
    reward_adapter: Adapter | None = None,
    base_model: BaseModel | None = None,
    start_from_base: bool = False,
    note: str = "",
    preflight: Preflight | None = None,
) -> TrainingRound:
    """Queue a round. `params` are those of the method; what is left out takes its default.

    `start_from_base` says that a DPO round without a parent is meant. A pre-flight launches once: asked again, the
    round that it launched is returned. A round with its rows in order is followed by its shuffled baseline, if its
    settings ask for one; where they ask for the best half too, the same round on it follows.
    """
    return _launch(
        project=project,
        method=method,
        dataset_version=dataset_version,
        params=params,
        by=by,
        parent_adapter=parent_adapter,
        reward_adapter=reward_adapter,
        base_model=base_model,
        start_from_base=start_from_base,
        note=note,
        preflight=preflight,
    )


def _launch(
    *,
    project: Project,
    method: str,
    dataset_version: DatasetVersion,
    params: dict[str, Any],
    by: User,
    parent_adapter: Adapter | None,
    reward_adapter: Adapter | None,
    base_model: BaseModel | None,
    start_from_base: bool,
    note: str,
    preflight: Preflight | None = None,
    baseline_of: TrainingRound | None = None,
    there: Collection[str] = (),  # of what goes beside it
) -> TrainingRound:
    settings_ = _settings(project, method, dataset_version, params, parent_adapter, base_model, start_from_base)
    settings_ |= _rewarding(project, settings_, reward_adapter)
    gate.refuse(dataset_version, parent_adapter, reward_adapter)
    experience.refuse_full_disk(settings_["base_model"], settings_["params"])
    beside = baselines.wanted(settings_["params"], there)
    half = None
    if baselines.BEST_HALF in beside:
        half = freeze_best_half(version=dataset_version, by=by)
        gate.refuse(half, parent_adapter, reward_adapter)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        launched = TrainingRound.objects.filter(preflight=preflight).first() if preflight else None
        if launched:
            return launched
        _refuse_more_than_its_share(project, beside)
        round = TrainingRound.objects.create(
            project=project,
            number=project.rounds.next_number(),
            note=note.strip(),
            created_by=by,
            preflight=preflight,
            estimate=_said(preflight),
            baseline_of=baseline_of,
            **settings_,
        )
        Event.record("launched", round, by=by, project=project, number=round.number, method=method)
        for number, (kind, given) in enumerate(beside.items(), start=round.number + 1):
            version = half if kind == baselines.BEST_HALF and half else dataset_version
            _launch_beside(round, kind, number, version, given, by)
        tasks.ring_after_commit(tasks.run_round, round)
    return round


def _launch_beside(
    round: TrainingRound, kind: str, number: int, version: DatasetVersion, params: dict[str, Any], by: User
) -> None:
    beside = TrainingRound.objects.create(
        project=round.project,
        number=number,
        note=f"{capital(kind)} of round {round.number}. {round.note}".strip()[:300],
        created_by=by,
        baseline_of=round,
        method=round.method,
        dataset_version=version,
        params=params,
        parent_adapter=round.parent_adapter,
        reward_adapter=round.reward_adapter,
        base_model=round.base_model,
        estimate=round.estimate if version == round.dataset_version else {},
    )
    Event.record("launched", beside, by=by, project=round.project, number=beside.number, method=beside.method)
    tasks.ring_after_commit(tasks.run_round, beside)


def launch_preflight(*, preflight: Preflight, by: User) -> TrainingRound:
    """Launch exactly what was checked."""
    if not preflight.passed:
        raise ValidationError("This check has not passed, so its round cannot be launched.")
    return launch_round(project=preflight.project, by=by, preflight=preflight, **_as_checked(preflight))


def try_preflight(*, preflight: Preflight, by: User) -> Preflight:
    """Check the same settings again, and try them on a few rows."""
    return start_preflight(project=preflight.project, by=by, dry=True, **_as_checked(preflight))


def _as_checked(preflight: Preflight) -> dict[str, Any]:
    return {
        "method": preflight.method,
        "dataset_version": preflight.dataset_version,
        "params": preflight.params,
        "parent_adapter": preflight.parent_adapter,
        "reward_adapter": preflight.reward_adapter,
        "base_model": preflight.base_model,
        "start_from_base": preflight.parent_adapter is None,
        "note": preflight.note,
    }


def _said(preflight: Preflight | None) -> dict[str, Any]:
    estimate = preflight.report.get("estimate") if preflight else None
    return {"said": estimate} if estimate else {}


def retry_round(*, round: TrainingRound, by: User) -> TrainingRound:
    """A new round with the same settings. The old one keeps its story: its number, its log, why it ended."""
    if not round.is_final or round.status == Status.SUCCEEDED:
        raise ValidationError("Only a failed or cancelled round can be tried again.")
    with transaction.atomic():
        beside = round.baselines.exclude(status__in=[Status.FAILED, Status.CANCELLED])
        again = _launch(
            project=round.project,
            method=round.method,
            dataset_version=round.dataset_version,
            params=round.params,
            parent_adapter=round.parent_adapter,
            reward_adapter=round.reward_adapter,
            base_model=round.base_model,
            start_from_base=round.parent_adapter is None,
            note=f"Round {round.number} again. {round.note}".strip()[:300],
            by=by,
            baseline_of=round.baseline_of,
            there={baselines.kind_of(each) for each in beside},
        )
        beside.update(baseline_of=again)
    return again


def cancel_round(*, round: TrainingRound, by: User) -> None:
    with transaction.atomic():
        if not round.request_cancel():
            return
        Event.record("cancelled", round, by=by, project=round.project, number=round.number)


def _refuse_more_than_its_share(project: Project, beside: Collection[str]) -> None:
    share, more = settings.ROUNDS_QUEUED_PER_PROJECT, 1 + len(beside)
    waiting = project.rounds.filter(status=Status.QUEUED).count()
    if more > 1 and waiting < share < waiting + more:
        raise ValidationError(
            f"With its {' and its '.join(beside)} this is {'three' if more > 2 else 'two'} rounds, and only "
            f"{counted(share, 'round')} of a project may wait; {waiting} {'does' if waiting == 1 else 'do'} already. "
            "Leave that out, or launch it when another has started."
        )
    if waiting >= share:
        raise ValidationError(
            f"{counted(share, 'round')} of this project {'waits' if share == 1 else 'wait'} already, as many as may. "
            "Launch this one when the next of them has started, or cancel one."
        )


def _settings(
    project: Project,
    method: str,
    dataset_version: DatasetVersion,
    params: dict[str, Any],
    parent_adapter: Adapter | None,
    base_model: BaseModel | None,
    start_from_base: bool,
) -> dict[str, Any]:
    """The checked settings that a round and its pre-flight share. Every refusal at once, by field."""
    refused: dict[str, list[str]] = {}
    checked: dict[str, Any] = {}
    try:
        checked = to_json(from_json(method, params)) if method in METHODS else {}
    except ParamsError as error:
        refused |= {name: [problem] for name, problem in error.problems.items()}
    if checked:
        refused |= launcher.refusals(method, checked)
    if method not in METHODS:
        refused["method"] = [f"Choose one of: {', '.join(METHODS)}."]
    elif dataset_version.kind != METHODS[method].learns_from:
        wanted = DatasetVersion.Kind(METHODS[method].learns_from).label.lower()
        refused["dataset_version"] = [
            f"{METHODS[method].name} learns from {wanted}; {dataset_version} holds something else."
        ]
    if dataset_version.project_id != project.pk:
        refused["dataset_version"] = ["This dataset version belongs to another project."]
    elif not datasets.intact(dataset_version):
        refused["dataset_version"] = [f"The files of {dataset_version} are missing or changed. Freeze again."]
    elif dataset_version.erased_rows:
        refused["dataset_version"] = [f"Rows of {dataset_version} were erased. Freeze again and use the new version."]
    base = base_model or (parent_adapter.base_model if parent_adapter else BaseModel.objects.default())
    refused |= _parent_problems(project, method, parent_adapter, base, start_from_base)
    if base is None:
        refused["base_model"] = ["There is no base model yet. A system administrator adds one."]
    elif not (base.directory / "config.json").exists():
        refused["base_model"] = [f"The folder of {base} is missing on this machine."]
    if refused:
        raise ValidationError(refused)
    return {
        "method": method,
        "dataset_version": dataset_version,
        "params": checked,
        "parent_adapter": parent_adapter,
        "base_model": base,
    }


def _rewarding(project: Project, settings_: dict[str, Any], judge: Adapter | None) -> dict[str, Adapter | None]:
    """The reward model that gives marks, for a round that learns from rewards."""
    params, refused = settings_["params"], ""
    if settings_["method"] != RLOO.key:
        refused = "Only a round that learns from rewards takes a reward model." if judge else ""
    elif judge is None:
        by_rules = any(params[name] for name in RULES)
        refused = "" if by_rules else "No rule counts, so choose a reward model: something has to be rewarded."
    elif judge.project_id != project.pk:
        refused = "This reward model belongs to another project."
    elif not judge.judges:
        refused = "This adapter writes: choose one that a round of the kind reward model has made."
    elif judge.base_model_id != settings_["base_model"].pk:
        refused = f"This reward model sits on {judge.base_model}: choose one on {settings_['base_model']}."
    elif judge.is_held:
        refused = HELD
    elif not judge.directory.is_dir():
        refused = "The files of this reward model are missing on this machine."
    elif not params["reward_weight"]:
        refused = "The weight of the reward model is 0: raise it, or choose none."
    if refused:
        raise ValidationError({"reward_adapter": [refused]})
    return {"reward_adapter": judge}


def _parent_problems(
    project: Project, method: str, parent: Adapter | None, base: BaseModel | None, start_from_base: bool
) -> dict[str, list[str]]:
    if parent is None:
        if method not in METHODS or not METHODS[method].needs_parent or start_from_base:
            return {}
        problem = (
            f"{METHODS[method].name} improves a model that can already do the task: choose the adapter of an SFT round."
        )
        return {"parent_adapter": [problem]}
    if start_from_base:
        return {"parent_adapter": ["Start from this adapter or from the base model, not from both."]}
    if parent.project_id != project.pk:
        return {"parent_adapter": ["This adapter belongs to another project."]}
    if parent.judges:
        return {"parent_adapter": [WRITES_NOTHING]}
    if parent.is_held:
        return {"parent_adapter": [HELD]}
    if base is not None and parent.base_model_id != base.pk:
        return {"parent_adapter": [f"This adapter sits on {parent.base_model}, not on {base}: choose that base model."]}
    if not parent.directory.is_dir():
        return {"parent_adapter": ["The files of this adapter are missing on this machine."]}
    return {}
