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
from annotation.bias.swapping import CHOICES
from training import actions
from training.actions.swapping import MOST_COPIES
from training.api.base import found_in
from training.models import BiasAudit, SwapRun


class AuditSerializer(serializers.ModelSerializer[BiasAudit]):
    class Meta:
        model = BiasAudit
        fields = ["id", "status", "dataset_version", "done", "total", "problem", "created_at", "finished_at"]


class AuditReportSerializer(AuditSerializer):
    """`report` is empty until it is done, and never changes then."""

    class Meta(AuditSerializer.Meta):
        fields = [*AuditSerializer.Meta.fields, "report"]


class AuditStartSerializer(serializers.Serializer[Any]):
    dataset_version = serializers.UUIDField(
        required=False, allow_null=True, help_text="Without it: the project as it stands."
    )


class Audits(InProject, generics.ListAPIView[BiasAudit]):
    """The project's bias audits, the newest first; POST starts one, which the worker does."""

    serializer_class = AuditSerializer
    queryset = BiasAudit.objects.none()

    def get_queryset(self) -> QuerySet[BiasAudit]:
        return self.project.biasaudits.defer("report", "state")

    @extend_schema(request=AuditStartSerializer, responses={202: AuditSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = AuditStartSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        chosen = found_in(self.project, given.validated_data)
        audit = actions.start_audit(project=self.project, by=self.person, **chosen)
        return Response(AuditSerializer(audit).data, status=status.HTTP_202_ACCEPTED)


class OfAudit(InProject, APIView):
    def audit(self, audit_pk: UUID) -> BiasAudit:
        return get_object_or_404(self.project.biasaudits, pk=audit_pk)


class Audit(OfAudit):
    acts = {"GET": "manage"}

    @extend_schema(responses=AuditReportSerializer)
    def get(self, request: Request, pk: UUID, audit_pk: UUID) -> Response:
        """With its report, once it is done."""
        return Response(AuditReportSerializer(self.audit(audit_pk)).data)


class AuditStop(OfAudit):
    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=AuditSerializer)
    def post(self, request: Request, pk: UUID, audit_pk: UUID) -> Response:
        """What it has read stays; it can be resumed."""
        audit = self.audit(audit_pk)
        actions.stop_audit(audit=audit, by=self.person)
        audit.refresh_from_db()
        return Response(AuditSerializer(audit).data)


class AuditResume(OfAudit):
    acts = {"POST": "manage"}

    @extend_schema(request=None, responses={202: AuditSerializer})
    def post(self, request: Request, pk: UUID, audit_pk: UUID) -> Response:
        """Go on where it was stopped or failed."""
        audit = self.audit(audit_pk)
        actions.resume_audit(audit=audit, by=self.person)
        return Response(AuditSerializer(audit).data, status=status.HTTP_202_ACCEPTED)


class SwapRunSerializer(serializers.ModelSerializer[SwapRun]):
    class Meta:
        model = SwapRun
        fields = ["id", "status", "kind", "groups", "origins", "most", "proposed", "done", "total", "problem"]


class SwapStartSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=CHOICES, help_text="What is exchanged.")
    groups = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, help_text="Keys of the report's groups."
    )
    origins = serializers.ListField(
        child=serializers.CharField(max_length=100), required=False, help_text="Two, for names of origins."
    )
    most = serializers.IntegerField(min_value=1, max_value=MOST_COPIES, default=100)


class AuditCopies(OfAudit):
    acts = {"GET": "manage", "POST": "manage"}

    @extend_schema(responses=SwapRunSerializer(many=True))
    def get(self, request: Request, pk: UUID, audit_pk: UUID) -> Response:
        """What was proposed for this audit's rows, the newest first."""
        return Response(SwapRunSerializer(self.audit(audit_pk).swap_runs.all()[:100], many=True).data)

    @extend_schema(request=SwapStartSerializer, responses={202: SwapRunSerializer})
    def post(self, request: Request, pk: UUID, audit_pk: UUID) -> Response:
        """Propose swapped copies, which reviewers decide on; the worker does it."""
        given = SwapStartSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        run = actions.propose_copies(audit=self.audit(audit_pk), by=self.person, **given.validated_data)
        return Response(SwapRunSerializer(run).data, status=status.HTTP_202_ACCEPTED)
