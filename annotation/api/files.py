from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import parts
from annotation.actions import Refused, uploads
from annotation.actions.importing import Judgements, Responses
from annotation.api.base import InProject, require_valid
from annotation.api.prompts import CountsSerializer
from annotation.forms.importing import MappingForm, UploadForm, initial_from
from annotation.imports import importing
from annotation.imports.items import says_more
from annotation.imports.planning import PROBLEMS_KEPT, Counts
from annotation.imports.records import KNOWN_NAMES
from annotation.imports.rows import Unreadable
from annotation.models import Import, LineProblem
from annotation.pagination import Keyset
from annotation.shapes import SHAPES

AT_ONCE_BYTES = 5_000_000
SHOWN = 10


class ImportSerializer(serializers.ModelSerializer):
    created_by = serializers.CharField(source="created_by.username", read_only=True)

    class Meta:
        model = Import
        fields = [
            "id",
            "file_name",
            "sha256",
            "format",
            "status",
            "done",
            "total",
            "problem",
            "counts",
            "created_by",
            "created_at",
            "finished_at",
        ]


class NewImportSerializer(serializers.Serializer):
    """A file and what becomes of it. What is left out is guessed from the file's column names."""

    file = serializers.FileField()
    columns = serializers.CharField(
        required=False, help_text=f"JSON object, field to column. Fields: {', '.join(KNOWN_NAMES)}."
    )
    fixed_instruction = serializers.CharField(required=False)
    responses = serializers.ChoiceField(choices=Responses.choices, required=False)
    shape = serializers.CharField(
        required=False, help_text=f"Left out: as the rows are. Empty: plain columns. {', '.join(SHAPES)}."
    )
    judgements = serializers.ChoiceField(choices=Judgements.choices, required=False)
    split_by = serializers.ChoiceField(choices=["group", "column"], required=False)
    evaluation_share = serializers.IntegerField(required=False, min_value=0, max_value=90, help_text="Per cent.")
    validation_share = serializers.IntegerField(required=False, min_value=0, max_value=50, help_text="Per cent.")
    skip_problems = serializers.BooleanField(required=False)
    preview = serializers.BooleanField(required=False, help_text="Say what would arrive, and import nothing (200).")


class ImportDoneSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    counts = CountsSerializer()


class ImportQueuedSerializer(serializers.Serializer):
    id = serializers.UUIDField()
    status = serializers.CharField()


class PreviewSerializer(serializers.Serializer):
    format = serializers.CharField()
    shape = serializers.CharField(help_text="Empty: plain columns.")
    whole = serializers.BooleanField(help_text="Whether the counts are of the whole file, or of its beginning.")
    counts = CountsSerializer()
    problems = serializers.ListField(child=serializers.DictField())
    first = serializers.ListField(child=serializers.DictField())


class ProblemSerializer(serializers.Serializer):
    line = serializers.IntegerField()
    reason = serializers.CharField()


class LineProblemSerializer(serializers.ModelSerializer):
    class Meta:
        model = LineProblem
        fields = ["line", "reason", "differs"]


class ImportRefusedSerializer(serializers.Serializer):
    detail = serializers.CharField()
    problems = ProblemSerializer(many=True, help_text="The first fifty.")


class ImportList(InProject, generics.ListAPIView):
    """Posting a file imports it: all of it, or nothing and the lines that are at fault."""

    serializer_class = ImportSerializer
    parser_classes = [MultiPartParser, FormParser]
    queryset = Import.objects.none()

    def get_queryset(self) -> QuerySet[Import]:
        return self.project.imports.select_related("created_by")

    @extend_schema(
        request={"multipart/form-data": NewImportSerializer},
        responses={
            200: PreviewSerializer,
            201: ImportDoneSerializer,
            202: ImportQueuedSerializer,
            400: ImportRefusedSerializer,
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """A file of up to 5 MB is imported while you wait (201), a larger one by the worker (202)."""
        sent = NewImportSerializer(data=request.data)
        upload = UploadForm(request.POST, request.FILES)
        require_valid(upload)
        sent.is_valid(raise_exception=True)
        file = upload.cleaned_data["file"]
        chosen = _choices(request.POST, upload)
        row = uploads.upload(
            project=self.project,
            file=file,
            file_name=str(file.name)[-200:],
            format=upload.format,
            columns=upload.columns,
            by=self.person,
        )
        uploads.choose(row=row, choices=chosen.saved())
        if sent.validated_data.get("preview"):
            return self._preview(row)
        return self._import(row, file.size, chosen.cleaned_data["skip_problems"])

    def _preview(self, row: Import) -> Response:
        try:
            preview = uploads.preview(row, SHOWN)
        except Unreadable as error:
            return Response({"detail": str(error), "problems": []}, status.HTTP_400_BAD_REQUEST)
        finally:
            self._discard(row)
        told = {
            "format": row.format,
            "shape": row.mapping["shape"],
            "whole": preview.whole,
            "counts": preview.counts.numbers(),
        }
        first = [asdict(item) for item in preview.first]
        return Response({**told, "problems": preview.counts.first_problems, "first": first})

    def _import(self, row: Import, size: int, skip_problems: bool) -> Response:
        at_once = size <= AT_ONCE_BYTES
        uploads.start(row=row, by=self.person, skip_problems=skip_problems, ring=not at_once)
        if at_once:
            parts.run(row, importing.do)
        if row.status == Import.Status.DONE:
            return Response({"id": row.pk, "counts": Counts.of(row.counts).numbers()}, status.HTTP_201_CREATED)
        if row.is_unfinished:
            return Response({"id": row.pk, "status": row.status}, status.HTTP_202_ACCEPTED)
        problems = list(row.problems.filter(differs=False).values("line", "reason")[:PROBLEMS_KEPT])
        self._discard(row)
        return Response({"detail": row.problem, "problems": problems}, status.HTTP_400_BAD_REQUEST)

    def _discard(self, row: Import) -> None:
        with suppress(Refused):  # somebody has discarded it on its page meanwhile
            uploads.discard(row=row, by=self.person)


class OneImport(InProject, APIView):
    def row(self, import_pk: str) -> Import:
        return get_object_or_404(self.project.imports.select_related("created_by"), pk=import_pk)

    def answer(self, row: Import) -> Response:
        row.refresh_from_db()
        return Response(ImportSerializer(row).data)


class ImportDetail(OneImport):
    """How far it is, and what came of it."""

    acts = {"GET": "manage"}

    @extend_schema(responses=ImportSerializer)
    def get(self, request: Request, pk: str, import_pk: str) -> Response:
        return self.answer(self.row(import_pk))


class ImportStop(OneImport):
    """After the records it has in hand. What is in the project stays."""

    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=ImportSerializer)
    def post(self, request: Request, pk: str, import_pk: str) -> Response:
        row = self.row(import_pk)
        uploads.stop(row=row, by=self.person)
        return self.answer(row)


class ImportResume(OneImport):
    """From where it was stopped, or could not go on."""

    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=ImportSerializer)
    def post(self, request: Request, pk: str, import_pk: str) -> Response:
        row = self.row(import_pk)
        uploads.resume(row=row, by=self.person)
        return self.answer(row)


class ImportDiscard(OneImport):
    """The file goes, with what is not imported of it."""

    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=ImportSerializer)
    def post(self, request: Request, pk: str, import_pk: str) -> Response:
        row = self.row(import_pk)
        uploads.discard(row=row, by=self.person)
        return self.answer(row)


class ByLine(Keyset):
    ordering = ("pk",)


class ImportProblems(InProject, generics.ListAPIView):
    """Lines that are not in the project as the file has them."""

    acts = {"GET": "manage"}
    serializer_class = LineProblemSerializer
    pagination_class = ByLine
    queryset = LineProblem.objects.none()

    def get_queryset(self) -> QuerySet[LineProblem]:
        return LineProblem.objects.filter(work__project=self.project, work=self.kwargs["import_pk"])


def _choices(data: QueryDict, upload: UploadForm) -> MappingForm:
    """The page's own form, filled with what was sent over what the rows' shape and columns suggest."""
    columns = upload.columns
    guessed = uploads.default_choices(uploads.guess_columns(columns))
    if says_more(upload.shape, upload.samples):
        guessed["shape"] = upload.shape
    if data.get("columns"):
        guessed["shape"] = ""
        guessed["columns"] = _columns(str(data["columns"]))
        guessed["split_by"] = "column" if guessed["columns"].get("split") else "group"
    sent = {name: data[name] for name in MappingForm.base_fields if name in data}
    form = MappingForm({**initial_from(guessed), **sent}, columns=columns, shape=upload.shape)
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
