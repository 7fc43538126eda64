from __future__ import annotations

from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from annotation.forms.account import SignInForm
from annotation.models import Event, SignInLink

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
        _enter(request, form.get_user(), "password")
        return HttpResponseRedirect(target)
    status = 429 if form.seconds_to_wait else 422 if form.errors else 200
    return render(
        request, "annotation/sign_in.html", {"form": form, "next": request.GET.get("next", "")}, status=status
    )


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link only asks: mail and chat programs open links by themselves, and would use it up."""
    if request.method == "POST":
        user = SignInLink.redeem(token)
        if user is not None:
            _enter(request, user, "link")
            return redirect("home" if user.has_usable_password() else "account")
    person = _holder(token)
    return render(
        request,
        "annotation/sign_in_link.html",
        {"person": person, "expired": person is None},
        status=200 if person else 410,
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign_in")


def _holder(token: str) -> User | None:
    link = (
        SignInLink.objects.filter(token_sha256=SignInLink.digest(token), used_at=None, user__is_active=True)
        .filter(expires_at__gt=timezone.now())
        .select_related("user")
        .first()
    )
    return link.user if link else None


def _enter(request: HttpRequest, user: User, how: str) -> None:
    login(request, user, backend=BACKEND)
    Event.record("signed in", user, by=user, how=how)


def _next_url(request: HttpRequest) -> str:
    """Where the visitor was going, if that is a page of ours."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if ours else resolve_url("home")
