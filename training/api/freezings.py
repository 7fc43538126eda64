from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.base import InProject
from training import actions
from training.models import FreezeRun


class FreezingSerializer(serializers.ModelSerializer[FreezeRun]):
    """`version` is there once it is frozen; after a preview `train_rows` and `validation_rows` are."""

    preview = serializers.BooleanField(source="only_look")
    train_rows = serializers.SerializerMethodField(help_text="Counted by a preview.")
    validation_rows = serializers.SerializerMethodField(help_text="Counted by a preview.")

    class Meta:
        model = FreezeRun
        fields = [
            *("id", "kind", "status", "step", "done", "total", "problem", "preview"),
            *("train_rows", "validation_rows", "version", "is_new", "created_at", "finished_at"),
        ]

    def get_train_rows(self, run: FreezeRun) -> int | None:
        return self._counted(run, "train")

    def get_validation_rows(self, run: FreezeRun) -> int | None:
        return self._counted(run, "validation")

    def _counted(self, run: FreezeRun, part: str) -> int | None:
        found: Any = run.state.get(part)
        return found


class Freezings(InProject, generics.ListAPIView[FreezeRun]):
    """What was frozen or counted by the worker or while somebody waited, the newest first."""

    serializer_class = FreezingSerializer
    queryset = FreezeRun.objects.none()

    def get_queryset(self) -> QuerySet[FreezeRun]:
        return self.project.freezeruns.all()


class OfFreezing(InProject, APIView):
    def run(self, run_pk: UUID) -> FreezeRun:
        return get_object_or_404(self.project.freezeruns.select_related("project"), pk=run_pk)


class Freezing(OfFreezing):
    acts = {"GET": "manage"}

    @extend_schema(responses=FreezingSerializer)
    def get(self, request: Request, pk: UUID, run_pk: UUID) -> Response:
        """How far it is."""
        return Response(FreezingSerializer(self.run(run_pk)).data)


class FreezingStop(OfFreezing):
    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=FreezingSerializer)
    def post(self, request: Request, pk: UUID, run_pk: UUID) -> Response:
        """After the part under way; no version is made. Too late once the version is there."""
        run = self.run(run_pk)
        actions.stop_freezing(run=run, by=self.person)
        run.refresh_from_db()
        return Response(FreezingSerializer(run).data)


class FreezingResume(OfFreezing):
    acts = {"POST": "manage"}

    @extend_schema(request=None, responses={202: FreezingSerializer})
    def post(self, request: Request, pk: UUID, run_pk: UUID) -> Response:
        """Begin again what was stopped or failed, with what there is now."""
        run = self.run(run_pk)
        actions.resume_freezing(run=run, by=self.person)
        return Response(FreezingSerializer(run).data, status=status.HTTP_202_ACCEPTED)
