from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training.leaks import gate
from training.models import DatasetVersion, Leak, LeakCheck


class LeakSerializer(serializers.ModelSerializer[Leak]):
    held_out = serializers.CharField(source="held_out.name", help_text="The held-out prompt.")
    held_out_prompt = serializers.UUIDField(source="held_out.prompt_id")
    frozen_in = serializers.CharField(source="held_out.frozen_in", help_text="The first evaluation set it was in.")

    class Meta:
        model = Leak
        fields = [
            "row_id",
            "name",
            "place",
            "kind",
            "similarity",
            "text",
            "passage",
            "against",
            "held_out",
            "held_out_prompt",
            "frozen_in",
        ]


class LeakCheckSerializer(serializers.ModelSerializer[LeakCheck]):
    is_compared = serializers.SerializerMethodField(help_text="With all that is held out by now.")

    class Meta:
        model = LeakCheck
        fields = ["status", "done", "total", "problem", "compared_at", "is_compared"]

    def get_is_compared(self, check: LeakCheck) -> bool:
        return gate.is_compared(check)


class DatasetLeaks(InProject, generics.ListAPIView[Leak]):
    """Rows of a version that give held-out prompts away, most alike first; POST compares with what is new."""

    serializer_class = LeakSerializer
    queryset = Leak.objects.none()
    filterset_fields = ["kind", "place", "against"]

    def _version(self) -> DatasetVersion:
        return get_object_or_404(self.project.dataset_versions.select_related("project"), pk=self.kwargs["dataset_pk"])

    def get_queryset(self) -> QuerySet[Leak]:
        return self._version().leaks.worst_first().select_related("held_out")

    @extend_schema(request=None, responses={202: LeakCheckSerializer})
    def post(self, request: Request, pk: UUID, dataset_pk: UUID, **kwargs: Any) -> Response:
        return Response(LeakCheckSerializer(gate.look(self._version())).data, status.HTTP_202_ACCEPTED)
