from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation import queues, search
from annotation.access import SENIOR
from annotation.actions import Refused, approving, writing
from annotation.actions.knowing import create_known, read_known
from annotation.actions.ranking import create_comparison, order_for
from annotation.api.base import Conflicting, InProject
from annotation.forms.projects import MOST_PER_ITEM
from annotation.imports.rows import MAX_CELL
from annotation.models import (
    Candidate,
    Comparison,
    Demonstration,
    DemonstrationQuerySet,
    Difficulty,
    Lease,
    Priority,
    Prompt,
    Split,
)
from annotation.queues import Conflict
from annotation.ranking import LETTERS


class DemonstrationSerializer(serializers.ModelSerializer):
    author = serializers.CharField(source="author.username", read_only=True)
    reviewed_by = serializers.CharField(source="reviewed_by.username", read_only=True, default=None)
    guidelines = serializers.IntegerField(
        source="guidelines.version",
        read_only=True,
        default=None,
        help_text="Their version when it was written; none for imported work.",
    )

    class Meta:
        model = Demonstration
        fields = [
            "id",
            "prompt",
            "author",
            "status",
            "text",
            "difficulty",
            "origin",
            "draft_text",
            "draft_source",
            "active_seconds",
            "version",
            "guidelines",
            "note",
            "created_at",
            "submitted_at",
            "reviewed_at",
            "reviewed_by",
        ]


class NewDemonstrationSerializer(serializers.Serializer):
    prompt = serializers.UUIDField()
    text = serializers.CharField(max_length=MAX_CELL)
    version = serializers.IntegerField(min_value=0, default=0, help_text="Of your own draft or returned response.")
    difficulty = serializers.ChoiceField(choices=Difficulty.choices, required=False, allow_null=True, default=None)


class ApprovalSerializer(serializers.Serializer):
    version = serializers.IntegerField(min_value=0, help_text="The version you read.")
    text = serializers.CharField(max_length=MAX_CELL, required=False, help_text="Your corrected text, if any.")


class ReturnSerializer(serializers.Serializer):
    version = serializers.IntegerField(min_value=0, help_text="The version you read.")
    note = serializers.CharField(max_length=5000, help_text="What to change.")


class DemonstrationFilter(django_filters.FilterSet):
    author = django_filters.CharFilter(field_name="author__username")
    task_type = django_filters.CharFilter(field_name="prompt__task_type")
    search = django_filters.CharFilter(method="by_words", label=search.WHAT_IT_FINDS)

    class Meta:
        model = Demonstration
        fields = ["status", "prompt"]

    def by_words(self, responses: DemonstrationQuerySet, name: str, value: str) -> DemonstrationQuerySet:
        return search.find(responses, self.request.project, value)


class DemonstrationList(InProject, generics.ListAPIView):
    """Reviewers and admins see all but other people's drafts; experts see their own. Posting submits a response."""

    acts = {"GET": "open project", "POST": "write"}
    serializer_class = DemonstrationSerializer
    filterset_class = DemonstrationFilter
    queryset = Demonstration.objects.none()

    def get_queryset(self) -> QuerySet[Demonstration]:
        found = Demonstration.objects.filter(project=self.project).select_related("author", "reviewed_by", "guidelines")
        senior = self.project.role_of(self.person) in SENIOR
        if not senior:
            return found.filter(author=self.person)
        return found.exclude(~Q(author=self.person), status=Demonstration.Status.DRAFT)

    @extend_schema(request=NewDemonstrationSerializer, responses={201: DemonstrationSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = NewDemonstrationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        prompt = _prompt(self.project.prompts.filter(pk=data["prompt"]).first())
        outcome = writing.submit(
            prompt=prompt,
            by=self.person,
            text=data["text"],
            version=data["version"],
            guidelines=self.project.current_guidelines(),
            difficulty=data["difficulty"],
        )
        if isinstance(outcome, Conflict):
            raise Conflicting(outcome.message)
        return Response(DemonstrationSerializer(outcome.demonstration).data, status.HTTP_201_CREATED)


class DemonstrationApprove(InProject, APIView):
    acts = {"POST": "approve"}

    @extend_schema(request=ApprovalSerializer, responses=DemonstrationSerializer)
    def post(self, request: Request, pk: str, demonstration_pk: str) -> Response:
        return _review(self, request, demonstration_pk, ApprovalSerializer, approving.approve)


class DemonstrationReturn(InProject, APIView):
    acts = {"POST": "approve"}

    @extend_schema(request=ReturnSerializer, responses=DemonstrationSerializer)
    def post(self, request: Request, pk: str, demonstration_pk: str) -> Response:
        return _review(self, request, demonstration_pk, ReturnSerializer, approving.send_back)


def _review(view: InProject, request: Request, demonstration_pk: str, kind: Any, act: Any) -> Response:
    found = Demonstration.objects.filter(project=view.project).select_related("author", "prompt__project", "guidelines")
    demonstration = get_object_or_404(found, pk=demonstration_pk)
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    act(demonstration=demonstration, by=view.person, **serializer.validated_data)
    return Response(DemonstrationSerializer(demonstration).data)


def _prompt(prompt: Prompt | None) -> Prompt:
    """A prompt of the project that may be taught with."""
    if prompt is None:
        raise serializers.ValidationError({"prompt": ["There is no such prompt in this project."]})
    if prompt.split == Split.EVALUATION:
        raise serializers.ValidationError({"prompt": ["This prompt is held out for evaluation."]})
    return prompt


# --- Comparisons and rankings -------------------------------------------------------------------------------

GIVEN_BACK = "You gave these answers back. Take them up again on their page, or post your judgement."
NOT_NEEDED = "Others are ranking these answers, or have done so. Your judgement is not needed here."


class CandidateSerializer(serializers.ModelSerializer):
    class Meta:
        model = Candidate
        fields = ["id", "text", "source"]


class ComparisonSerializer(serializers.ModelSerializer):
    candidates = CandidateSerializer(many=True, read_only=True)

    class Meta:
        model = Comparison
        fields = ["id", "prompt", "source", "priority", "rankings_needed", "rankings_done", "candidates", "created_at"]


class NewCandidateSerializer(serializers.Serializer):
    text = serializers.CharField(max_length=MAX_CELL)
    # the metaclass takes declared fields out of the class, so `source` never meets Field.source
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=200, default="file", help_text="What wrote it; hidden while ranking."
    )


class NewComparisonSerializer(serializers.Serializer):
    prompt = serializers.CharField(max_length=200, help_text="The prompt's id, or your own id of it.")
    candidates = serializers.ListField(child=NewCandidateSerializer(), min_length=2, max_length=len(LETTERS))
    source = serializers.CharField(max_length=200, default="file")  # type: ignore[assignment]  # as above
    rankings_needed = serializers.IntegerField(
        min_value=1, max_value=MOST_PER_ITEM, required=False, help_text="Left out: as many as the project says."
    )
    priority = serializers.ChoiceField(choices=Priority.choices, default=Priority.USUAL)
    known = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1),
        required=False,
        help_text="Its known answer: groups of the candidates' numbers, best first. People are checked by it.",
    )
    all_bad = serializers.BooleanField(default=False, help_text="It is known that none of them is any good.")
    explanation = serializers.CharField(max_length=5000, default="", allow_blank=True)
    for_training = serializers.BooleanField(default=False, help_text="Explained to new people before they rank.")


class BlindCandidateSerializer(serializers.Serializer):
    letter = serializers.CharField(help_text="All that a ranker knows of it; a ranking is said in letters.")
    text = serializers.CharField()


class BlindComparisonSerializer(serializers.Serializer):
    """What a ranker may know: the texts in the order that is theirs, and no source."""

    id = serializers.UUIDField()
    prompt = serializers.UUIDField()
    instruction = serializers.CharField()
    input = serializers.CharField()
    history = serializers.ListField(child=serializers.DictField(), help_text="Messages said before.")
    candidates = BlindCandidateSerializer(many=True)


class ComparisonFilter(django_filters.FilterSet):
    class Meta:
        model = Comparison
        fields = ["prompt", "source"]


class ComparisonList(InProject, generics.ListAPIView):
    """With sources, so for admins only. Posting makes a comparison of candidates from any tool, or one whose answer
    is known."""

    serializer_class = ComparisonSerializer
    filterset_class = ComparisonFilter
    queryset = Comparison.objects.none()

    def get_queryset(self) -> QuerySet[Comparison]:
        return Comparison.objects.filter(project=self.project).prefetch_related("candidates")

    @extend_schema(request=NewComparisonSerializer, responses={201: ComparisonSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = NewComparisonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        prompt = _prompt(self.project.prompts.named(data["prompt"]))
        made = self._known(prompt, data) or create_comparison(
            **self._what(prompt, data), rankings_needed=data.get("rankings_needed"), priority=data["priority"]
        )
        if made is None:
            raise serializers.ValidationError({"candidates": ["Fewer than two of the texts differ."]})
        return Response(ComparisonSerializer(made).data, status.HTTP_201_CREATED)

    def _known(self, prompt: Prompt, data: dict[str, Any]) -> Comparison | None:
        try:
            known = read_known(data, len(data["candidates"]))
            return create_known(**self._what(prompt, data), known=known) if known else None
        except Refused as refused:
            raise serializers.ValidationError({"known": [str(refused)]}) from None

    def _what(self, prompt: Prompt, data: dict[str, Any]) -> dict[str, Any]:
        candidates = [(candidate["text"], candidate["source"]) for candidate in data["candidates"]]
        return {"prompt": prompt, "candidates": candidates, "by": self.person, "source": data["source"]}


class ComparisonDetail(InProject, APIView):
    """For rankers: blind. Only what is theirs to judge, or judged by them, as on the page."""

    acts = {"GET": "rank"}

    @extend_schema(responses=BlindComparisonSerializer)
    def get(self, request: Request, pk: str, comparison_pk: str) -> Response:
        found = Comparison.objects.filter(project=self.project).select_related("prompt__project")
        comparison = get_object_or_404(found, pk=comparison_pk)
        judged = comparison.rankings.filter(ranker=self.person).exists()
        if not judged and queues.hold_comparison(comparison, self.person) is None:
            given_back = self.project.leases.filter(kind=Lease.Kind.RANK, item_id=comparison.pk, user=self.person)
            raise PermissionDenied(GIVEN_BACK if given_back.exclude(release="").exists() else NOT_NEEDED)
        seen = order_for(comparison, self.person)
        shown = {
            "id": comparison.pk,
            "prompt": comparison.prompt_id,
            "instruction": comparison.prompt.instruction,
            "input": comparison.prompt.input,
            "history": comparison.prompt.history,
            "candidates": [{"letter": letter, "text": candidate.text} for letter, candidate in seen.items()],
        }
        return Response(BlindComparisonSerializer(shown).data)
