"""Known answers, decisions and agreement over the API, with ids: for admins."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions import deciding, reporting, standing
from annotation.agreement import Agreement
from annotation.api.base import InProject
from annotation.models import Adjudication, Comparison, Gold, Project
from annotation.pagination import Keyset
from annotation.quality import agreements
from annotation.ranking import LETTERS

WORKED_OUT = "The worker works it out from all judgements. Ask again in a minute."


def _groups(**more: Any) -> serializers.ListField:
    group = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=len(LETTERS))
    return serializers.ListField(child=group, min_length=1, max_length=len(LETTERS), **more)


class NewVerdictSerializer(serializers.Serializer):
    comparison = serializers.UUIDField()
    order = _groups(help_text="Groups of candidate ids, best first; a group of several is a tie.")
    all_bad = serializers.BooleanField(default=False)
    seen = serializers.CharField(
        max_length=40,
        required=False,
        allow_null=True,
        help_text=f'What stood when you looked, from `seen` of it; "{standing.NOTHING}" for nothing. 409 where it is '
        "something else by now, and nothing is overwritten. Without it nothing is compared.",
    )


class StandsSerializer(serializers.ModelSerializer):
    seen = serializers.SerializerMethodField(help_text="Names what stands now; send it to change just that.")

    def get_seen(self, row: Gold | Adjudication) -> str:
        beside = row.comparison
        return standing.token(getattr(beside, "gold", None), getattr(beside, "adjudication", None))


class NewKnownAnswerSerializer(NewVerdictSerializer):
    explanation = serializers.CharField(max_length=5000, default="", allow_blank=True)
    for_training = serializers.BooleanField(default=False, help_text="Explained to new people before they rank.")


class NewDecisionSerializer(NewVerdictSerializer):
    strength = serializers.IntegerField(min_value=1, max_value=2, allow_null=True, default=None)
    reason = serializers.CharField(max_length=5000)


class KnownAnswerSerializer(StandsSerializer):
    created_by = serializers.CharField(source="created_by.username", read_only=True)
    order = _groups()

    class Meta:
        model = Gold
        fields = ["comparison", "order", "all_bad", "explanation", "for_training", "created_by", "created_at", "seen"]


class DecisionSerializer(StandsSerializer):
    decided_by = serializers.CharField(source="decided_by.username", read_only=True)
    order = _groups()
    changed = serializers.BooleanField(
        read_only=True, default=False, help_text="Whether a judgement has changed since; the decision stands."
    )

    class Meta:
        model = Adjudication
        fields = [
            "comparison",
            "order",
            "strength",
            "all_bad",
            "reason",
            "names_opened",
            "decided_by",
            "decided_at",
            "changed",
            "seen",
        ]


class KnownAnswers(InProject, generics.ListAPIView):
    """Comparisons whose answer is known. Posting marks one, or changes what is known of it."""

    serializer_class = KnownAnswerSerializer
    filterset_fields = ["for_training", "comparison"]
    queryset = Gold.objects.none()

    def get_queryset(self) -> QuerySet[Gold]:
        found = Gold.objects.filter(comparison__project=self.project)
        beside = ["created_by", "comparison__gold", "comparison__adjudication"]
        return found.select_related(*beside).order_by("created_at", "pk")

    @extend_schema(request=NewKnownAnswerSerializer, responses={201: KnownAnswerSerializer})
    def post(self, request: Request, pk: str) -> Response:
        given = NewKnownAnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = deciding.mark_known(by=self.person, **_checked(self.project, given.validated_data))
        return Response(KnownAnswerSerializer(self.get_queryset().get(pk=made.pk)).data, status.HTTP_201_CREATED)


class KnownAnswer(InProject, APIView):
    acts = {"DELETE": "manage"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str, comparison_pk: str) -> Response:
        """It becomes a usual comparison again."""
        found = Comparison.objects.filter(project=self.project, gold__isnull=False)
        comparison = get_object_or_404(found.select_related("prompt__project"), pk=comparison_pk)
        deciding.unmark_known(comparison=comparison, by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ByDecision(Keyset):
    ordering = ("decided_at", "id")


class Decisions(InProject, generics.ListAPIView):
    """What was decided where people differed. Posting decides, in place of their rankings."""

    serializer_class = DecisionSerializer
    pagination_class = ByDecision
    filterset_fields = ["comparison"]
    queryset = Adjudication.objects.none()

    def get_queryset(self) -> QuerySet[Adjudication]:
        found = Adjudication.objects.with_changes().filter(comparison__project=self.project)
        beside = ["decided_by", "comparison__gold", "comparison__adjudication"]
        return found.select_related(*beside).order_by("decided_at", "pk")

    @extend_schema(request=NewDecisionSerializer, responses={201: DecisionSerializer})
    def post(self, request: Request, pk: str) -> Response:
        given = NewDecisionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = deciding.decide(by=self.person, **_checked(self.project, given.validated_data))
        return Response(DecisionSerializer(self.get_queryset().get(pk=made.pk)).data, status.HTTP_201_CREATED)


class AgreementReport(InProject, APIView):
    acts = {"GET": "read results"}

    @extend_schema(responses={200: OpenApiTypes.OBJECT, 202: OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: str) -> Response:
        """For each kind of label: the figure with its interval and numbers, or the reason why there is none; as of
        when, and whether something has changed since. 202: of so many judgements it is being worked out; ask again."""
        found = reporting.agreement(project=self.project)
        if found.made_at is None:
            return Response({"detail": found.problem or WORKED_OUT}, status.HTTP_202_ACCEPTED)
        when = {"as_of": found.made_at, "outdated": found.outdated}
        return Response([{**_told(each), **when} for each in found.sections])


def _told(section: agreements.Section) -> dict[str, Any]:
    return {
        "key": section.key,
        "title": section.title,
        "measure": section.report.measure,
        **_figure(section.report.overall),
        "reading": section.reading.sentence,
        "capped": bool(section.capped),
        "beside": [
            {"question": each.question, "measure": each.measure, **_figure(each.agreement)}
            for each in section.report.beside
        ],
    }


def _figure(found: Agreement) -> dict[str, Any]:
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "items": found.units,
        "people": found.raters,
        "judgements": found.judgements,
        "reason": found.reason,
    }


def _checked(project: Project, data: dict[str, Any]) -> dict[str, Any]:
    """With the comparison itself; every candidate named once."""
    found = Comparison.objects.filter(project=project).select_related("prompt__project")
    comparison = found.filter(pk=data["comparison"]).first()
    if comparison is None:
        raise serializers.ValidationError({"comparison": ["There is no such comparison in this project."]})
    order = [[str(each) for each in group] for group in data["order"]]
    named = sorted(each for group in order for each in group)
    if named != sorted(str(each.pk) for each in comparison.candidates.all()):
        raise serializers.ValidationError({"order": ["Name each candidate of the comparison exactly once."]})
    return {**data, "comparison": comparison, "order": order}
