"""What was found: the list, one at a time by keyboard, and all of a kind at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from annotation import diff
from annotation.access import SENIOR, MemberRequest, project_for
from annotation.actions import Refused, cleaning
from annotation.cleaning import KINDS
from annotation.cleaning_runs import cleanable
from annotation.diff import Piece
from annotation.forms.cleaning import DecideAllForm, DecisionForm, FindingsFilter
from annotation.ids import as_uuid
from annotation.models import (
    Candidate,
    Decision,
    Demonstration,
    Document,
    Finding,
    FindingQuerySet,
    Project,
    Prompt,
    Split,
)
from annotation.queues import sets_of

SHOWN = 50
AROUND = 2_500  # characters of the text before and behind the place
NEAR = 160  # characters around it in what it would become
NEIGHBOURS = 20
SAMPLES = 8
Status = Finding.Status
DONE = {"confirm": "Confirmed.", "dismiss": "Dismissed.", "undo": "Open again."}


@require_safe
def findings(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "clean")
    filter = FindingsFilter(request.GET)
    rows = _chosen(project, request, filter)
    start = as_uuid(request.GET.get("from", ""))
    listed = list((rows.filter(id__gt=start) if start else rows).order_by("id")[: SHOWN + 1])
    query = urlencode({name: value for name, value in filter.chosen.items() if value})
    context = {
        "project": project,
        "filter": filter,
        "chosen": filter.chosen,
        "kind": KINDS.get(filter.chosen["kind"]),
        "number": rows.count(),
        "rows": listed[:SHOWN],
        "query": query,
        "first": f"?{query}" if start else "",
        "next": f"?{query}&from={listed[SHOWN - 1].pk}" if len(listed) > SHOWN else "",
    }
    return render(request, "annotation/findings.html", context)


def _chosen(project: Project, request: MemberRequest, filter: FindingsFilter) -> FindingQuerySet:
    rows = cleaning.visible(project, request.user, request.role).filter(status=filter.chosen["status"])
    return rows.filter(kind=filter.chosen["kind"]) if filter.chosen["kind"] else rows


@require_http_methods(["GET", "HEAD", "POST"])
def findings_decide(request: MemberRequest, pk: UUID) -> HttpResponse:
    """All open ones of a kind: first how many and some of them, then the decision."""
    project = project_for(request, pk, "clean")
    form = DecideAllForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        messages.error(request, "Choose a kind first.")
        return redirect("findings", project.pk)
    kind, act = form.cleaned_data["kind"], form.cleaned_data["act"]
    if request.method == "POST":
        try:
            bulk = cleaning.decide_all(
                project=project, kind=kind, act=act, by=request.user, expected=form.cleaned_data["expected"]
            )
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect(f"{reverse('findings', args=[project.pk])}?{urlencode({'kind': kind})}")
        done = f"{bulk.done:,} decided." if not bulk.is_unfinished else "The worker decides them now."
        messages.success(request, f"{done} It can be taken back below.")
        return redirect("cleaning", project.pk)
    rows = cleaning.visible(project, request.user, request.role).open().filter(kind=kind)
    context = {
        "project": project,
        "kind": KINDS[kind],
        "act": act,
        "number": rows.count(),
        "samples": rows.order_by("id")[:SAMPLES],
    }
    return render(request, "annotation/findings_decide.html", context)


# --- One finding --------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def finding(request: MemberRequest, pk: UUID, finding_pk: UUID) -> HttpResponse:
    """After a decision the next open one of the kind (`?kind=`); `?after=` goes there without one."""
    project = project_for(request, pk, "clean")
    rows = cleaning.visible(project, request.user, request.role)
    found = get_object_or_404(rows.select_related(*_OF, "decided_by"), pk=finding_pk)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    if request.method != "POST":
        if "next" in request.GET:
            return _to_next(request, project, rows, found, kind)
        return _show(request, project, rows, found, kind)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _show(request, project, rows, found, kind, refusal="Choose: confirm or dismiss.", status=422)
    act = form.cleaned_data["act"]
    try:
        if act == Decision.UNDO:
            cleaning.undo(finding=found, by=request.user)
            messages.success(request, DONE[act])
            return redirect(_address(found, kind))
        cleaning.decide(finding=found, act=act, by=request.user, replacement=form.typed)
    except (Refused, ValidationError) as refused:
        found = rows.select_related(*_OF, "decided_by").get(pk=found.pk)
        said = refused.messages[0] if isinstance(refused, ValidationError) else str(refused)
        return _show(request, project, rows, found, kind, refusal=said, typed=form.typed, status=409)
    messages.success(request, DONE[act])
    return _to_next(request, project, rows, found, kind, decided=True)


_OF = ("prompt", "demonstration__prompt", "candidate__comparison__prompt", "document")


def _address(found: Finding, kind: str, **more: object) -> str:
    query = urlencode({name: value for name, value in {"kind": kind, **more}.items() if value})
    path = reverse("finding", args=[found.project_id, found.pk])
    return f"{path}?{query}" if query else path


def _to_next(
    request: MemberRequest, project: Project, rows: FindingQuerySet, found: Finding, kind: str, decided: bool = False
) -> HttpResponse:
    """Behind this one, then from the first again."""
    waiting = rows.open().exclude(pk=found.pk).order_by("id")
    waiting = waiting.filter(kind=kind) if kind else waiting
    following = waiting.filter(id__gt=found.pk).first() or waiting.first()
    if following is None:
        messages.info(request, "That was the last open one.")
        query = urlencode({"kind": kind}) if kind else ""
        return redirect(f"{reverse('findings', args=[project.pk])}?{query}")
    return redirect(_address(following, kind, before=found.pk if decided else ""))


@dataclass(frozen=True)
class Marked:
    """The text in three: what stands before the place, the place, and what comes after; cut off where it is long."""

    before: str
    place: str
    after: str
    cut_before: bool
    cut_after: bool


def _show(
    request: MemberRequest,
    project: Project,
    rows: FindingQuerySet,
    found: Finding,
    kind: str,
    *,
    refusal: str = "",
    typed: str | None = None,
    status: int = 200,
) -> HttpResponse:
    text = cleaning.text_of(found)
    current = text is not None and cleanable.hashed(text) == found.text_sha256
    instead = (found.replacement or "") if typed is None else typed
    before = as_uuid(request.GET.get("before", ""))
    alike = rows.filter(project=project, item=found.item).exclude(pk=found.pk).exclude(status=Status.OUTDATED)
    context = {
        "project": project,
        "finding": found,
        "current": current,
        "open": found.status == Status.OPEN and current,
        "decided": found.status in (Status.CONFIRMED, Status.DISMISSED),
        "marked": _marked(text or "", found, whole="whole" in request.GET) if current else None,
        "text": text or "",
        "instead": instead,
        "becomes": _becomes(text or "", found, instead) if current and found.replaces else None,
        "where": _where(found),
        "other": _other(found, project, request),
        "neighbours": alike.order_by("start", "id")[:NEIGHBOURS],
        "decisions": found.decisions.select_related("by", "bulk"),
        "before": rows.filter(pk=before, decided_by=request.user).first() if before else None,
        "kind": KINDS.get(kind),
        "waiting": _waiting(rows, kind),
        "most": MOST_COUNTED,
        "refusal": refusal,
        "here": _address(found, kind),
        "onwards": _address(found, kind, next=1),
    }
    return render(request, "annotation/finding.html", context, status=status)


MOST_COUNTED = 1_000


def _waiting(rows: FindingQuerySet, kind: str) -> int:
    waiting: QuerySet[Finding] = rows.open().filter(kind=kind) if kind else rows.open()
    return waiting.order_by()[:MOST_COUNTED].count()


def _marked(text: str, found: Finding, whole: bool) -> Marked:
    around = len(text) if whole else AROUND
    if found.is_whole:
        return Marked("", "", text[: 2 * around], False, len(text) > 2 * around)
    first, last = max(0, found.start - around), min(len(text), found.end + around)
    return Marked(
        text[first : found.start], text[found.start : found.end], text[found.end : last], first > 0, last < len(text)
    )


def _becomes(text: str, found: Finding, instead: str) -> list[Piece]:
    first, last = max(0, found.start - NEAR), min(len(text), found.end + NEAR)
    head = ("…" if first else "") + text[first : found.start]
    tail = text[found.end : last] + ("…" if last < len(text) else "")
    pieces = [Piece("same", head), *diff.words(text[found.start : found.end], instead), Piece("same", tail)]
    return [piece for piece in pieces if piece.text]


def _where(found: Finding) -> dict[str, Any]:
    """Which text it is, as people call it, with the question of an answer."""
    if found.document:
        return {"name": str(found.document), "what": "Text of the corpus", "prompt": None}
    if found.prompt:
        what = "Reference of a held-out prompt" if found.field == cleanable.REFERENCE else "Prompt"
        return {"name": str(found.prompt), "what": f"{what}, {found.field}", "prompt": None}
    if found.demonstration:
        asked: Prompt = found.demonstration.prompt
        return {"name": str(asked), "what": "Response", "prompt": asked}
    assert found.candidate is not None
    asked = found.candidate.comparison.prompt
    return {"name": str(asked), "what": "Candidate to rank", "prompt": asked}


def _other(found: Finding, project: Project, request: MemberRequest) -> dict[str, str] | None:
    """The text that it is compared with: of an expert only what every expert may see."""
    row = cleanable.row_of(found.other) if found.other else None
    if row is None:
        return None
    if request.role not in SENIOR and _is_hidden(row, project, request):
        return None
    name = str(row.prompt) if isinstance(row, Demonstration) else str(row)
    texts = {field: text for field, text in cleanable.texts_of(row).items() if field != cleanable.REFERENCE}
    return {"name": name, "text": "\n\n".join(texts.values())[: 2 * AROUND]}


def _is_hidden(row: Prompt | Demonstration | Candidate | Document, project: Project, request: MemberRequest) -> bool:
    """Answers, held-out prompts, and prompts that are kept for others."""
    if not isinstance(row, Prompt):
        return isinstance(row, Demonstration)
    kept = row.assignment_id is not None and row.assignment_id not in sets_of(project, request.user)
    return kept or row.split == Split.EVALUATION
