from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import MemberRequest, project_for
from annotation.models import Project
from training import choosing, disk, progress
from training.actions import cancel_round, launch_preflight, retry_round, start_preflight, try_preflight
from training.arrangement import arrangement_words, baselines
from training.estimating import estimate_words, experience
from training.findings import rewards
from training.findings.found import found as its_settings
from training.findings.judging import likely_in_words
from training.forms import RoundForm, attach
from training.jobs import Status
from training.methods import DPO, KTO, METHODS, REWARD, RLOO, SFT
from training.models import BaseModel, Preflight, TrainingRound
from training.monitoring import tracking
from training.monitoring.charts import Chart, Series, line_chart
from training.params import to_json, told
from training.suspects import found as suspects
from training.views.which_way import version_asked, what_is_trained, which_way
from training.wording import lessons_of, rewarded, sentence, task_losses

LOG_LINES = 60
# Failures that the same settings would meet again.
ITS_OWN_FAULT = {
    "diverged",
    "preflight",
    "out_of_memory",
    "bad_adapter",
    "learned_nothing",
    "nothing_found",
    "dataset",
    "leaks",
    "killed",
    "error",
}


@require_safe
def rounds(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    rows = project.rounds.select_related("dataset_version", "adapter", "created_by")
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    context = {
        "project": project,
        "page": page,
        "rows": [(each, progress.bar(each.progress), estimate_words.compared(each.estimate)) for each in page],
        "disk": disk.use(),
        "kept_on_disk": disk.KEPT,
        "off_by": estimate_words.off_by(*experience.median_error(project)),
        "has_versions": bool(page.object_list) or project.dataset_versions.exists(),
    }
    return render(request, "training/rounds.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def round_create(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The settings of a round. Sending them starts the pre-flight; the round is launched from there."""
    project = project_for(request, pk, "manage")
    like = _like(project, request.GET.get("like", ""))
    asked = request.POST.get("method") or request.GET.get("method") or (like.method if like else SFT.key)
    method = asked if asked in METHODS else SFT.key
    initial = _initial(like, "proposed" in request.GET) if like and like.method == method else _usual(project, method)
    if request.GET.get("dataset"):
        initial["dataset_version"] = request.GET["dataset"]
    form = RoundForm(
        request.POST if request.method == "POST" else None, project=project, method=method, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            preflight = start_preflight(project=project, method=method, by=request.user, **form.settings())
            return redirect("preflight", project.pk, preflight.pk)
        except ValidationError as refused:
            attach(form, refused)
    version = version_asked(form, request.GET)
    form.rows = version.train_rows if version else 0
    form.trained = what_is_trained(form, request.GET)
    context = {
        "project": project,
        "form": form,
        "method": METHODS[method],
        "methods": METHODS.values(),
        "has_versions": version is not None,
        "base_models": BaseModel.objects.count(),
        "which_way": which_way(form, request.GET, version),
    }
    return render(request, "training/round_create.html", context, status=422 if form.errors else 200)


def _like(project: Project, pk: str) -> TrainingRound | Preflight | None:
    """A round or pre-flight whose settings to begin with."""
    try:
        key = UUID(pk)
    except ValueError:
        return None
    return project.rounds.filter(pk=key).first() or project.preflights.filter(pk=key).first()


def _initial(like: TrainingRound | Preflight, proposed: bool = False) -> dict[str, Any]:
    """Its settings; `proposed`: with the changes that a pre-flight proposes where they do not fit."""
    usual = to_json(METHODS[like.method].presets["standard"].params)
    params = like.params | (_proposal(like) if proposed and isinstance(like, Preflight) else {})
    changed = {name: value for name, value in params.items() if value != usual.get(name)}
    yes_or_no = {name: "yes" if value else "no" for name, value in changed.items() if isinstance(value, bool)}
    return {
        **changed,
        **yes_or_no,
        "load_in_4bit": params.get("load_in_4bit", False),
        "preset": "standard",
        "dataset_version": like.dataset_version_id,
        "parent_adapter": like.parent_adapter_id,
        "reward_adapter": like.reward_adapter_id,
        "base_model": like.base_model_id,
        "start_from_base": like.parent_adapter_id is None,
        "note": like.note,
    }


def _proposal(preflight: Preflight) -> dict[str, Any]:
    return (preflight.report.get("proposal") or {}).get("params", {})


def _usual(project: Project, method: str) -> dict[str, Any]:
    parent = {"parent_adapter": choosing.likely_parent(project)} if METHODS[method].needs_parent else {}
    return {**parent, "preset": "standard"}


@require_http_methods(["GET", "HEAD", "POST"])
def preflight(request: MemberRequest, pk: UUID, preflight_pk: UUID) -> HttpResponse:
    """GET shows what the model will read and learn; POST launches the round that was checked, or tries it (`dry`)."""
    project = project_for(request, pk, "manage")
    of_itself = ("dataset_version", "base_model", "round")
    rows = project.preflights.select_related(*of_itself, "parent_adapter__round", "reward_adapter__round")
    checked = get_object_or_404(rows, pk=preflight_pk)
    refusals: list[str] = []
    if request.method == "POST":
        try:
            if "dry" in request.POST:
                return redirect("preflight", project.pk, try_preflight(preflight=checked, by=request.user).pk)
            made = launch_preflight(preflight=checked, by=request.user)
            return redirect("round", project.pk, made.pk)
        except ValidationError as refused:
            refusals = refused.messages
    launched = TrainingRound.objects.filter(preflight=checked).first()
    context = {
        "project": project,
        "preflight": checked,
        "sentence": sentence(checked),
        "launched": launched,
        "refusals": refusals,
        "truncated": _truncated(checked.report),
        "parts": _parts(checked.report),
        "needs": _needs(checked.report),
        "tried": _tried(checked.report),
        "proposal": _proposal(checked),
        "mixture": arrangement_words.mixture(checked.report),
        "order": arrangement_words.order(checked.report.get("ordered_by"), checked.report.get("stages")),
        "settings": told(checked.params),
    }
    template = "training/preflight.html" + ("#state" if request.htmx and request.method == "GET" else "")
    return render(request, template, context, status=422 if refusals else 200)


def _needs(report: dict[str, Any]) -> dict[str, Any]:
    estimate = report.get("estimate")
    if not estimate:
        return {}
    return {
        "figures": estimate_words.figures(estimate),
        "basis": estimate_words.basis(estimate),
        "crowded": estimate_words.crowded(estimate),
    }


def _tried(report: dict[str, Any]) -> dict[str, Any]:
    dry = report.get("dry")
    return {"figures": estimate_words.dry_figures(dry), "notes": estimate_words.dry_notes(dry)} if dry else {}


def _truncated(report: dict[str, Any]) -> int:
    return sum(report.get(part, {}).get("truncated", {}).get("count", 0) for part in ("train", "validation"))


def _parts(report: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    named = [("To learn from", report.get("train", {})), ("To check with", report.get("validation", {}))]
    return [
        (name, {**part, "learned": f"{100 * part['trained_share']:.0f} %" if part["rows"] else "–"})
        for name, part in named
        if "trained_share" in part
    ]


@require_safe
def round(request: MemberRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    return render(request, "training/round.html", _round_context(project, round_pk))


@require_safe
def round_progress(request: MemberRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    """The part that changes. Its last answer carries no trigger, so the page stops asking."""
    project = project_for(request, pk, "manage")
    return render(request, "training/round.html#progress", _round_context(project, round_pk))


def _round_context(project: Project, round_pk: UUID) -> dict[str, Any]:
    of_itself = ("dataset_version", "base_model", "adapter", "created_by", "preflight")
    others = ("parent_adapter__round", "reward_adapter__round", "baseline_of__adapter")
    rows = project.rounds.select_related(*of_itself, *others)
    found = get_object_or_404(rows, pk=round_pk)
    run_dir = found.run_dir() if found.attempt else None
    latest = run_dir.events() if run_dir else []
    events = found.events()
    found.progress = progress.summarise(latest) or found.progress
    now = _with_words({**found.progress, **_at_the_end(found)})
    return {
        "project": project,
        "round": found,
        "sentence": sentence(found),
        "estimated": estimate_words.sentences(found.estimate | {"said": experience.said(found)}),
        "lessons": lessons_of(found),
        "rewarded": rewarded(found, events),
        "found": its_settings(latest),
        "now": now,
        "bar": progress.bar(now),
        "makes_a_judge": METHODS[found.method].judges,
        "likely": likely_in_words(found.result),
        "in_doubt": suspects.count(found),
        "of_pairs": suspects.of_pairs(found),
        "skipped": [event["message"] for event in latest if event["event"] == "skipped"],
        "tasks": task_losses(found, events),
        "order": arrangement_words.of_events(events),
        "beside": baselines.beside(found),
        "charts": _charts(found, events),
        "log": run_dir.log_tail(LOG_LINES) if run_dir else "",
        "settings": told(found.params),
        "mlflow": tracking.shown(found),
        "can_retry": found.is_final and found.status != Status.SUCCEEDED,
        "retry_helps": found.failure_code not in ITS_OWN_FAULT,
    }


def _at_the_end(round: TrainingRound) -> dict[str, Any]:
    """The measurements of the adapter that was kept, which may be an earlier one than the last."""
    names = ("eval_loss", "eval_reward_accuracy") if round.status == Status.SUCCEEDED else ()
    return {name: round.result[name] for name in names if round.result.get(name) is not None}


def _with_words(now: dict[str, Any]) -> dict[str, Any]:
    shares = ("reward_accuracy", "eval_reward_accuracy")
    return {**now, **{f"{name}_text": f"{100 * now[name]:.0f} %" for name in shares if now.get(name) is not None}}


def _charts(round: TrainingRound, events: list[dict[str, Any]]) -> list[Chart]:
    if round.method == RLOO.key:
        return _drawn(rewards.curves(events), events)
    lines = {
        "Loss by step": [("Training", "log", "loss"), ("Validation", "eval", "eval_loss")],
    }
    if round.method == KTO.key:
        lines["How clearly good answers are told from bad ones (reward margin)"] = [
            ("Training", "log", "rewards/margins"),
            ("Validation", "eval", "eval_rewards/margins"),
        ]
    if round.method in (DPO.key, REWARD.key):
        lines["Share of pairs where the chosen answer is preferred"] = [
            ("Training", "log", "rewards/accuracies"),
            ("Validation", "eval", "eval_rewards/accuracies"),
        ]
        lines["How clearly the chosen answer is preferred (reward margin)"] = [
            ("Training", "log", "rewards/margins"),
            ("Validation", "eval", "eval_rewards/margins"),
        ]
    return _drawn(lines, events)


def _drawn(lines: dict[str, list[tuple[str, str, str]]], events: list[dict[str, Any]]) -> list[Chart]:
    drawn = [
        line_chart(
            title,
            [Series(label, progress.series(events, event, name)) for label, event, name in measured],
            key=f"chart-{number}",
        )
        for number, (title, measured) in enumerate(lines.items(), start=1)
    ]
    return [chart for chart in drawn if chart]


@require_POST
def round_cancel(request: MemberRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.rounds, pk=round_pk)
    cancel_round(round=found, by=request.user)
    messages.success(request, f"Round {found.number} stops. This can take up to half a minute.")
    return redirect("round", project.pk, found.pk)


@require_POST
def round_retry(request: MemberRequest, pk: UUID, round_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = get_object_or_404(project.rounds, pk=round_pk)
    try:
        again = retry_round(round=found, by=request.user)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("round", project.pk, found.pk)
    messages.success(request, f"Round {again.number} repeats round {found.number} with the same settings.")
    return redirect("round", project.pk, again.pk)
