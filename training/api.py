from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as Refused
from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from annotation.models import Project
from training import actions, choosing, datasets
from training.actions.freezing import record_export
from training.models import Adapter, BaseModel, DatasetVersion, Sampling, TrainingRound
from training.params import PRESETS, GenerateParams, to_json

EVENTS_SHOWN = 100
JOB_FIELDS = [
    "id",
    "status",
    "attempt",
    "progress",
    "result",
    "failure_code",
    "failure_message",
    "created_at",
    "started_at",
    "finished_at",
]


def refused_as_400(error: Refused) -> serializers.ValidationError:
    """An action's refusal, under the names of its fields."""
    if hasattr(error, "error_dict"):
        return serializers.ValidationError(error.message_dict)
    return serializers.ValidationError({"non_field_errors": error.messages})


# --- Dataset versions -----------------------------------------------------------------------------------------


class DatasetSerializer(serializers.ModelSerializer[DatasetVersion]):
    class Meta:
        model = DatasetVersion
        fields = [
            "id",
            "kind",
            "number",
            "description",
            "sha256",
            "train_rows",
            "validation_rows",
            "statistics",
            "created_at",
        ]


class FreezeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=DatasetVersion.Kind.choices)
    description = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class Datasets(InProject, generics.ListAPIView[DatasetVersion]):
    """The project's dataset versions; POST freezes a new one. 200 instead of 201: nothing has changed since."""

    serializer_class = DatasetSerializer
    queryset = DatasetVersion.objects.none()
    filterset_fields = ["kind"]

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        return self.project.dataset_versions.all()

    @extend_schema(request=FreezeSerializer, responses={201: DatasetSerializer, 200: DatasetSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = FreezeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            version = actions.freeze(project=self.project, by=self.person, **given.validated_data)
        except Refused as error:
            raise refused_as_400(error) from error
        made = status.HTTP_201_CREATED if version.is_new else status.HTTP_200_OK
        return Response(DatasetSerializer(version).data, status=made)


class DatasetFile(InProject):
    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID, dataset_pk: UUID, part: str) -> FileResponse:
        """The frozen rows as TRL reads them: train or validation; manifest says where each row came from."""
        version = get_object_or_404(self.project.dataset_versions.select_related("project"), pk=dataset_pk)
        path = datasets.file_of(version, part)
        if path is None:
            raise Http404("No such file")
        record_export(version=version, part=part, by=self.person)
        return FileResponse(path.open("rb"), content_type="application/x-ndjson")


# --- Rounds ---------------------------------------------------------------------------------------------------


class RoundSerializer(serializers.ModelSerializer[TrainingRound]):
    adapter = serializers.SerializerMethodField()

    class Meta:
        model = TrainingRound
        fields = [
            *JOB_FIELDS,
            "number",
            "method",
            "base_model",
            "parent_adapter",
            "dataset_version",
            "params",
            "note",
            "adapter",
        ]

    def get_adapter(self, round: TrainingRound) -> UUID | None:
        return round.adapter.pk if hasattr(round, "adapter") else None


class RoundDetailSerializer(RoundSerializer):
    events = serializers.SerializerMethodField(help_text=f"The last {EVENTS_SHOWN} events after `after_line`.")

    class Meta(RoundSerializer.Meta):
        fields = [*RoundSerializer.Meta.fields, "events"]

    def get_events(self, round: TrainingRound) -> list[dict[str, Any]]:
        if not round.attempt:
            return []
        return round.run_dir().events(self.context.get("after_line", 0))[-EVENTS_SHOWN:]


class LaunchSerializer(serializers.Serializer[Any]):
    method = serializers.ChoiceField(choices=TrainingRound.Method.choices)
    dataset_version = serializers.UUIDField()
    preset = serializers.CharField(required=False, help_text="standard, quick or careful; `params` replace its values.")
    params = serializers.DictField(required=False, default=dict, help_text="TRL's and PEFT's names.")
    parent_adapter = serializers.UUIDField(required=False, allow_null=True, default=None)
    base_model = serializers.UUIDField(required=False, allow_null=True, default=None)
    start_from_base = serializers.BooleanField(default=False, help_text="DPO without a parent adapter.")
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        preset = data.pop("preset", None)
        if preset is None:
            return data
        presets = PRESETS[data["method"]]
        if preset not in presets:
            raise serializers.ValidationError({"preset": [f"Choose one of: {', '.join(presets)}."]})
        return {**data, "params": choosing.preset_params(data["method"], preset) | data["params"]}


class Rounds(InProject, generics.ListAPIView[TrainingRound]):
    """The project's rounds; POST launches one."""

    serializer_class = RoundSerializer
    queryset = TrainingRound.objects.none()
    filterset_fields = ["status", "method"]

    def get_queryset(self) -> QuerySet[TrainingRound]:
        return self.project.rounds.select_related("adapter")

    @extend_schema(request=LaunchSerializer, responses={201: RoundSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = LaunchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        try:
            round = actions.launch_round(
                project=self.project, by=self.person, **found_in(self.project, given.validated_data)
            )
        except Refused as error:
            raise refused_as_400(error) from error
        return Response(RoundSerializer(round).data, status=status.HTTP_201_CREATED)


def found_in(project: Project, given: dict[str, Any]) -> dict[str, Any]:
    """Ids replaced by the rows they name; an id of another project names nothing."""
    rows = {
        "dataset_version": project.dataset_versions.all(),
        "parent_adapter": project.adapters.select_related("base_model"),
        "base_model": BaseModel.objects.all(),
    }
    found = dict(given)
    for name, queryset in rows.items():
        if name not in given or given[name] is None:
            continue
        row = queryset.filter(pk=given[name]).first()
        if row is None:
            raise serializers.ValidationError({name: ["There is none with this id."]})
        found[name] = row
    return found


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
        try:
            again = actions.retry_round(round=round, by=self.person)
        except Refused as error:
            raise refused_as_400(error) from error
        return Response(RoundSerializer(again).data, status=status.HTTP_201_CREATED)


# --- Adapters, samplings, base models -------------------------------------------------------------------------


class AdapterSerializer(serializers.ModelSerializer[Adapter]):
    class Meta:
        model = Adapter
        fields = ["id", "round", "base_model", "sha256", "size_bytes", "created_at"]


class Adapters(InProject, generics.ListAPIView[Adapter]):
    """What the project's rounds have made."""

    serializer_class = AdapterSerializer
    queryset = Adapter.objects.none()
    filterset_fields = ["round"]

    def get_queryset(self) -> QuerySet[Adapter]:
        return self.project.adapters.all()


def adapters_named(project: Project, wanted: list[UUID]) -> list[Adapter]:
    """In the order in which they are named; one of another project names nothing."""
    found = project.adapters.select_related("base_model", "round").in_bulk(wanted)
    if len(found) < len(set(wanted)):
        raise serializers.ValidationError({"adapters": ["One of these adapters is not in this project."]})
    return [found[each] for each in wanted]


class SamplingSerializer(serializers.ModelSerializer[Sampling]):
    class Meta:
        model = Sampling
        fields = [*JOB_FIELDS, "purpose", "base_model", "sources", "params"]


class SamplingDetailSerializer(SamplingSerializer):
    outputs = serializers.SerializerMethodField(help_text="What has been written so far.")

    class Meta(SamplingSerializer.Meta):
        fields = [*SamplingSerializer.Meta.fields, "prompts", "outputs"]

    def get_outputs(self, sampling: Sampling) -> list[dict[str, Any]]:
        return sampling.outputs()


class StartSamplingSerializer(serializers.Serializer[Any]):
    adapters = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=5)
    base = serializers.BooleanField(default=False, help_text="The base model writes as well.")
    prompts = serializers.IntegerField(min_value=1, max_value=1000, default=20, help_text="The next unranked ones.")
    num_candidates = serializers.IntegerField(min_value=1, max_value=5, default=4)
    temperature = serializers.FloatField(min_value=0, max_value=2, default=0.8)
    max_new_tokens = serializers.IntegerField(min_value=1, max_value=2048, default=256)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=17)


class Samplings(InProject, generics.ListAPIView[Sampling]):
    """The project's samplings; POST starts one whose answers become comparisons to rank."""

    serializer_class = SamplingSerializer
    queryset = Sampling.objects.none()
    filterset_fields = ["status", "purpose"]

    def get_queryset(self) -> QuerySet[Sampling]:
        return self.project.samplings.all()

    @extend_schema(request=StartSamplingSerializer, responses={201: SamplingSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = StartSamplingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        sources = [*([None] if data.pop("base") else []), *adapters_named(self.project, data.pop("adapters"))]
        prompts = choosing.prompts_to_sample(self.project, data.pop("prompts"))
        params = to_json(GenerateParams()) | data
        try:
            made = actions.start_sampling(
                project=self.project, sources=sources, prompts=prompts, params=params, by=self.person
            )
        except Refused as error:
            raise refused_as_400(error) from error
        return Response(SamplingSerializer(made).data, status=status.HTTP_201_CREATED)


class OneSampling(InProject):
    @extend_schema(responses=SamplingDetailSerializer)
    def get(self, request: Request, pk: UUID, sampling_pk: UUID) -> Response:
        """A sampling with its prompts and what has been written so far."""
        found = get_object_or_404(self.project.samplings, pk=sampling_pk)
        return Response(SamplingDetailSerializer(found).data)


class SamplingCancel(InProject):
    @extend_schema(request=None, responses=SamplingSerializer)
    def post(self, request: Request, pk: UUID, sampling_pk: UUID) -> Response:
        """Cancel a sampling. One that is over already stays as it is."""
        found = get_object_or_404(self.project.samplings, pk=sampling_pk)
        actions.cancel_sampling(sampling=found, by=self.person)
        found.refresh_from_db()
        return Response(SamplingSerializer(found).data)


class BaseModelSerializer(serializers.ModelSerializer[BaseModel]):
    class Meta:
        model = BaseModel
        fields = [
            "id",
            "name",
            "source",
            "license",
            "weights_sha256",
            "chat_template_sha256",
            "parameters",
            "is_default",
            "created_at",
        ]


class BaseModels(generics.ListAPIView[BaseModel]):
    """The models that adapters can sit on. Anybody who has signed in may see their names."""

    serializer_class = BaseModelSerializer
    queryset = BaseModel.objects.all()
