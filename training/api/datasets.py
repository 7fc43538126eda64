from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from annotation.api.exports import ExportSerializer
from annotation.exports.kinds import FORMAT_NAMES, PARTS
from annotation.models import ConsensusRule
from training import actions
from training.actions.freezing import is_much, record_manifest, take_out
from training.api.freezings import FreezingSerializer
from training.freezing import choosing, datasets, filters
from training.models import DatasetVersion, FreezeRun


class DatasetSerializer(serializers.ModelSerializer[DatasetVersion]):
    leak_count = serializers.SerializerMethodField(help_text="Rows too close to what is held out.")
    left_out_count = serializers.SerializerMethodField(help_text="Rows it was frozen without.")
    filter_in_words = serializers.SerializerMethodField()

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
            "leak_count",
            "left_out_count",
            "filter",
            "filter_in_words",
            "consensus",
            "content_sha256",
            "erased_rows",
            "created_at",
        ]

    def get_leak_count(self, version: DatasetVersion) -> int:
        return version.leaks.values("row_id").distinct().count()

    def get_left_out_count(self, version: DatasetVersion) -> int:
        return version.left_out.count()

    def get_filter_in_words(self, version: DatasetVersion) -> str:
        return filters.sentence(filters.of_json(version.filter))


class FilterSerializer(serializers.Serializer[Any]):
    """Rows that meet all of it; what is left out asks for nothing."""

    status = serializers.ChoiceField(choices=list(filters.STATUSES.items()), required=False)
    agreement = serializers.FloatField(min_value=0, max_value=1, required=False)
    guidelines = serializers.IntegerField(min_value=1, required=False)
    guidelines_which = serializers.ChoiceField(choices=list(filters.GUIDELINES.items()), required=False)
    people = serializers.ListField(
        child=serializers.IntegerField(), required=False, help_text="Ids: rows that nobody else wrote or ranked."
    )
    task_types = serializers.ListField(child=serializers.CharField(max_length=80), required=False)
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)
    quality = serializers.IntegerField(
        min_value=0, max_value=100, required=False, help_text="Demonstrations: at least."
    )
    best_share = serializers.FloatField(
        min_value=0.01, max_value=1, required=False, help_text="Demonstrations: of the rows to learn from, by quality."
    )


class FreezeSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=DatasetVersion.Kind.choices)
    consensus = serializers.ChoiceField(
        choices=ConsensusRule.choices,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of preferences and judgements: what counts of several people's rankings. "
        "Empty: what the project's settings say; automatic: what suits their number.",
    )
    description = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    filter = FilterSerializer(required=False)
    preview = serializers.BooleanField(default=False, help_text="Only say how many rows it would take.")
    without_leaks_of = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="A version of the same kind: its rows that are too close to what is held out are left out.",
    )


class PreviewSerializer(serializers.Serializer[Any]):
    train_rows = serializers.IntegerField()
    validation_rows = serializers.IntegerField()
    filter_in_words = serializers.CharField()


class Datasets(InProject, generics.ListAPIView[DatasetVersion]):
    """The project's dataset versions; POST freezes a new one. 200 instead of 201: nothing has changed since."""

    serializer_class = DatasetSerializer
    queryset = DatasetVersion.objects.none()
    filterset_fields = ["kind"]

    def get_queryset(self) -> QuerySet[DatasetVersion]:
        return self.project.dataset_versions.all()

    @extend_schema(
        request=FreezeSerializer,
        responses={201: DatasetSerializer, 200: DatasetSerializer, 202: FreezingSerializer},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """202: it is much, so the worker does it; look at the freezing until it has a version, or its numbers."""
        given = FreezeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = dict(given.validated_data)
        asked["chosen"] = filters.of_json(asked.pop("filter", {}))
        only_look = asked.pop("preview")
        wanted = asked.pop("without_leaks_of", None)
        if only_look and not is_much(self.project, asked["kind"]):
            return Response(self._preview(asked))
        asked["without_leaks_of"] = get_object_or_404(self.project.dataset_versions, pk=wanted) if wanted else None
        run = actions.start_freezing(project=self.project, by=self.person, only_look=only_look, **asked)
        return frozen(run)

    def _preview(self, asked: dict[str, Any]) -> dict[str, Any]:
        train, validation = choosing.rows_to_freeze(self.project, asked["kind"], asked["consensus"], asked["chosen"])
        said = filters.sentence(asked["chosen"])
        return {"train_rows": len(train), "validation_rows": len(validation), "filter_in_words": said}


def frozen(run: FreezeRun) -> Response:
    """The version, where it is there already."""
    if run.version is None:
        return Response(FreezingSerializer(run).data, status=status.HTTP_202_ACCEPTED)
    made = status.HTTP_201_CREATED if run.is_new else status.HTTP_200_OK
    return Response(DatasetSerializer(run.version).data, status=made)


class DatasetExportSerializer(serializers.Serializer[Any]):
    shape = serializers.CharField(required=False, help_text="Without it, the rows as a training round reads them.")
    format = serializers.ChoiceField(choices=FORMAT_NAMES, required=False)
    part = serializers.ChoiceField(choices=[name for name in PARTS if name], required=False, help_text="Else both.")


class DatasetExport(InProject):
    acts = {"POST": "manage"}

    @extend_schema(request=DatasetExportSerializer, responses={202: ExportSerializer})
    def post(self, request: Request, pk: UUID, dataset_pk: UUID) -> Response:
        """Have the worker make a file of a version's rows; it is then one of the project's exports."""
        version = get_object_or_404(self.project.dataset_versions.select_related("project"), pk=dataset_pk)
        sent = DatasetExportSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        work = take_out(version=version, by=self.person, **sent.validated_data)
        return Response(ExportSerializer(work).data, status.HTTP_202_ACCEPTED)


class DatasetManifest(InProject):
    @extend_schema(responses={(200, "application/json"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID, dataset_pk: UUID) -> FileResponse:
        """Where each row of a version came from."""
        version = get_object_or_404(self.project.dataset_versions.select_related("project"), pk=dataset_pk)
        path = datasets.file_of(version, "manifest")
        if path is None:
            raise Http404("No such file")
        record_manifest(version=version, by=self.person)
        return FileResponse(path.open("rb"), content_type="application/json")
