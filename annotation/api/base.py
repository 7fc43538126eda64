"""What the API views of all apps share: the project and the right to it, pages, and refusals."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms import Form
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from annotation.access import project_for
from annotation.actions import Refused
from annotation.models import Project
from annotation.pagination import Keyset


class TooLarge(APIException):
    """More than one request may bring; files go through imports."""

    status_code = 413
    default_detail = "The request is larger than 5 MB. Send it in parts, or import it as a file."
    default_code = "too_large"


class InProject(APIView):
    """404 for strangers, 403 for the wrong role: `acts` names, for each method, the act of annotation/access.py."""

    acts: ClassVar[dict[str, str]] = {"GET": "manage", "POST": "manage"}
    project: Project

    @property
    def person(self) -> User:
        """Who asks: nobody comes this far without having signed in."""
        assert isinstance(self.request.user, User)
        return self.request.user

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        act = self.acts.get("GET" if request.method in ("HEAD", "OPTIONS") else request.method or "", "manage")
        self.project = project_for(request, kwargs["pk"], act)
        is_file = request.content_type.startswith("multipart/")
        if not is_file and int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge


class ByPosition(Keyset):
    ordering = ("position",)


class Conflicting(APIException):
    """The present state does not allow it."""

    status_code = 409
    default_detail = "The present state does not allow this."
    default_code = "conflict"


class DetailSerializer(serializers.Serializer):
    """What is wrong, in a sentence."""

    detail = serializers.CharField()


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """As REST framework answers, and what an action refuses: 409 for the present state, 400 under its fields' names."""
    if isinstance(error, Refused):
        error = Conflicting(str(error))
    elif isinstance(error, ValidationError) and hasattr(error, "error_dict"):
        error = serializers.ValidationError(error.message_dict)
    elif isinstance(error, ValidationError):
        error = serializers.ValidationError({"non_field_errors": error.messages})
    return exception_handler(error, context)


def require_valid(form: Form) -> None:
    """What the page would say beside each field, as the API's answer."""
    if not form.is_valid():
        raise serializers.ValidationError({field: list(map(str, errors)) for field, errors in form.errors.items()})
