from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training.advice import advising
from training.api.base import found_in
from training.models import BaseModel


class AskedSerializer(serializers.Serializer[Any]):
    dataset_version = serializers.UUIDField()
    base_model = serializers.UUIDField(required=False, help_text="Without it: the default one.")


class AdviceSerializer(serializers.Serializer[Any]):
    base_model = serializers.CharField()
    dataset_version = serializers.CharField()
    rows = serializers.IntegerField()
    machine = serializers.CharField()
    way = serializers.CharField(help_text="LoRA, rsLoRA, DoRA, QLoRA or full fine-tuning; empty: none fits.")
    why = serializers.CharField()
    settings = serializers.CharField(help_text="What to choose for it on the form.")
    comparison = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField()), help_text="Criterion, then way."
    )
    learning = serializers.DictField(child=serializers.CharField(), help_text="Method, then when to take it.")


class WhichWay(InProject):
    @extend_schema(parameters=[AskedSerializer], responses=AdviceSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """Which of LoRA, rsLoRA, DoRA, QLoRA and full fine-tuning fits, and how the ways compare."""
        asked = AskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = found_in(self.project, asked.validated_data)
        base = found.get("base_model") or BaseModel.objects.default()
        if base is None:
            raise serializers.ValidationError({"base_model": ["There is no base model yet."]})
        return Response(advising.which_way(base, found["dataset_version"]))
