from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, QueryDict, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions import Refused, exporting, uploads
from annotation.actions.importing import ImportRefused, Responses
from annotation.api.base import InProject, require_valid
from annotation.api.prompts import CountsSerializer
from annotation.downloads import attachment
from annotation.forms.importing import MappingForm, UploadForm, initial_from
from annotation.models import Import
from annotation.records import KNOWN_NAMES
from annotation.rows import Unreadable


class ImportSerializer(serializers.ModelSerializer):
    created_by = serializers.CharField(source="created_by.username", read_only=True)

    class Meta:
        model = Import
        fields = ["id", "file_name", "sha256", "format", "status", "counts", "created_by", "created_at"]


class NewImportSerializer(serializers.Serializer):
    """A file and what becomes of it. What is left out is guessed from the file's column names."""

    file = serializers.FileField()
    columns = serializers.CharField(
        required=False, help_text=f"JSON object, field to column. Fields: {', '.join(KNOWN_NAMES)}."
    )
    fixed_instruction = serializers.CharField(required=False)
    responses = serializers.ChoiceField(choices=Responses.choices, required=False)
    split_by = serializers.ChoiceField(choices=["group", "column"], required=False)
    evaluation_share = serializers.IntegerField(required=False, min_value=0, max_value=90, help_text="Per cent.")
    validation_share = serializers.IntegerField(required=False, min_value=0, max_value=50, help_text="Per cent.")
    skip_problems = serializers.BooleanField(required=False)


class ImportDoneSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    counts = CountsSerializer()


class ProblemSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    reason = serializers.CharField()


class ImportRefusedSerializer(serializers.Serializer):
    detail = serializers.CharField()
    problems = ProblemSerializer(many=True, help_text="The first fifty.")


class ImportList(InProject, generics.ListAPIView):
    """Posting a file imports it at once: all of it, or nothing and the lines that are at fault."""

    serializer_class = ImportSerializer
    parser_classes = [MultiPartParser, FormParser]
    queryset = Import.objects.none()

    def get_queryset(self) -> QuerySet[Import]:
        return self.project.imports.select_related("created_by")

    @extend_schema(
        request={"multipart/form-data": NewImportSerializer},
        responses={201: ImportDoneSerializer, 400: ImportRefusedSerializer},
    )
    def post(self, request: Request, pk: str) -> Response:
        upload = UploadForm(request.POST, request.FILES)
        require_valid(upload)
        file = upload.cleaned_data["file"]
        chosen = _choices(request.POST, upload.columns)
        row = uploads.upload(
            project=self.project,
            file=file,
            file_name=str(file.name)[-200:],
            format=upload.format,
            columns=upload.columns,
            by=self.person,
        )
        row.mapping = chosen.saved()
        try:
            counts = uploads.run(row=row, by=self.person, skip_problems=chosen.cleaned_data["skip_problems"])
        except (ImportRefused, Unreadable) as refused:
            with suppress(Refused):  # somebody has discarded it on its page meanwhile
                uploads.discard(row=Import.objects.get(pk=row.pk), by=self.person)
            problems = refused.counts.first_problems if isinstance(refused, ImportRefused) else []
            return Response({"detail": str(refused), "problems": problems}, status.HTTP_400_BAD_REQUEST)
        return Response({"id": row.pk, "counts": counts.numbers()}, status.HTTP_201_CREATED)


def _choices(data: QueryDict, columns: list[str]) -> MappingForm:
    """The page's own form, filled with what was sent over what the column names suggest."""
    guessed = uploads.default_choices(uploads.guess_columns(columns))
    if data.get("columns"):
        guessed["columns"] = _columns(str(data["columns"]))
        guessed["split_by"] = "column" if guessed["columns"].get("split") else "group"
    sent = {name: data[name] for name in MappingForm.base_fields if name in data}
    form = MappingForm({**initial_from(guessed), **sent}, columns=columns)
    require_valid(form)
    return form


def _columns(text: str) -> dict[str, str]:
    try:
        columns: Any = json.loads(text)
    except (ValueError, RecursionError):
        columns = None
    known = isinstance(columns, dict) and all(
        field in KNOWN_NAMES and isinstance(column, str) for field, column in columns.items()
    )
    if not known:
        raise serializers.ValidationError(
            {"columns": [f"A JSON object, field to column. Fields: {', '.join(KNOWN_NAMES)}."]}
        )
    return columns


class ExportSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=list(exporting.KINDS))


class Export(InProject, APIView):
    acts = {"GET": "manage"}

    @extend_schema(
        operation_id="projects_exports_retrieve",
        parameters=[OpenApiParameter("kind", enum=list(exporting.KINDS), required=True)],
        responses={(200, "application/jsonl"): OpenApiResponse(OpenApiTypes.BINARY, "One JSON object per line.")},
    )
    def get(self, request: Request, pk: str) -> HttpResponseBase:
        serializer = ExportSerializer(data=request.query_params)
        serializer.is_valid(raise_exception=True)
        kind = serializer.validated_data["kind"]
        exporting.record_export(project=self.project, kind=kind, by=self.person)
        response = StreamingHttpResponse(exporting.lines(self.project, kind), content_type="application/jsonl")
        return attachment(response, exporting.file_name(self.project, kind))
