from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from knox.models import AuthToken

from annotation.actions.members import new_token, set_password
from annotation.forms.account import NameForm, PasswordForm, TokenForm
from annotation.models import Event

SIGN_INS_SHOWN = 5


@sensitive_post_parameters("current", "new_password1", "new_password2")
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Three forms on one page; `action` says which one was sent."""
    assert isinstance(request.user, User)
    user = User.objects.get(pk=request.user.pk)
    action = request.POST.get("action", "")
    data = request.POST if request.method == "POST" else None
    name = NameForm(data if action == "name" else None, instance=user)
    password = PasswordForm(user, data if action == "password" else None)
    token = TokenForm(data if action == "token" else None)
    if action == "name" and name.is_valid():
        name.save()
        messages.success(request, "Your name is saved.")
        return redirect("account")
    if action == "password" and password.is_valid():
        _change_password(request, user, password)
        return redirect("account")
    if action == "token" and token.is_valid():
        made = new_token(user=user, valid_for=timedelta(days=token.cleaned_data["days"]))
        return _show(request, user, name, password, token, made)
    return _show(request, user, name, password, token, "")


@require_POST
def token_revoke(request: HttpRequest, token_key: str) -> HttpResponse:
    assert isinstance(request.user, User)
    token = get_object_or_404(AuthToken, user=request.user, token_key=token_key)
    token.delete()
    Event.record("revoked an API token", request.user, by=request.user, token=token_key)
    messages.success(request, "The token is revoked: programs that use it are locked out from now on.")
    return redirect("account")


def _show(
    request: HttpRequest, user: User, name: NameForm, password: PasswordForm, token: TokenForm, new_token: str
) -> HttpResponse:
    return render(
        request,
        "annotation/account.html",
        {
            "form": name,
            "password_form": password,
            "token_form": token,
            "tokens": AuthToken.objects.filter(user=user).order_by("-created"),
            "new_token": new_token,
            "sign_ins": Event.objects.filter(actor=user, verb="signed in")[:SIGN_INS_SHOWN],
        },
        status=422 if name.errors or password.errors or token.errors else 200,
    )


def _change_password(request: HttpRequest, user: User, form: PasswordForm) -> None:
    set_password(user=user, password=form.cleaned_data["new_password1"])
    update_session_auth_hash(request, user)
    messages.success(
        request,
        "Your password is saved. Other devices are signed out, and older tokens and sign-in links no longer work.",
    )
