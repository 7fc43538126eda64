from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.actions import exporting
from annotation.api.base import InProject
from annotation.downloads import attachment
from annotation.exports.kinds import FORMAT_NAMES, KINDS, problem_with, shapes_of
from annotation.models import Export


class ExportSerializer(serializers.ModelSerializer[Export]):
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    rows = serializers.IntegerField(source="done", read_only=True)
    left_out = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    deleted_at = serializers.DateTimeField(read_only=True, allow_null=True)
    is_ready = serializers.BooleanField(read_only=True)

    class Meta:
        model = Export
        fields = [
            "id",
            "kind",
            "shape",
            "format",
            "as_written",
            "frozen",
            "frozen_name",
            "frozen_part",
            "status",
            "rows",
            "total",
            "left_out",
            "problem",
            "is_ready",
            "size",
            "sha256",
            "created_by",
            "created_at",
            "finished_at",
            "deleted_at",
        ]


class NewExportSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(KINDS))
    shape = serializers.CharField(required=False, help_text="Without it, the usual one of the kind.")
    format = serializers.ChoiceField(choices=FORMAT_NAMES, required=False)
    as_written = serializers.BooleanField(required=False, help_text="Without what was confirmed under Cleaning.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        shape = attrs.get("shape") or next(iter(shapes_of(attrs["kind"])))
        if problem := problem_with(attrs["kind"], shape, attrs.get("format", "jsonl")):
            raise serializers.ValidationError(problem)
        return attrs


class ExportList(InProject, generics.ListAPIView):
    """Posting starts one, which the worker makes: ask for it until it `is_ready`, then fetch its file."""

    serializer_class = ExportSerializer
    queryset = Export.objects.none()

    def get_queryset(self) -> QuerySet[Export]:
        return self.project.exports.select_related("created_by")

    @extend_schema(request=NewExportSerializer, responses={202: ExportSerializer})
    def post(self, request: Request, pk: str) -> Response:
        sent = NewExportSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        work = exporting.start(project=self.project, by=self.person, **sent.validated_data)
        return Response(ExportSerializer(work).data, status.HTTP_202_ACCEPTED)


class OneExport(InProject):
    def work(self) -> Export:
        return get_object_or_404(self.project.exports.select_related("created_by"), pk=self.kwargs["export_pk"])

    def answer(self, work: Export) -> Response:
        work.refresh_from_db()
        return Response(ExportSerializer(work).data)


class ExportDetail(OneExport):
    """How far it is, and what came of it. Deleting it deletes its file."""

    acts = {"GET": "manage", "DELETE": "manage"}

    @extend_schema(responses=ExportSerializer)
    def get(self, request: Request, pk: str, export_pk: str) -> Response:
        return self.answer(self.work())

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str, export_pk: str) -> Response:
        exporting.delete(work=self.work(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExportFile(OneExport):
    acts = {"GET": "manage"}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The file.")})
    def get(self, request: Request, pk: str, export_pk: str) -> FileResponse:
        """The file, while it is kept."""
        work = self.work()
        path = work.path if work.is_ready else None
        if path is None:
            raise Http404("No such file")
        exporting.record_download(work=work, by=self.person)
        return attachment(FileResponse(path.open("rb"), content_type="application/octet-stream"), work.download_name)


class ExportStop(OneExport):
    """After the rows it has in hand."""

    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=ExportSerializer)
    def post(self, request: Request, pk: str, export_pk: str) -> Response:
        work = self.work()
        exporting.stop(work=work, by=self.person)
        return self.answer(work)


class ExportResume(OneExport):
    """What was stopped or has failed is made anew."""

    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=ExportSerializer)
    def post(self, request: Request, pk: str, export_pk: str) -> Response:
        work = self.work()
        exporting.resume(work=work, by=self.person)
        return self.answer(work)
