"""Cleaning: runs that look for what should not be in the texts, what they found, and the project's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import ADMIN, MemberRequest, project_for
from annotation.actions import Refused, cleaning
from annotation.cleaning import KINDS, Kind
from annotation.forms.cleaning import GROUPS, PatternForm, RunForm, TermForm
from annotation.models import BulkDecision, Finding, Project

LATELY = 10


@dataclass
class OfKind:
    kind: Kind
    open: int = 0
    confirmed: int = 0
    dismissed: int = 0


@require_http_methods(["GET", "HEAD", "POST"])
def cleaning_page(request: MemberRequest, pk: UUID) -> HttpResponse:
    """What was found, by kind; posting starts a run."""
    project = project_for(request, pk, "manage" if request.method == "POST" else "clean")
    form = RunForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            cleaning.start(project=project, by=request.user, **form.cleaned_data)
        except Refused as refused:
            messages.error(request, str(refused))
        return redirect("cleaning", project.pk)
    runs = list(project.cleaningruns.select_related("created_by")[:LATELY])
    bulks = project.bulkdecisions.select_related("created_by", "undone").filter(undoes=None)
    context = {
        "project": project,
        "form": form,
        "admin": request.role in ADMIN,
        "run": runs[0] if runs else None,
        "runs": runs[1:],
        "groups": _by_group(project, request),
        "bulks": bulks[:LATELY] if request.role in ADMIN else bulks.filter(created_by=request.user)[:LATELY],
    }
    return render(request, "annotation/cleaning.html", context, status=422 if form.errors else 200)


def _by_group(project: Project, request: MemberRequest) -> list[tuple[str, list[OfKind]]]:
    found = {name: OfKind(kind) for name, kind in KINDS.items()}
    rows = cleaning.visible(project, request.user, request.role).exclude(status=Finding.Status.OUTDATED)
    for kind, status, number in rows.order_by().values_list("kind", "status").annotate(number=Count("pk")):
        setattr(found[kind], status, number)
    listed = [each for each in found.values() if each.open or each.confirmed or each.dismissed]
    by_group = [(label, [each for each in listed if each.kind.group == group]) for group, label in GROUPS.items()]
    return [(label, kinds) for label, kinds in by_group if kinds]


@require_POST
def cleaning_run(request: MemberRequest, pk: UUID, run_pk: UUID) -> HttpResponse:
    """`action` is stop or resume."""
    project = project_for(request, pk, "manage")
    run = get_object_or_404(project.cleaningruns, pk=run_pk)
    acts = {"stop": cleaning.stop, "resume": cleaning.resume}
    try:
        if request.POST.get("action") in acts:
            acts[request.POST["action"]](run=run, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("cleaning", project.pk)


@require_POST
def findings_undo(request: MemberRequest, pk: UUID, bulk_pk: UUID) -> HttpResponse:
    """Takes a decision about many back; of an admin anybody's, of others their own."""
    project = project_for(request, pk, "clean")
    bulks = project.bulkdecisions.all() if request.role in ADMIN else _own(project, request)
    bulk = get_object_or_404(bulks.select_related("project"), pk=bulk_pk, undoes=None)
    try:
        back = cleaning.undo_all(bulk=bulk, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        done = f"{back.done:,} are open again." if not back.is_unfinished else "The worker opens them again."
        messages.success(request, f"Taken back. {done}")
    return redirect("cleaning", project.pk)


def _own(project: Project, request: MemberRequest) -> Any:
    return BulkDecision.objects.filter(project=project, created_by=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def glossary(request: MemberRequest, pk: UUID) -> HttpResponse:
    """`action` is term, pattern, or remove_term and remove_pattern with the row's number."""
    project = project_for(request, pk, "manage")
    action = request.POST.get("action", "")
    if action.startswith("remove_"):
        return _remove(request, project, action)
    term = TermForm(request.POST if action == "term" else None)
    pattern = PatternForm(request.POST if action == "pattern" else None)
    if (action == "term" and _saved(term, cleaning.add_term, project, request)) or (
        action == "pattern" and _saved(pattern, cleaning.add_pattern, project, request)
    ):
        messages.success(request, "Kept. The next cleaning run looks for it.")
        return redirect("glossary", project.pk)
    context = {
        "project": project,
        "term_form": term,
        "pattern_form": pattern,
        "terms": project.glossary.all(),
        "patterns": project.text_patterns.all(),
    }
    bad = bool(term.errors or pattern.errors)
    return render(request, "annotation/glossary.html", context, status=422 if bad else 200)


def _saved(form: Form, save: Any, project: Project, request: MemberRequest) -> bool:
    if not form.is_valid():
        return False
    try:
        save(project=project, by=request.user, **form.cleaned_data)
    except ValidationError as refused:
        form.add_error(None, refused)
        return False
    return True


def _remove(request: MemberRequest, project: Project, action: str) -> HttpResponse:
    number = request.POST.get("which", "")
    which = int(number) if number.isascii() and number.isdigit() and len(number) < 18 else 0
    if action == "remove_term":
        cleaning.remove_term(term=get_object_or_404(project.glossary, pk=which), by=request.user)
    else:
        cleaning.remove_pattern(pattern=get_object_or_404(project.text_patterns, pk=which), by=request.user)
    messages.success(request, "Removed. What was found by it stays until somebody decides.")
    return redirect("glossary", project.pk)
