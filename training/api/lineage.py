from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training import lineage
from training.actions import erasing
from training.actions.freezing import asked_again, start_freezing
from training.api.datasets import DatasetSerializer, frozen
from training.api.freezings import FreezingSerializer
from training.api.models import AdapterSerializer
from training.freezing import comparing
from training.models import Erasure

AT_ONCE = 100


class AskedSerializer(serializers.Serializer[Any]):
    first = serializers.UUIDField()
    second = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=list(comparing.KINDS.items()), default="changed")
    start = serializers.IntegerField(min_value=0, default=0, help_text="Rows passed over; 100 come at once.")


class DatasetComparison(InProject):
    @extend_schema(parameters=[AskedSerializer], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: UUID) -> Response:
        """Two versions: how many rows were added, removed, changed and moved, those of one kind, and the figures."""
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        told = asked.validated_data
        first, second = (
            get_object_or_404(self.project.dataset_versions, pk=told[name]) for name in ("first", "second")
        )
        rows = comparing.differences(first, second, told["kind"], told["start"], AT_ONCE)
        figures = [
            {"label": each.label, "first": each.first, "second": each.second}
            for each in comparing.figures(first, second)
        ]
        return Response(
            {
                "counts": comparing.counts(first, second),
                "kind": told["kind"],
                "rows": [row.as_json() for row in rows],
                "figures": figures,
            }
        )


class TextLineage(InProject):
    @extend_schema(
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=lineage.KINDS)],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, pk: UUID, kind: str, item_pk: UUID) -> Response:
        """In which versions, rounds and adapters a prompt, response, comparison or text of the corpus is."""
        if kind not in lineage.KINDS:
            raise serializers.ValidationError({"kind": [f"Choose one of: {', '.join(lineage.KINDS)}."]})
        return Response({"uses": [use.as_json() for use in lineage.of_text(self.project, kind, item_pk)]})


class AdapterLineage(InProject):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: UUID, adapter_pk: UUID) -> Response:
        """The versions an adapter learned from, itself and by way of others, with the people who made their rows."""
        rows = self.project.adapters.select_related("round__dataset_version", "project")
        adapter = get_object_or_404(rows, pk=adapter_pk)
        return Response({"sources": [source.as_json() for source in lineage.of_adapter(adapter)]})


class BecauseSerializer(serializers.Serializer[Any]):
    because = serializers.CharField(max_length=300)


class AdapterAllow(InProject):
    @extend_schema(request=BecauseSerializer, responses=AdapterSerializer)
    def post(self, request: Request, pk: UUID, adapter_pk: UUID) -> Response:
        """Decide that an adapter may be used although rows that it learned from were erased."""
        adapter = get_object_or_404(self.project.adapters.select_related("round", "project"), pk=adapter_pk)
        given = BecauseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        allowed = erasing.allow_adapter(adapter=adapter, by=self.person, **given.validated_data)
        return Response(AdapterSerializer(allowed).data)


class DatasetRebuild(InProject):
    @extend_schema(request=None, responses={201: DatasetSerializer, 200: DatasetSerializer, 202: FreezingSerializer})
    def post(self, request: Request, pk: UUID, dataset_pk: UUID) -> Response:
        """Freeze again what a version asked for, without what was erased since. 200: there is such a version.

        202: it is much, so the worker does it.
        """
        version = get_object_or_404(self.project.dataset_versions.select_related("project"), pk=dataset_pk)
        return frozen(start_freezing(by=self.person, **asked_again(version)))


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    class Meta:
        model = Erasure
        fields = ["id", "kind", "name", "stage", "status", "done", "total", "problem", "found", "created_at"]
        read_only_fields = ["stage", "status", "done", "total", "problem", "found"]


class Erasures(InProject):
    @extend_schema(responses=ErasureSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        """The newest searches for somebody's texts, and erasures. POST begins a search, which erases nothing."""
        return Response(ErasureSerializer(self.project.erasures.all()[:AT_ONCE], many=True).data)

    @extend_schema(request=ErasureSerializer, responses={201: ErasureSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = ErasureSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        told = given.validated_data
        made = erasing.look_for(project=self.project, kind=told["kind"], name=told.get("name", ""), by=self.person)
        return Response(ErasureSerializer(made).data, status=201)


class ConfirmSerializer(serializers.Serializer[Any]):
    typed = serializers.CharField(max_length=200, help_text="The name once more.")


class OneErasure(InProject):
    """GET says how far it is and what it concerns; POST carries it out; DELETE throws a search away."""

    acts = {"GET": "manage", "POST": "manage", "DELETE": "manage"}

    def erasure(self, pk: UUID) -> Erasure:
        return get_object_or_404(self.project.erasures.select_related("project"), pk=pk)

    @extend_schema(responses=ErasureSerializer)
    def get(self, request: Request, pk: UUID, erasure_pk: UUID) -> Response:
        return Response(ErasureSerializer(self.erasure(erasure_pk)).data)

    @extend_schema(operation_id="projects_erasures_carry_out", request=ConfirmSerializer, responses=ErasureSerializer)
    def post(self, request: Request, pk: UUID, erasure_pk: UUID) -> Response:
        given = ConfirmSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        begun = erasing.erase(erasure=self.erasure(erasure_pk), by=self.person, **given.validated_data)
        return Response(ErasureSerializer(begun).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, erasure_pk: UUID) -> Response:
        erasing.forget_search(erasure=self.erasure(erasure_pk), by=self.person)
        return Response(status=204)


class ErasureResume(InProject):
    @extend_schema(request=None, responses=ErasureSerializer)
    def post(self, request: Request, pk: UUID, erasure_pk: UUID) -> Response:
        """Go on with one that failed."""
        row = get_object_or_404(self.project.erasures.select_related("project"), pk=erasure_pk)
        return Response(ErasureSerializer(erasing.resume_erasing(erasure=row, by=self.person)).data)
