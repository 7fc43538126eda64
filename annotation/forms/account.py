from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from annotation import brake


class SignInForm(AuthenticationForm):
    """Name and password; after several wrong ones each further try has to wait."""

    error_messages = {
        "invalid_login": "This name and password do not belong together. Capital letters count in both.",
        "inactive": "This account is closed. Ask your project's admin.",
    }
    seconds_to_wait = 0

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "User name"
        self.fields["username"].widget.attrs["autocomplete"] = "username"

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not username or not password or self.request is None:
            return self.cleaned_data
        address = brake.address_of(self.request)
        self.seconds_to_wait = brake.begin_try(username, address)
        if self.seconds_to_wait:
            raise ValidationError(
                f"Too many wrong passwords. Try again in {brake.words_for(self.seconds_to_wait)}, "
                "or ask your project's admin for a sign-in link."
            )
        cleaned = super().clean()
        brake.forgive(username, address)
        return cleaned


class NameForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = True
        self.fields["email"].help_text = "Only for your colleagues here; nothing is sent to it."


class PasswordForm(SetPasswordForm):
    """A new password; the present one is asked for, if there is one."""

    current = forms.CharField(
        label="Present password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ["current", "new_password1", "new_password2"]

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields["new_password2"].label = "The same password again"
        self.fields["new_password1"].help_text = "At least 12 characters. Four or five unrelated words do well."
        self.fields["new_password2"].help_text = ""
        if not user.has_usable_password():
            del self.fields["current"]

    def clean_current(self) -> str:
        current = self.cleaned_data["current"]
        if not self.user.check_password(current):
            raise ValidationError("This is not your present password.")
        return current


class TokenForm(forms.Form):
    days = forms.TypedChoiceField(
        label="Valid for",
        coerce=int,
        choices=[(30, "30 days"), (90, "90 days"), (365, "One year")],
        initial=90,
    )
