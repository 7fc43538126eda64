from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions import swapped_copies
from annotation.actions.swapped_copies import Act
from annotation.api.base import InProject, require_valid
from annotation.forms.swapped_copies import form_of
from annotation.models import SwappedCopy
from annotation.pagination import Keyset


class SwappedCopySerializer(serializers.ModelSerializer[SwappedCopy]):
    original = serializers.UUIDField(source="original.prompt_id", help_text="The prompt it was copied from.")
    original_response = serializers.UUIDField(source="original_id")
    decided_by = serializers.CharField(source="decided_by.username", read_only=True, default=None)
    prompt = serializers.UUIDField(source="prompt_id", allow_null=True, help_text="Its own, once it was approved.")

    class Meta:
        model = SwappedCopy
        fields = [
            "id",
            "kind",
            "state",
            "original",
            "original_response",
            "instruction",
            "input",
            "history",
            "text",
            "doubts",
            "reason",
            "decided_by",
            "decided_at",
            "prompt",
            "created_at",
        ]


class OldestFirst(Keyset):
    ordering = ("created_at", "pk")


class SwappedCopies(InProject, generics.ListAPIView[SwappedCopy]):
    """Copies that were proposed, in the order in which they are to be decided on."""

    acts = {"GET": "approve"}
    serializer_class = SwappedCopySerializer
    pagination_class = OldestFirst
    filterset_fields = ["state", "kind"]
    queryset = SwappedCopy.objects.none()

    def get_queryset(self) -> QuerySet[SwappedCopy]:
        return self.project.swapped_copies.select_related("original", "decided_by")


class CopyDecisionSerializer(serializers.Serializer[Any]):
    act = serializers.ChoiceField(choices=Act.choices)
    instruction = serializers.CharField(required=False, trim_whitespace=False, help_text="Approve with this instead.")
    input = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    text = serializers.CharField(required=False, trim_whitespace=False, help_text="The response, likewise.")
    reason = serializers.CharField(required=False, help_text="Why it is dismissed.")


class SwappedCopyDecide(InProject, APIView):
    """Approve one as it is or changed, dismiss it, or take the decision back. 409 when somebody was faster."""

    acts = {"POST": "approve"}

    @extend_schema(request=CopyDecisionSerializer, responses=SwappedCopySerializer)
    def post(self, request: Request, pk: str, copy_pk: str) -> Response:
        sent = CopyDecisionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        rows = self.project.swapped_copies.select_related("project", "original", "prompt", "decided_by")
        found = get_object_or_404(rows, pk=copy_pk)
        act = sent.validated_data.pop("act")
        form = form_of(act, found, sent.validated_data)
        require_valid(form)
        swapped_copies.decide(copy=found, act=act, by=self.person, **form.cleaned_data)
        return Response(SwappedCopySerializer(rows.get(pk=found.pk)).data)
