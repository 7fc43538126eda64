from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training import actions, choosing
from training.api.base import JOB_FIELDS, found_in
from training.methods import METHODS, choices
from training.models import DatasetVersion, TrainingRound
from training.wording import lessons_of

EVENTS_SHOWN = 100


class RoundSerializer(serializers.ModelSerializer[TrainingRound]):
    adapter = serializers.SerializerMethodField()
    baseline_of = serializers.PrimaryKeyRelatedField[TrainingRound](
        read_only=True, help_text="The round it was launched with: it reads its rows shuffled, or the best half."
    )
    estimate = serializers.DictField(
        read_only=True, help_text="`said` before the round, and what `happened`: seconds, memory_bytes."
    )

    class Meta:
        model = TrainingRound
        fields = [
            *JOB_FIELDS,
            "number",
            "method",
            "base_model",
            "parent_adapter",
            "reward_adapter",
            "dataset_version",
            "params",
            "note",
            "estimate",
            "adapter",
            "baseline_of",
        ]

    def get_adapter(self, round: TrainingRound) -> UUID | None:
        return round.adapter.pk if hasattr(round, "adapter") else None


class RoundDetailSerializer(RoundSerializer):
    events = serializers.SerializerMethodField(help_text=f"The last {EVENTS_SHOWN} events after `after_line`.")
    lessons = serializers.SerializerMethodField(help_text="What the round says about the next one, in sentences.")

    class Meta(RoundSerializer.Meta):
        fields = [*RoundSerializer.Meta.fields, "lessons", "events"]

    def get_lessons(self, round: TrainingRound) -> list[str]:
        return lessons_of(round)

    def get_events(self, round: TrainingRound) -> list[dict[str, Any]]:
        if not round.attempt:
            return []
        return round.run_dir().events(self.context.get("after_line", 0))[-EVENTS_SHOWN:]


class LaunchSerializer(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices=choices())
    dataset_version = serializers.UUIDField()
    preset = serializers.CharField(
        required=False, help_text="standard, quick or careful; for DPO also auto. `params` replace its values."
    )
    params = serializers.DictField(required=False, default=dict, help_text="TRL's and PEFT's names.")
    parent_adapter = serializers.UUIDField(required=False, allow_null=True, default=None)
    reward_adapter = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="RLOO: the reward model that gives marks too."
    )
    base_model = serializers.UUIDField(required=False, allow_null=True, default=None)
    start_from_base = serializers.BooleanField(default=False, help_text="DPO, KTO or RLOO without a parent adapter.")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        preset = data.pop("preset", None)
        if preset is None:
            return data
        presets = METHODS[data["method"]].presets
        if preset not in presets:
            raise serializers.ValidationError({"preset": [f"Choose one of: {', '.join(presets)}."]})
        version = DatasetVersion.objects.filter(pk=data["dataset_version"]).first()
        rows = version.train_rows if version else 0
        return {**data, "params": choosing.preset_params(data["method"], preset, data["params"], rows)}


class Rounds(InProject, generics.ListAPIView[TrainingRound]):
    """The project's rounds; POST launches one."""

    serializer_class = RoundSerializer
    queryset = TrainingRound.objects.none()
    filterset_fields = ["status", "method", "baseline_of"]

    def get_queryset(self) -> QuerySet[TrainingRound]:
        return self.project.rounds.select_related("adapter")

    @extend_schema(request=LaunchSerializer, responses={201: RoundSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = LaunchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        round = actions.launch_round(
            project=self.project, by=self.person, **found_in(self.project, given.validated_data)
        )
        return Response(RoundSerializer(round).data, status=status.HTTP_201_CREATED)


class Round(InProject):
    @extend_schema(
        responses=RoundDetailSerializer,
        parameters=[OpenApiParameter("after_line", OpenApiTypes.INT, description="Only events after this line.")],
    )
    def get(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """A round with the tail of its events."""
        round = get_object_or_404(self.project.rounds, pk=round_pk)
        return Response(RoundDetailSerializer(round, context={"after_line": _after_line(request)}).data)


def _after_line(request: Request) -> int:
    try:
        return max(0, int(request.query_params.get("after_line", 0)))
    except ValueError as error:
        raise serializers.ValidationError({"after_line": ["Give a whole number."]}) from error


class RoundCancel(InProject):
    @extend_schema(request=None, responses=RoundSerializer)
    def post(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """Cancel a round. One that is over already stays as it is."""
        round = get_object_or_404(self.project.rounds, pk=round_pk)
        actions.cancel_round(round=round, by=self.person)
        round.refresh_from_db()
        return Response(RoundSerializer(round).data)


class RoundRetry(InProject):
    @extend_schema(request=None, responses={201: RoundSerializer})
    def post(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """A new round with the settings of a failed or cancelled one."""
        round = get_object_or_404(self.project.rounds, pk=round_pk)
        again = actions.retry_round(round=round, by=self.person)
        return Response(RoundSerializer(again).data, status=status.HTTP_201_CREATED)
