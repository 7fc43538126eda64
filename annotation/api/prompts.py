from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import alike, search
from annotation.actions.importing import ImportRefused, Responses, take_records
from annotation.api.base import ByPosition, InProject
from annotation.forms.projects import checked
from annotation.imports.records import PRIORITIES, Mapping, Record, read_records
from annotation.imports.rows import MAX_CELL, Problem, Row
from annotation.models import Demonstration, Priority, Prompt, PromptQuerySet, Split
from annotation.project_rules import MOST_PER_ITEM
from annotation.splits import Shares

MOST_AT_ONCE = 1000


class PromptSerializer(serializers.ModelSerializer):
    class Meta:
        model = Prompt
        fields = [
            "id",
            "position",
            "external_id",
            "group",
            "task_type",
            "proposed_task_type",
            "type_certainty",
            "difficulty",
            "estimated_difficulty",
            "difficulty_reasons",
            "split",
            "instruction",
            "input",
            "history",
            "reference",
            "priority",
            "expected_value",
            "answers_needed",
            "answers_done",
            "created_at",
        ]


class PriorityField(serializers.ChoiceField):
    """By its number, or by its name as exports write it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Priority.choices, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        named = PRIORITIES.get(data.lower()) if isinstance(data, str) else None
        return super().to_internal_value(data if named is None else named)


class NewPromptSerializer(serializers.Serializer):
    external_id = serializers.CharField(max_length=200, required=False, allow_blank=True)
    group = serializers.CharField(max_length=200, required=False, allow_blank=True)
    task_type = serializers.CharField(max_length=80, required=False, allow_blank=True)
    split = serializers.ChoiceField(choices=Split.choices, required=False, help_text="Left out: by the group's hash.")
    instruction = serializers.CharField(max_length=MAX_CELL)
    input = serializers.CharField(max_length=MAX_CELL, required=False, allow_blank=True)
    response = serializers.CharField(max_length=MAX_CELL, required=False, allow_blank=True)
    history = serializers.ListField(
        child=serializers.DictField(), required=False, help_text="Messages said before, user and assistant in turn."
    )
    priority = PriorityField(required=False)
    answers_needed = serializers.IntegerField(
        min_value=1, max_value=MOST_PER_ITEM, required=False, help_text="Left out: as many as the project says."
    )


class NewPromptsSerializer(serializers.Serializer):
    """Up to a thousand prompts, taken all or none."""

    prompts = serializers.ListField(child=NewPromptSerializer(), min_length=1, max_length=MOST_AT_ONCE)
    responses = serializers.ChoiceField(choices=Responses.choices, default=Responses.SUBMITTED)
    evaluation_share = serializers.FloatField(min_value=0, max_value=0.9, default=0.1)
    validation_share = serializers.FloatField(min_value=0, max_value=0.5, default=0.1)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "shares": checked(Shares, data["evaluation_share"], data["validation_share"])}


class CountsSerializer(serializers.Serializer):
    records = serializers.IntegerField()
    new = serializers.IntegerField()
    known = serializers.IntegerField(help_text="Passed over: the project has them already.")
    differs = serializers.IntegerField(help_text="Of the known ones: with another text, which the project keeps.")
    problems = serializers.IntegerField()
    responses = serializers.IntegerField()
    comparisons = serializers.IntegerField()
    train = serializers.IntegerField()
    validation = serializers.IntegerField()
    evaluation = serializers.IntegerField()


class PromptFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(
        choices=[("none", "None yet"), *Demonstration.Status.choices],
        method="by_status",
        label="How far its response has got",
    )

    search = django_filters.CharFilter(method="by_words", label=search.WHAT_IT_FINDS)

    class Meta:
        model = Prompt
        fields = ["split", "task_type", "group", "external_id"]

    def by_words(self, prompts: PromptQuerySet, name: str, value: str) -> PromptQuerySet:
        return search.find(prompts, self.request.project, value)

    def by_status(self, prompts: PromptQuerySet, name: str, value: str) -> PromptQuerySet:
        return prompts.with_response(value)


class PromptList(InProject, generics.ListAPIView):
    acts = {"GET": "read results", "POST": "manage"}
    serializer_class = PromptSerializer
    pagination_class = ByPosition
    filterset_class = PromptFilter
    queryset = Prompt.objects.none()

    def get_queryset(self) -> QuerySet[Prompt]:
        return self.project.prompts.all()

    @extend_schema(request=NewPromptsSerializer, responses={201: CountsSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = NewPromptsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        try:
            counts = take_records(
                project=self.project,
                items=_records(data["prompts"]),
                shares=data["shares"],
                responses=data["responses"],
                by=self.person,
                source="API",
            )
        except ImportRefused as refused:
            reasons = {str(problem["line"] - 1): [problem["reason"]] for problem in refused.counts.first_problems}
            raise serializers.ValidationError({"prompts": reasons}) from None
        return Response(counts.numbers(), status.HTTP_201_CREATED)


class PromptDetail(InProject, APIView):
    acts = {"GET": "read results"}

    @extend_schema(responses=PromptSerializer)
    def get(self, request: Request, pk: str, prompt_pk: str) -> Response:
        return Response(PromptSerializer(get_object_or_404(self.project.prompts, pk=prompt_pk)).data)


class SimilarSerializer(serializers.Serializer):
    prompt = PromptSerializer()
    shared = serializers.FloatField(help_text="Words in common, of all words of the two.")


class SimilarListSerializer(serializers.Serializer):
    similar = SimilarSerializer(many=True)


class PromptSimilar(InProject, APIView):
    acts = {"GET": "read results"}

    @extend_schema(responses=SimilarListSerializer)
    def get(self, request: Request, pk: str, prompt_pk: str) -> Response:
        """Prompts that share its rarer words, most alike first; at most 20."""
        found = alike.to(get_object_or_404(self.project.prompts, pk=prompt_pk))
        told = [{"prompt": PromptSerializer(each.prompt).data, "shared": round(each.shared, 4)} for each in found]
        return Response({"similar": told})


def _records(prompts: list[dict[str, Any]]) -> Iterator[Record | Problem]:
    """The records of a request pass the same checks as those of a file; each prompt is a line."""
    rows = (Row(number, dict(prompt)) for number, prompt in enumerate(prompts, start=1))
    return read_records(rows, Mapping({name: name for name in NewPromptSerializer().get_fields()}))
