from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training import actions
from training.suspects import found


class SuspectSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(source="row.place")
    prompt = serializers.UUIDField(source="prompt.pk")
    response = serializers.UUIDField(
        source="response.pk",
        default=None,
        allow_null=True,
        help_text="Of a pair: the better answer that somebody wrote.",
    )
    comparison = serializers.UUIDField(source="comparison.pk", default=None, allow_null=True, help_text="Of a pair.")
    better = serializers.UUIDField(
        source="better.pk", default=None, allow_null=True, help_text="Of a pair: the answer that people called better."
    )
    worse = serializers.UUIDField(source="worse.pk", default=None, allow_null=True)
    times = serializers.FloatField(
        source="row.times",
        help_text="How many times less expected each token is than in rows read at the same time; of a pair, how many "
        "times the odds of the answer that people called worse are those of pairs read at the same time.",
    )
    passes = serializers.IntegerField(source="row.passes", help_text="How often the round read it.")
    state = serializers.ChoiceField(choices=["open", "asked", "kept", "corrected", "dropped", "changed", "known"])
    person = serializers.CharField(
        source="person.username", default=None, allow_null=True, help_text="Who is asked, or has settled it."
    )


class SendSuspectsSerializer(serializers.Serializer[Any]):
    first = serializers.IntegerField(min_value=1, max_value=500, help_text="How many, the most doubtful first.")
    people = serializers.SlugRelatedField[User](
        slug_field="username",
        queryset=User.objects.none(),
        many=True,
        required=False,
        help_text="Who looks at responses; empty: the authors, and experts in turn for what a file brought.",
    )

    def get_fields(self) -> dict[str, Any]:
        given: Any = super().get_fields()
        if project := self.context.get("project"):  # there is none where only the schema is asked for
            members = User.objects.filter(memberships__project=project, is_active=True)
            given["people"].child_relation.queryset = members
        return given


class PeopleAskedSerializer(serializers.Serializer[Any]):
    asked = serializers.IntegerField(help_text="Responses and comparisons that people are now asked about.")


class SecondLooksDroppedSerializer(serializers.Serializer[Any]):
    dropped = serializers.IntegerField(help_text="Those that were still open.")


class Suspects(InProject):
    """Responses, or pairs, that a round found hard to believe."""

    acts = {"GET": "manage", "POST": "manage", "DELETE": "manage"}

    @extend_schema(responses=SuspectSerializer(many=True))
    def get(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """The most doubtful first, with what became of each."""
        round = get_object_or_404(self.project.rounds.select_related("dataset_version"), pk=round_pk)
        return Response(SuspectSerializer(found.with_states(round, found.rows_of(round)), many=True).data)

    @extend_schema(request=SendSuspectsSerializer, responses={201: PeopleAskedSerializer})
    def post(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """Have people look again at the first so many that are open."""
        round = get_object_or_404(self.project.rounds.select_related("dataset_version", "project"), pk=round_pk)
        given = SendSuspectsSerializer(data=request.data, context={"project": self.project})
        given.is_valid(raise_exception=True)
        asked = actions.send_suspects(round=round, by=self.person, **given.validated_data)
        return Response({"asked": asked}, status.HTTP_201_CREATED)

    @extend_schema(responses=SecondLooksDroppedSerializer)
    def delete(self, request: Request, pk: UUID, round_pk: UUID) -> Response:
        """Ask about the open ones no longer."""
        round = get_object_or_404(self.project.rounds.select_related("project"), pk=round_pk)
        return Response({"dropped": actions.drop_suspects(round=round, by=self.person)})
