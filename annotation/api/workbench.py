"""Flags and re-checks, for what an admin or reviewer automates."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions import discussing, rechecking
from annotation.api.base import InProject
from annotation.models import Flag
from annotation.pagination import Keyset


class FlagSerializer(serializers.ModelSerializer):
    raised_by = serializers.CharField(source="raised_by.username", read_only=True)
    closed_by = serializers.CharField(source="closed_by.username", read_only=True, default=None)

    class Meta:
        model = Flag
        fields = ["id", "prompt", "reason", "raised_by", "raised_at", "closed_by", "closed_at", "outcome"]


class OutcomeSerializer(serializers.Serializer):
    outcome = serializers.CharField(max_length=500, help_text="What was done about it.")


class FlagFilter(django_filters.FilterSet):
    open = django_filters.BooleanFilter(field_name="closed_at", lookup_expr="isnull")

    class Meta:
        model = Flag
        fields = ["prompt"]


class ByTime(Keyset):
    ordering = ("raised_at", "pk")


class FlagList(InProject, generics.ListAPIView):
    """What people found wrong, oldest first."""

    acts = {"GET": "approve"}
    serializer_class = FlagSerializer
    filterset_class = FlagFilter
    pagination_class = ByTime
    queryset = Flag.objects.none()

    def get_queryset(self) -> QuerySet[Flag]:
        return Flag.objects.filter(prompt__project=self.project).select_related("raised_by", "closed_by")


class FlagClose(InProject, APIView):
    acts = {"POST": "approve"}

    @extend_schema(request=OutcomeSerializer, responses=FlagSerializer)
    def post(self, request: Request, pk: str, flag_pk: str) -> Response:
        rows = Flag.objects.filter(prompt__project=self.project).select_related("prompt__project", "raised_by")
        flag = get_object_or_404(rows, pk=flag_pk)
        serializer = OutcomeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        discussing.close_flag(flag=flag, by=self.person, outcome=serializer.validated_data["outcome"])
        flag.refresh_from_db()
        return Response(FlagSerializer(flag).data)


class AffectedSerializer(serializers.Serializer):
    """How much work stands under one earlier version, unasked."""

    version = serializers.IntegerField()
    responses = serializers.IntegerField()
    rankings = serializers.IntegerField()


class AskAgainSerializer(serializers.Serializer):
    versions = serializers.ListField(child=serializers.IntegerField(min_value=1), allow_empty=False, max_length=1_000)
    responses = serializers.BooleanField(default=True)
    rankings = serializers.BooleanField(default=True)
    task_type = serializers.CharField(max_length=80, required=False, help_text="Only prompts of this one.")


class AskedSerializer(serializers.Serializer):
    asked = serializers.IntegerField()


class Rechecks(InProject, APIView):
    """Work done under earlier guidelines. Posting asks its authors whether it is still right."""

    acts = {"GET": "approve", "POST": "approve"}

    @extend_schema(responses=AffectedSerializer(many=True))
    def get(self, request: Request, pk: str) -> Response:
        current = rechecking.latest_that_matters(self.project)
        rows: Any = rechecking.affected(self.project, current) if current else []
        return Response(AffectedSerializer(rows, many=True).data)

    @extend_schema(request=AskAgainSerializer, responses={201: AskedSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = AskAgainSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        number = rechecking.ask_again(project=self.project, by=self.person, **serializer.validated_data)
        return Response({"asked": number}, status.HTTP_201_CREATED)
