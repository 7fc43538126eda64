"""What the work screens share: the next item in the same answer, and the page when nothing is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, push_url

from annotation import queues
from annotation.access import ALLOWED, MemberRequest
from annotation.models import Lease, Project

TAKE: dict[str, Callable[[Project, User], Lease | None]] = {
    Lease.Kind.WRITE: queues.next_to_write,
    Lease.Kind.APPROVE: queues.next_to_approve,
    Lease.Kind.RANK: queues.next_to_rank,
}
SKIP_REASONS = ("Not my field", "The source is not enough", "The question is unclear", "It takes too long")
ShowLease = Callable[[MemberRequest, Project, Lease], HttpResponse]


def wants_part(request: MemberRequest) -> bool:
    """htmx asks for what changes on the page it has; for a page out of its history it needs the whole one."""
    htmx = request.htmx
    return bool(htmx) and not htmx.history_restore_request


def show(request: MemberRequest, template: str, context: dict[str, Any], url: str, status: int = 200) -> HttpResponse:
    """The page at `url`: whole, or the part of it that htmx puts in place of the item just done."""
    part = wants_part(request)
    frame = "annotation/part.html" if part else "base.html"
    response = render(
        request, template, {**context, "frame": frame, "here": url, "skip_reasons": SKIP_REASONS}, status=status
    )
    if part:
        return push_url(response, url)
    if request.path != url:
        response["Content-Location"] = url  # the queue's own page shows an item that has an address of its own
    return response


def enter(request: MemberRequest, project: Project, kind: str, lease: Lease | None, show: ShowLease) -> HttpResponse:
    """The queue's own page: the next item, without the detour of a redirect; or why there is none."""
    return show(request, project, lease) if lease else nothing_left(request, project, kind)


def take_next(request: MemberRequest, project: Project, kind: str) -> Lease | None:
    """For an answer that carries the next item; a plain form is led to the queue's page, which takes it then."""
    return TAKE[kind](project, request.user) if wants_part(request) else None


def show_next(
    request: MemberRequest, project: Project, kind: str, lease: Lease | None, show: ShowLease
) -> HttpResponse:
    return show(request, project, lease) if lease else to_next(request, project, kind)


def skips(request: MemberRequest) -> bool:
    """With the plain button, or with one that says why."""
    return request.POST.get("action") == "skip" or bool(request.POST.get("skip_reason"))


def skip(request: MemberRequest, project: Project, kind: str, item_id: UUID, show: ShowLease) -> HttpResponse:
    """A reason may come with it: one of the page's, or in one's own words."""
    lease = Lease.objects.filter(kind=kind, item_id=item_id, user=request.user).first()
    if lease:
        queues.release(lease)
        given = (request.POST.get("skip_words") or request.POST.get("skip_reason", "")).strip()
        Lease.objects.filter(pk=lease.pk).update(reason=given.replace("\0", "")[:500])
    return show_next(request, project, kind, take_next(request, project, kind), show)


def to_next(request: MemberRequest, project: Project, kind: str) -> HttpResponse:
    """Leave for the queue's own page, which finds the next item or says why there is none."""
    return leave_for(request, reverse(f"{kind}_next", args=[project.pk]))


def leave_for(request: MemberRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if wants_part(request) else redirect(url)


def nothing_left(request: MemberRequest, project: Project, kind: str) -> HttpResponse:
    role = request.role
    others = [
        {"label": Lease.Kind(other).label, "url_name": f"{other}_next"}
        for other in TAKE
        if other != kind and role in ALLOWED[other] and queues.has_work(project, other, request.user)
    ]
    reasons = queues.why_nothing(project, kind, request.user)
    context = {"word": kind, "reasons": reasons, "others": others}
    return render(request, "annotation/nothing_left.html", context)
