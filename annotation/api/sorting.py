from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions import sorting
from annotation.api.assigning import MOST_NAMED, ChoreSerializer, WhichPromptsSerializer
from annotation.api.base import InProject
from annotation.models import Difficulty

SAID = [(0, "As estimated"), *Difficulty.choices]


class SortSerializer(serializers.Serializer[Any]):
    """At least one of the last two; `difficulty` 0: nobody has said it, the estimate holds."""

    filter = WhichPromptsSerializer(required=False)
    prompts = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_NAMED, help_text="These only, by id."
    )
    task_type = serializers.CharField(max_length=80, required=False, allow_blank=True)
    difficulty = serializers.ChoiceField(choices=SAID, required=False)


class AcceptSerializer(serializers.Serializer[Any]):
    task_type = serializers.CharField(max_length=80)
    certainty = serializers.FloatField(
        min_value=0, max_value=1, default=0.0, help_text="Only where at least so certain."
    )


class AcceptedSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()


class PromptsSort(InProject, APIView):
    """Few prompts are done when it answers (200); many are left to the worker (202)."""

    acts = {"POST": "manage"}

    @extend_schema(request=SortSerializer, responses={200: ChoreSerializer, 202: ChoreSerializer})
    def post(self, request: Request, pk: str) -> Response:
        """Say of which type or how hard prompts are."""
        given = SortSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        chore = sorting.set_kind(
            project=self.project,
            by=self.person,
            filter=dict(data.get("filter", {})),
            only=data.get("prompts"),
            task_type=data.get("task_type"),
            difficulty=data.get("difficulty"),
        )
        code = status.HTTP_202_ACCEPTED if chore.finished_at is None else status.HTTP_200_OK
        return Response(ChoreSerializer(chore).data, code)


class PromptsPropose(InProject, APIView):
    acts = {"POST": "manage"}

    @extend_schema(request=None, responses={202: ChoreSerializer})
    def post(self, request: Request, pk: str) -> Response:
        """Estimate types and difficulty now, where nobody has said them; the worker does it."""
        chore = sorting.propose(project=self.project, by=self.person)
        return Response(ChoreSerializer(chore).data, status.HTTP_202_ACCEPTED)


class PromptsAccept(InProject, APIView):
    acts = {"POST": "manage"}

    @extend_schema(request=AcceptSerializer, responses=AcceptedSerializer)
    def post(self, request: Request, pk: str) -> Response:
        """Take over a proposed type."""
        given = AcceptSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return Response({"accepted": sorting.accept(project=self.project, by=self.person, **given.validated_data)})
