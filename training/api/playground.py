from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training import actions
from training.answers import answers
from training.api.base import JOB_FIELDS, adapters_named
from training.models import Sampling


class AnswerSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="What people call it.")
    adapter = serializers.UUIDField(allow_null=True, help_text="Null: the base model.")
    text = serializers.CharField(allow_null=True, help_text="Null until it is written, as are the next three.")
    tokens = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    finish = serializers.CharField(allow_null=True, help_text="stop, or length when it was cut off.")


class PlaygroundSerializer(serializers.ModelSerializer[Sampling]):
    instruction = serializers.SerializerMethodField()
    input = serializers.SerializerMethodField()
    answers = serializers.SerializerMethodField()

    class Meta:
        model = Sampling
        fields = [*JOB_FIELDS, "base_model", "params", "instruction", "input", "answers"]

    def get_instruction(self, sampling: Sampling) -> str:
        return sampling.prompts[0].get("instruction", "")

    def get_input(self, sampling: Sampling) -> str:
        return sampling.prompts[0].get("input", "")

    @extend_schema_field(AnswerSerializer(many=True))
    def get_answers(self, sampling: Sampling) -> list[dict[str, Any]]:
        written = ("text", "tokens", "seconds", "finish")
        return [
            {
                "model": answer.name,
                "adapter": answer.adapter_id,
                **{name: (answer.output or {}).get(name) for name in written},
            }
            for answer in answers(sampling)
        ]


class AskSerializer(serializers.Serializer[Any]):
    instruction = serializers.CharField(max_length=4000)
    input = serializers.CharField(max_length=20_000, default="", allow_blank=True)
    adapters = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=5)
    base = serializers.BooleanField(default=True, help_text="The base model answers as well.")
    temperature = serializers.FloatField(min_value=0, max_value=2, default=0.0)
    max_new_tokens = serializers.IntegerField(min_value=1, max_value=2048, default=actions.LONGEST_ANSWER)


class Playground(InProject):
    @extend_schema(request=AskSerializer, responses={201: PlaygroundSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask the base model and adapters the same thing."""
        given = AskSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        sources = [*([None] if data.pop("base") else []), *adapters_named(self.project, data.pop("adapters"))]
        made = actions.ask(project=self.project, sources=sources, by=self.person, **data)
        return Response(PlaygroundSerializer(made).data, status=status.HTTP_201_CREATED)


class PlaygroundResult(InProject):
    @extend_schema(responses=PlaygroundSerializer)
    def get(self, request: Request, pk: UUID, sampling_pk: UUID) -> Response:
        """The answers, as far as they are written. To stop them, cancel the sampling with this id."""
        asked = self.project.samplings.filter(purpose=Sampling.Purpose.PLAYGROUND).select_related("base_model")
        return Response(PlaygroundSerializer(get_object_or_404(asked, pk=sampling_pk)).data)
