from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.access import ADMIN
from annotation.actions import cleaning
from annotation.api.base import InProject
from annotation.cleaning import KINDS
from annotation.forms.cleaning import TITLES, FindingsFilter
from annotation.models import BulkDecision, CleaningRun, Decision, Finding, GlossaryTerm, Scope, TextPattern
from annotation.pagination import Keyset


class CleaningRunSerializer(serializers.ModelSerializer[CleaningRun]):
    class Meta:
        model = CleaningRun
        fields = ["id", "scopes", "kinds", "status", "done", "total", "found", "problem", "created_at", "finished_at"]


class NewCleaningRunSerializer(serializers.Serializer[Any]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), default=Scope.values)
    kinds = serializers.ListField(child=serializers.ChoiceField(choices=TITLES), default=list(KINDS))


class CleaningRuns(InProject, APIView):
    """The last runs. Posting starts one; the worker does it."""

    acts = {"GET": "manage", "POST": "manage"}

    @extend_schema(responses=CleaningRunSerializer(many=True))
    def get(self, request: Request, pk: str) -> Response:
        return Response(CleaningRunSerializer(self.project.cleaningruns.all()[:50], many=True).data)

    @extend_schema(request=NewCleaningRunSerializer, responses={202: CleaningRunSerializer})
    def post(self, request: Request, pk: str) -> Response:
        sent = NewCleaningRunSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        run = cleaning.start(project=self.project, by=self.person, **sent.validated_data)
        return Response(CleaningRunSerializer(run).data, status.HTTP_202_ACCEPTED)


class CleaningRunDetail(InProject, APIView):
    acts = {"GET": "manage"}

    @extend_schema(responses=CleaningRunSerializer)
    def get(self, request: Request, pk: str, run_pk: str) -> Response:
        return Response(CleaningRunSerializer(get_object_or_404(self.project.cleaningruns, pk=run_pk)).data)


class CleaningRunStop(InProject, APIView):
    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=CleaningRunSerializer)
    def post(self, request: Request, pk: str, run_pk: str) -> Response:
        run = get_object_or_404(self.project.cleaningruns, pk=run_pk)
        cleaning.stop(run=run, by=self.person)
        run.refresh_from_db()
        return Response(CleaningRunSerializer(run).data)


class CleaningRunResume(InProject, APIView):
    acts = {"POST": "manage"}

    @extend_schema(request=None, responses=CleaningRunSerializer)
    def post(self, request: Request, pk: str, run_pk: str) -> Response:
        run = get_object_or_404(self.project.cleaningruns, pk=run_pk)
        cleaning.resume(run=run, by=self.person)
        return Response(CleaningRunSerializer(run).data)


class FindingSerializer(serializers.ModelSerializer[Finding]):
    decided_by = serializers.CharField(source="decided_by.username", read_only=True, default=None)

    class Meta:
        model = Finding
        fields = [
            "id",
            "kind",
            "prompt",
            "demonstration",
            "candidate",
            "document",
            "field",
            "start",
            "end",
            "words",
            "proposed",
            "replacement",
            "note",
            "status",
            "decided_by",
            "decided_at",
        ]


class ById(Keyset):
    ordering = ("id",)


class Findings(InProject, generics.ListAPIView[Finding]):
    """What you may decide about, the open ones unless another state is named."""

    acts = {"GET": "clean"}
    serializer_class = FindingSerializer
    pagination_class = ById
    queryset = Finding.objects.none()

    def get_queryset(self) -> QuerySet[Finding]:
        chosen = FindingsFilter(self.request.query_params).chosen
        rows = cleaning.visible(self.project, self.person, self.project.role_of(self.person))
        rows = rows.filter(status=chosen["status"]).select_related("decided_by")
        return rows.filter(kind=chosen["kind"]) if chosen["kind"] else rows

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR, enum=list(KINDS)),
            OpenApiParameter("status", OpenApiTypes.STR, enum=Finding.Status.values),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class DecisionSerializer(serializers.Serializer[Any]):
    act = serializers.ChoiceField(choices=Decision.choices)
    replacement = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=cleaning.LONGEST
    )


class FindingDecide(InProject, APIView):
    """Confirm or dismiss an open one, or take the decision back. 409 when somebody was faster."""

    acts = {"POST": "clean"}

    @extend_schema(request=DecisionSerializer, responses=FindingSerializer)
    def post(self, request: Request, pk: str, finding_pk: str) -> Response:
        sent = DecisionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        rows = cleaning.visible(self.project, self.person, self.project.role_of(self.person))
        found = get_object_or_404(rows, pk=finding_pk)
        act = sent.validated_data["act"]
        if act == Decision.UNDO:
            cleaning.undo(finding=found, by=self.person)
        else:
            instead = sent.validated_data.get("replacement")
            cleaning.decide(finding=found, act=act, by=self.person, replacement=instead)
        return Response(FindingSerializer(found).data)


class BulkDecisionSerializer(serializers.ModelSerializer[BulkDecision]):
    class Meta:
        model = BulkDecision
        fields = ["id", "kind", "act", "status", "done", "total", "undoes", "created_at", "finished_at"]


class NewBulkDecisionSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=TITLES)
    act = serializers.ChoiceField(choices=Decision.choices, help_text="Confirm or dismiss.")
    expected = serializers.IntegerField(
        required=False, min_value=0, help_text="How many you saw: with another number nothing is decided."
    )


class BulkDecisions(InProject, APIView):
    """Decide about all open findings of a kind: done when it answers (200), or left to the worker (202)."""

    acts = {"POST": "clean"}

    @extend_schema(
        request=NewBulkDecisionSerializer, responses={200: BulkDecisionSerializer, 202: BulkDecisionSerializer}
    )
    def post(self, request: Request, pk: str) -> Response:
        sent = NewBulkDecisionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return answered(cleaning.decide_all(project=self.project, by=self.person, **sent.validated_data))


class BulkDecisionUndo(InProject, APIView):
    """Your own, or as an admin anybody's."""

    acts = {"POST": "clean"}

    @extend_schema(request=None, responses={200: BulkDecisionSerializer, 202: BulkDecisionSerializer})
    def post(self, request: Request, pk: str, bulk_pk: str) -> Response:
        rows = self.project.bulkdecisions.filter(undoes=None)
        if self.project.role_of(self.person) not in ADMIN:
            rows = rows.filter(created_by=self.person)
        return answered(cleaning.undo_all(bulk=get_object_or_404(rows, pk=bulk_pk), by=self.person))


def answered(bulk: BulkDecision) -> Response:
    code = status.HTTP_202_ACCEPTED if bulk.is_unfinished else status.HTTP_200_OK
    return Response(BulkDecisionSerializer(bulk).data, code)


class TermSerializer(serializers.ModelSerializer[GlossaryTerm]):
    variants = serializers.ListField(child=serializers.CharField(max_length=120), default=list)

    class Meta:
        model = GlossaryTerm
        fields = ["id", "preferred", "variants", "note"]


class Glossary(InProject, APIView):
    """Posting adds a term, or changes the one with this preferred form."""

    acts = {"GET": "manage", "POST": "manage"}

    @extend_schema(responses=TermSerializer(many=True))
    def get(self, request: Request, pk: str) -> Response:
        return Response(TermSerializer(self.project.glossary.all(), many=True).data)

    @extend_schema(request=TermSerializer, responses={201: TermSerializer})
    def post(self, request: Request, pk: str) -> Response:
        sent = TermSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        term = cleaning.add_term(project=self.project, by=self.person, **sent.validated_data)
        return Response(TermSerializer(term).data, status.HTTP_201_CREATED)


class GlossaryDetail(InProject, APIView):
    acts = {"DELETE": "manage"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str, term_pk: int) -> Response:
        cleaning.remove_term(term=get_object_or_404(self.project.glossary, pk=term_pk), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PatternSerializer(serializers.ModelSerializer[TextPattern]):
    class Meta:
        model = TextPattern
        fields = ["id", "name", "expression"]


class Patterns(InProject, APIView):
    """Posting adds a pattern, or changes the one of this name. What could take very long is refused."""

    acts = {"GET": "manage", "POST": "manage"}

    @extend_schema(responses=PatternSerializer(many=True))
    def get(self, request: Request, pk: str) -> Response:
        return Response(PatternSerializer(self.project.text_patterns.all(), many=True).data)

    @extend_schema(request=PatternSerializer, responses={201: PatternSerializer})
    def post(self, request: Request, pk: str) -> Response:
        sent = PatternSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        pattern = cleaning.add_pattern(project=self.project, by=self.person, **sent.validated_data)
        return Response(PatternSerializer(pattern).data, status.HTTP_201_CREATED)


class PatternDetail(InProject, APIView):
    acts = {"DELETE": "manage"}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: str, pattern_pk: int) -> Response:
        cleaning.remove_pattern(pattern=get_object_or_404(self.project.text_patterns, pk=pattern_pk), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)
