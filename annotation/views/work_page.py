"""What the work screens share: the next item in the same answer, and the page when nothing is left."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, push_url

from annotation import queues
from annotation.access import ALLOWED, MemberRequest
from annotation.models import Lease, Project

WORDS = {
    Lease.Kind.WRITE: "write",
    Lease.Kind.APPROVE: "approve",
    Lease.Kind.RANK: "rank",
}


def wants_part(request: MemberRequest) -> bool:
    """htmx asks for what changes on the page it has; for a page out of its history it needs the whole one."""
    htmx = request.htmx
    return bool(htmx) and not htmx.history_restore_request


def show(request: MemberRequest, template: str, context: dict[str, Any], url: str, status: int = 200) -> HttpResponse:
    """The page at `url`: whole, or the part of it that htmx puts in place of the item just done."""
    part = wants_part(request)
    frame = "annotation/part.html" if part else "base.html"
    response = render(request, template, {**context, "frame": frame, "here": url}, status=status)
    return push_url(response, url) if part else response


def to_next(request: MemberRequest, project: Project, kind: str) -> HttpResponse:
    """Leave for the queue's own page, which finds the next item or says why there is none."""
    url = reverse(f"{WORDS[Lease.Kind(kind)]}_next", args=[project.pk])
    return HttpResponseClientRedirect(url) if wants_part(request) else redirect(url)


def nothing_left(request: MemberRequest, project: Project, kind: str) -> HttpResponse:
    role = request.role
    others = [
        {"label": other.label, "url_name": f"{WORDS[other]}_next"}
        for other in WORDS
        if other != kind and role in ALLOWED[other] and queues.has_work(project, other, request.user)
    ]
    reasons = queues.why_nothing(project, kind, request.user)
    context = {"word": WORDS[Lease.Kind(kind)], "reasons": reasons, "others": others}
    return render(request, "annotation/nothing_left.html", context)
