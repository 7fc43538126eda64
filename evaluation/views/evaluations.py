from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from annotation.access import MemberRequest, project_for
from annotation.actions import Refused
from annotation.models import Project, Role, name_of
from evaluation import actions, charts, results, verdicts
from evaluation.comparison import compare
from evaluation.forms import EvaluationForm, FreezeSetForm, ReviewersForm
from evaluation.models import Contestant, Evaluation
from evaluation.progress import Progress, progress_of, visible_to
from evaluation.slices import by_task_type
from training.tasks import worker_is_running


@require_http_methods(["GET", "HEAD", "POST"])
def evaluations(request: MemberRequest, pk: UUID) -> HttpResponse:
    """The list; a POST freezes an evaluation set."""
    project = project_for(request, pk, "manage" if request.method == "POST" else "read results")
    form = FreezeSetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _freeze(request, project, form):
        return redirect("evaluations", project.pk)
    found = list(
        project.evaluations.with_review_counts()
        .select_related("evaluation_set")
        .prefetch_related(Prefetch("contestants", Contestant.objects.select_related("adapter__round", "base_model")))
    )
    rows = [(each, Progress(list(each.contestants.all()), each.reviews_wanted, each.reviews_in)) for each in found]
    context = {
        "form": form,
        "rows": rows,
        "sets": project.evaluation_sets.with_prompt_counts(),
        "held_out": project.prompts.held_out().exclude(reference="").count(),
    }
    return render(request, "evaluation/evaluations.html", context, status=422 if form.errors else 200)


def _freeze(request: MemberRequest, project: Project, form: FreezeSetForm) -> bool:
    known = set(project.evaluation_sets.values_list("pk", flat=True))
    try:
        frozen = actions.freeze_evaluation_set(project=project, by=request.user, name=form.cleaned_data["name"])
    except ValidationError as error:
        form.add_error(None, error)
        return False
    if frozen.pk in known:
        messages.info(request, f"Nothing has changed since {frozen} was frozen, so there is no new set.")
    else:
        messages.success(request, f"{frozen} is frozen.")
    return True


@require_http_methods(["GET", "HEAD", "POST"])
def evaluation_create(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    form = EvaluationForm(request.POST if request.method == "POST" else None, project=project)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.start_evaluation(project=project, by=request.user, **form.values())
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as refusal:
            form.add_error("people", str(refusal))
        else:
            return redirect("evaluation", project.pk, made.pk)
    context = {"form": form, "has_sets": project.evaluation_sets.exists()}
    return render(request, "evaluation/evaluation_create.html", context, status=422 if form.errors else 200)


@require_safe
def evaluation(request: MemberRequest, pk: UUID, evaluation_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "read results")
    return _show(request, project, _evaluation(project, evaluation_pk))


def _show(
    request: MemberRequest, project: Project, found: Evaluation, chosen: ReviewersForm | None = None
) -> HttpResponse:
    progress = progress_of(found)
    context = {**_state(request, found, progress), "visible": visible_to(found, request.user, progress)}
    if found.reviewed_prompts and not progress.complete:
        named = found.reviewers
        initial = {"people": list(map(str, named.people)), "roles": named.roles} if named else {}
        context["reviewers"] = reviewers_in_words(found)
        context["reviewers_form"] = chosen or ReviewersForm(project=project, initial=initial)
    if context["visible"] and progress.answered:
        comparison = compare(found, progress.contestants)
        context |= {
            "comparison": comparison,
            "verdicts": verdicts.verdicts(comparison),
            "groups": results.groups(comparison),
            "slices": [(each, results.groups_of(each)) for each in by_task_type(comparison)],
            "charts": charts.review_charts(comparison) if comparison.reviews_in else [],
        }
    status = 422 if chosen and chosen.errors else 200
    return render(request, "evaluation/evaluation.html", context, status=status)


@require_POST
def evaluation_reviewers(request: MemberRequest, pk: UUID, evaluation_pk: UUID) -> HttpResponse:
    """Choose who scores from now on."""
    project = project_for(request, pk, "manage")
    found = _evaluation(project, evaluation_pk)
    form = ReviewersForm(request.POST, project=project)
    if form.is_valid():
        people, roles = form.reviewers()
        try:
            actions.choose_reviewers(evaluation=found, by=request.user, people=people, roles=roles)
        except Refused as refusal:
            form.add_error("people", str(refusal))
        else:
            messages.success(request, f"Outputs go to {reviewers_in_words(found)} from now on.")
            return redirect("evaluation", project.pk, found.pk)
    return _show(request, project, found, form)


def reviewers_in_words(found: Evaluation) -> str:
    if found.reviewers is None:
        return "everybody in the project"
    users = {user.pk: name_of(user) for user in User.objects.filter(pk__in=found.reviewers.people)}
    roles = [f"{label.lower()}s" for role, label in Role.choices if role in found.reviewers.roles]
    return ", ".join([*roles, *(users[pk] for pk in found.reviewers.people if pk in users)])


@require_safe
def evaluation_progress(request: MemberRequest, pk: UUID, evaluation_pk: UUID) -> HttpResponse:
    """What the page polls while something is under way. When a stage has ended the whole page is loaded again."""
    project = project_for(request, pk, "read results")
    found = _evaluation(project, evaluation_pk)
    progress = progress_of(found)
    if request.GET.get("stage") != _stage(progress):
        return HttpResponseClientRefresh()
    return render(request, "evaluation/evaluation.html#progress", _state(request, found, progress))


def _state(request: MemberRequest, found: Evaluation, progress: Progress) -> dict[str, Any]:
    return {
        "evaluation": found,
        "progress": progress,
        "stage": _stage(progress),
        "is_admin": request.role == Role.ADMIN,
        "no_worker": progress.generating and not worker_is_running(),
    }


def _stage(progress: Progress) -> str:
    """Changes when the page as a whole has something new to say."""
    return f"{progress.word[0]}-{len(progress.answered)}-{len(progress.failed)}"


def _evaluation(project: Project, pk: UUID) -> Evaluation:
    found = get_object_or_404(project.evaluations.select_related("evaluation_set", "created_by", "reviewers"), pk=pk)
    found.project = project
    return found


@require_POST
def evaluation_open(request: MemberRequest, pk: UUID, evaluation_pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "manage")
    found = _evaluation(project, evaluation_pk)
    actions.open_results(evaluation=found, by=request.user)
    messages.info(request, "You see the results now; the outputs of this evaluation are for others to score.")
    return redirect("evaluation", project.pk, found.pk)


@require_POST
def contestant_act(request: MemberRequest, pk: UUID, contestant_pk: UUID, act: str) -> HttpResponse:
    project = project_for(request, pk, "manage")
    contestants = Contestant.objects.filter(evaluation__project=project).select_related("evaluation__project")
    contestant = get_object_or_404(contestants, pk=contestant_pk)
    try:
        if act == "retry":
            actions.retry_contestant(contestant=contestant, by=request.user)
            messages.success(request, "It is queued again.")
        else:
            actions.leave_out(contestant=contestant, by=request.user)
            messages.success(request, "It is left out; the others go on.")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("evaluation", project.pk, contestant.evaluation_id)
