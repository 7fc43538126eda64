from __future__ import annotations

from typing import Any

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from annotation.actions.members import usable_link
from annotation.forms.account import SignInForm
from annotation.models import Event, name_of

BACKEND = "django.contrib.auth.backends.ModelBackend"


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    target = _next_url(request)
    if request.user.is_authenticated:
        return HttpResponseRedirect(target)
    form = SignInForm(request, data=request.POST or None)
    if request.method == "POST" and form.is_valid():
        _enter(request, form.get_user(), how="password")
        return HttpResponseRedirect(target)
    status = 429 if form.seconds_to_wait else 422 if form.errors else 200
    return render(
        request, "annotation/sign_in.html", {"form": form, "next": request.GET.get("next", "")}, status=status
    )


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link only asks: mail and chat programs open links by themselves, and would use it up."""
    link = usable_link(token)
    if request.method == "POST" and link:
        if link.redeem():
            _enter(request, link.user, how="link", made_by=name_of(link.made_by) if link.made_by else "")
            return redirect("home" if link.user.has_usable_password() else "account")
        link = None
    return render(
        request,
        "annotation/sign_in_link.html",
        {"person": link and link.user, "expired": link is None},
        status=200 if link else 410,
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign_in")


def _enter(request: HttpRequest, user: User, **how: Any) -> None:
    login(request, user, backend=BACKEND)
    Event.record("signed in", user, by=user, **how)


def _next_url(request: HttpRequest) -> str:
    """Where the visitor was going, if that is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if ours else resolve_url("home")
