from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from annotation.downloads import attachment
from training import actions
from training.actions.packaging import record_download
from training.adapters.side_by_side import compare
from training.api.base import JOB_FIELDS, adapters_named
from training.models import Package


class PackageSerializer(serializers.ModelSerializer[Package]):
    class Meta:
        model = Package
        fields = [*JOB_FIELDS, "adapter", "format"]


class PackSerializer(serializers.Serializer[Any]):
    format = serializers.ChoiceField(choices=Package.Format.choices)


class Packages(InProject, generics.ListAPIView[Package]):
    """An adapter's packages; POST packs one: the adapter folder, the merged model, or a GGUF file. 200: it is there."""

    serializer_class = PackageSerializer
    queryset = Package.objects.none()
    filterset_fields = ["format", "status"]

    def get_queryset(self) -> QuerySet[Package]:
        return self.project.packages.filter(adapter=self.kwargs["adapter_pk"])

    @extend_schema(request=PackSerializer, responses={201: PackageSerializer, 200: PackageSerializer})
    def post(self, request: Request, pk: UUID, adapter_pk: UUID) -> Response:
        rows = self.project.adapters.select_related("base_model", "project", "round")
        adapter = get_object_or_404(rows, pk=adapter_pk)
        given = PackSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        known = set(adapter.packages.values_list("pk", flat=True))
        package = actions.start_package(adapter=adapter, by=self.person, **given.validated_data)
        made = status.HTTP_200_OK if package.pk in known else status.HTTP_201_CREATED
        return Response(PackageSerializer(package).data, status=made)


class OnePackage(InProject):
    @extend_schema(responses=PackageSerializer)
    def get(self, request: Request, pk: UUID, package_pk: UUID) -> Response:
        """How far the packing is; `result` names the file when it is done."""
        return Response(PackageSerializer(get_object_or_404(self.project.packages, pk=package_pk)).data)


class PackageFile(InProject):
    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID, package_pk: UUID) -> FileResponse:
        """The file, once it is packed."""
        package = get_object_or_404(self.project.packages.select_related("project"), pk=package_pk)
        if package.file is None:
            raise Http404("No such file")
        record_download(package=package, by=self.person)
        return attachment(FileResponse(package.file.open("rb")), package.file.name)


class PackageCancel(InProject):
    @extend_schema(request=None, responses=PackageSerializer)
    def post(self, request: Request, pk: UUID, package_pk: UUID) -> Response:
        """Stop packing. A package that is ready stays."""
        package = get_object_or_404(self.project.packages.select_related("project"), pk=package_pk)
        actions.cancel_package(package=package, by=self.person)
        package.refresh_from_db()
        return Response(PackageSerializer(package).data)


class TwoSerializer(serializers.Serializer[Any]):
    first = serializers.UUIDField()
    second = serializers.UUIDField()


class SideBySideSerializer(serializers.Serializer[Any]):
    first = serializers.UUIDField()
    second = serializers.UUIDField()
    settings = serializers.ListField(child=serializers.DictField(), help_text="Those that differ.")
    data = serializers.ListField(child=serializers.DictField())  # type: ignore[assignment]  # a field of this name
    rows = serializers.DictField(allow_null=True, help_text="How many both have; ids added, removed and changed.")
    no_rows = serializers.CharField(help_text="Why rows cannot be compared.")
    results = serializers.ListField(child=serializers.DictField())
    measured_on_the_same_rows = serializers.BooleanField()
    evaluations = serializers.ListField(child=serializers.DictField(), help_text="Those that asked both.")


class AdapterComparison(InProject):
    @extend_schema(
        parameters=[
            OpenApiParameter("first", OpenApiTypes.UUID, required=True),
            OpenApiParameter("second", OpenApiTypes.UUID, required=True),
        ],
        responses=SideBySideSerializer,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        """Two adapters side by side: settings that differ, rows added and removed, results, shared evaluations."""
        given = TwoSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        wanted = given.validated_data
        first, second = adapters_named(self.project, [wanted["first"], wanted["second"]])
        return Response(compare(first, second).as_json())
