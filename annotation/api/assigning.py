from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions import assigning
from annotation.api.base import InProject
from annotation.arranging import APPROVE, RANK, WRITE
from annotation.forms.projects import MOST_PER_ITEM
from annotation.models import Chore, Demonstration, Difficulty, Priority, Role, Split

MOST_NAMED = 10_000


class AssignSerializer(serializers.Serializer):
    """Both empty: for everybody."""

    people = serializers.ListField(child=serializers.CharField(max_length=150), default=list, help_text="User names.")
    roles = serializers.ListField(child=serializers.ChoiceField(choices=Role.choices), default=list)


class WhichPromptsSerializer(serializers.Serializer):
    """As the list of prompts is filtered; what is left out chooses nothing."""

    q = serializers.CharField(max_length=200, required=False)
    split = serializers.ChoiceField(choices=Split.choices, required=False)
    status = serializers.ChoiceField(choices=["none", *Demonstration.Status.values], required=False)
    task_type = serializers.CharField(max_length=80, required=False)
    difficulty = serializers.ChoiceField(
        choices=Difficulty.choices, required=False, help_text="As people said, or as it is estimated."
    )
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    assigned = serializers.ChoiceField(choices=["yes", "no"], required=False)


class ArrangeSerializer(serializers.Serializer):
    """What to set for many prompts, for what is ranked of them, or for who approves what is written for them.

    At least one of the last four; for approving, `assign` alone.
    """

    work = serializers.ChoiceField(choices=[WRITE, RANK, APPROVE], default=WRITE)
    filter = WhichPromptsSerializer(required=False)
    prompts = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_NAMED, help_text="These only, by id."
    )
    assign = AssignSerializer(required=False)
    priority = serializers.ChoiceField(choices=Priority.choices, required=False)
    needed = serializers.IntegerField(
        min_value=1, max_value=MOST_PER_ITEM, required=False, help_text="How many people write for each, or rank it."
    )
    open_only = serializers.BooleanField(default=False, help_text="`needed` only where more is needed still.")


class ChoreSerializer(serializers.ModelSerializer):
    class Meta:
        model = Chore
        fields = ["id", "kind", "status", "changed", "after", "problem", "created_at", "finished_at"]


class PromptsArrange(InProject, APIView):
    """Few prompts are done when it answers (200); many are left to the worker (202): ask again by its id."""

    acts = {"POST": "manage"}

    @extend_schema(request=ArrangeSerializer, responses={200: ChoreSerializer, 202: ChoreSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = ArrangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        chore = assigning.arrange(
            project=self.project,
            by=self.person,
            work=data["work"],
            filter=dict(data.get("filter", {})),
            only=data.get("prompts"),
            priority=data.get("priority"),
            people=data.get("needed"),
            of_open=data["open_only"],
            assign=people_named(data["assign"]) if "assign" in data else None,
        )
        code = status.HTTP_202_ACCEPTED if chore.finished_at is None else status.HTTP_200_OK
        return Response(ChoreSerializer(chore).data, code)


class ChoreDetail(InProject, APIView):
    acts = {"GET": "manage"}

    @extend_schema(responses=ChoreSerializer)
    def get(self, request: Request, pk: str, chore_pk: str) -> Response:
        return Response(ChoreSerializer(get_object_or_404(self.project.chores, pk=chore_pk)).data)


class PromptsEstimate(InProject, APIView):
    """Estimate now from whose answers the model would learn most; the worker does it."""

    acts = {"POST": "manage"}

    @extend_schema(request=None, responses={202: ChoreSerializer})
    def post(self, request: Request, pk: str) -> Response:
        chore = assigning.estimate(project=self.project, by=self.person)
        return Response(ChoreSerializer(chore).data, status.HTTP_202_ACCEPTED)


def people_named(data: dict[str, Any], field: str = "assign") -> tuple[list[User], list[str]]:
    """The people and roles of an AssignSerializer."""
    people = {user.username: user for user in User.objects.filter(username__in=data["people"])}
    if unknown := next((name for name in data["people"] if name not in people), None):
        raise serializers.ValidationError({field: [f"There is nobody with the user name “{unknown}”."]})
    return list(people.values()), data["roles"]
