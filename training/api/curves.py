from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from annotation.downloads import attachment
from training.actions import write_to_mlflow
from training.monitoring import curves, tracking


class RoundTensorBoard(InProject):
    acts = {"GET": "manage"}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID, round_pk: UUID) -> HttpResponse:
        """The round's curves as a TensorBoard event file."""
        name, content = curves.event_file(get_object_or_404(self.project.rounds, pk=round_pk))
        if not content:
            raise Http404("Nothing was measured")
        return attachment(HttpResponse(content, content_type="application/octet-stream"), name)


class MLflowSerializer(serializers.Serializer[Any]):
    owed = serializers.BooleanField(help_text="It is to be written.", default=False)
    problem = serializers.CharField(help_text="Why it could not be written; empty otherwise.", default="")
    address = serializers.CharField(help_text="Of the server it was written to.", default="")
    experiment_id = serializers.CharField(default="")
    run_id = serializers.CharField(default="")
    written_at = serializers.DateTimeField(allow_null=True, default=None)


class RoundMLflow(InProject):
    """Whether a round stands on the MLflow server; POST has it written, again if need be."""

    @extend_schema(responses=MLflowSerializer)
    def get(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """Whether a round stands on the MLflow server, or why not."""
        return Response(MLflowSerializer(tracking.told(get_object_or_404(self.project.rounds, pk=round_pk))).data)

    @extend_schema(request=None, responses={202: MLflowSerializer})
    def post(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """Have a round that is over written to the MLflow server, again if need be."""
        round = get_object_or_404(self.project.rounds.select_related("project"), pk=round_pk)
        write_to_mlflow(round=round, by=self.person)
        return Response(MLflowSerializer(tracking.told(round)).data, status=status.HTTP_202_ACCEPTED)
