from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training import actions
from training.api.base import JOB_FIELDS, found_in
from training.api.rounds import LaunchSerializer, RoundSerializer
from training.models import Preflight


class PreflightSerializer(serializers.ModelSerializer[Preflight]):
    passed = serializers.BooleanField(read_only=True, help_text="It is over, and nothing speaks against the round.")
    report = serializers.DictField(
        read_only=True,
        help_text=(
            "Rows and tokens, the first rows, every reason, `estimate` (seconds, memory_bytes, disk_bytes, cost), "
            "`proposal` (params that would fit, where these do not) and `dry`, what a dry round measured."
        ),
    )
    round = serializers.SerializerMethodField(help_text="The round it was launched as.")

    class Meta:
        model = Preflight
        fields = [
            *JOB_FIELDS,
            "method",
            "base_model",
            "parent_adapter",
            "reward_adapter",
            "dataset_version",
            "params",
            "note",
            "dry",
            "passed",
            "report",
            "round",
        ]

    def get_round(self, preflight: Preflight) -> UUID | None:
        return preflight.round.pk if hasattr(preflight, "round") else None


class CheckSerializer(LaunchSerializer):
    dry = serializers.BooleanField(
        default=False, help_text="Also train for real on 16 rows, for two minutes at most, and keep nothing of it."
    )


class Preflights(InProject):
    @extend_schema(request=CheckSerializer, responses={201: PreflightSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Check a round before it is launched, with the settings it would have."""
        given = CheckSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        settings: dict[str, Any] = found_in(self.project, given.validated_data)
        made = actions.start_preflight(project=self.project, by=self.person, **settings)
        return Response(PreflightSerializer(made).data, status=status.HTTP_201_CREATED)


class OnePreflight(InProject):
    @extend_schema(responses=PreflightSerializer)
    def get(self, request: Request, pk: UUID, preflight_pk: UUID) -> Response:
        """What the check has found; `report.reasons` says why the round would be refused."""
        found = get_object_or_404(self.project.preflights.select_related("round"), pk=preflight_pk)
        return Response(PreflightSerializer(found).data)


class PreflightLaunch(InProject):
    @extend_schema(request=None, responses={201: RoundSerializer})
    def post(self, request: Request, pk: UUID, preflight_pk: UUID) -> Response:
        """Launch exactly what was checked. Asked again, it answers with the round that it launched."""
        found = get_object_or_404(self.project.preflights, pk=preflight_pk)
        round = actions.launch_preflight(preflight=found, by=self.person)
        return Response(RoundSerializer(round).data, status=status.HTTP_201_CREATED)
