"""Rankings over the API: said in letters by who ranks, read with ids by who administers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation import active_time, marks, rubric
from annotation.actions.ranking import order_for, rank
from annotation.api.base import InProject
from annotation.models import Comparison, Mark, Project, Ranking
from annotation.ranking import LETTERS, Said


class MarkSerializer(serializers.ModelSerializer):
    class Meta:
        model = Mark
        fields = ["candidate", "kind", "start", "end"]


class RankingSerializer(serializers.ModelSerializer):
    ranker = serializers.CharField(source="ranker.username", read_only=True)
    order = serializers.ListField(child=serializers.ListField(child=serializers.UUIDField()))
    marks = MarkSerializer(many=True, read_only=True)
    guidelines = serializers.IntegerField(
        source="guidelines.version",
        read_only=True,
        default=None,
        help_text="Their version when it was judged; none where they were not shown.",
    )

    class Meta:
        model = Ranking
        fields = [
            "id",
            "comparison",
            "ranker",
            "order",
            "strength",
            "acceptable",
            "all_bad",
            "criteria",
            "chips",
            "reason",
            "marks",
            "shown",
            "active_seconds",
            "guidelines",
            "created_at",
        ]


def _letters(**more: Any) -> serializers.ListField:
    """Groups of letters, best first."""
    group = serializers.ListField(
        child=serializers.ChoiceField(choices=list(LETTERS)), min_length=1, max_length=len(LETTERS)
    )
    return serializers.ListField(child=group, min_length=1, max_length=len(LETTERS), **more)


class NewMarkSerializer(serializers.Serializer):
    letter = serializers.ChoiceField(choices=list(LETTERS))
    kind = serializers.ChoiceField(choices=Mark.Kind.choices)
    start = serializers.IntegerField(min_value=0, help_text="Characters before it, line ends counted as one.")
    end = serializers.IntegerField(min_value=1)


class CriterionSerializer(serializers.Serializer):
    order = _letters()
    strength = serializers.IntegerField(min_value=1, max_value=2, allow_null=True, default=None)


class NewRankingSerializer(serializers.Serializer):
    comparison = serializers.UUIDField()
    order = _letters(help_text="Groups of letters, best first; a group of several is a tie.")
    strength = serializers.IntegerField(
        min_value=1, max_value=2, allow_null=True, default=None, help_text="Of two: 2 says much better."
    )
    acceptable = serializers.IntegerField(
        min_value=0,
        max_value=len(LETTERS),
        allow_null=True,
        default=None,
        help_text="How many of the groups, from the best on, are good enough; null says nothing of it.",
    )
    all_bad = serializers.BooleanField(default=False)
    criteria = serializers.DictField(child=CriterionSerializer(), default=dict)
    chips = serializers.ListField(child=serializers.CharField(max_length=200), default=list)
    reason = serializers.CharField(max_length=5000, default="", allow_blank=True)
    marks = NewMarkSerializer(many=True, default=list)
    active_seconds = serializers.FloatField(min_value=0, max_value=active_time.MOST, default=0.0)


class GivenRankingSerializer(serializers.Serializer):
    """One's own judgement, in one's own letters: candidates have no other name before everybody has judged."""

    id = serializers.UUIDField()
    comparison = serializers.UUIDField()
    order = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    strength = serializers.IntegerField(allow_null=True)
    acceptable = serializers.IntegerField(allow_null=True)
    all_bad = serializers.BooleanField()
    chips = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


class RankingList(InProject, generics.ListAPIView):
    """Everybody's, for admins. Posting records your own judgement, in the letters you were shown, once."""

    acts = {"GET": "manage", "POST": "rank"}
    serializer_class = RankingSerializer
    filterset_fields = ["comparison", "all_bad"]
    queryset = Ranking.objects.none()

    def get_queryset(self) -> QuerySet[Ranking]:
        found = Ranking.objects.filter(project=self.project)
        return found.select_related("ranker", "guidelines").prefetch_related("marks")

    @extend_schema(request=NewRankingSerializer, responses={201: GivenRankingSerializer})
    def post(self, request: Request, pk: str) -> Response:
        serializer = NewRankingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        found = Comparison.objects.filter(project=self.project).select_related("prompt__project")
        comparison = found.filter(pk=data["comparison"]).first()
        if comparison is None:
            raise serializers.ValidationError({"comparison": ["There is no such comparison in this project."]})
        shown = order_for(comparison, self.person)
        texts = {letter: marks.shown(candidate.text) for letter, candidate in shown.items()}
        _check(data, list(shown), self.project)
        said = Said(
            order=data["order"],
            strength=data["strength"],
            **{name: data[name] for name in ("acceptable", "all_bad", "chips", "reason", "active_seconds")},
            criteria={key: dict(on) for key, on in data["criteria"].items()},
        )
        outcome = rank(
            comparison=comparison,
            by=self.person,
            said=said.renamed({letter: str(candidate.pk) for letter, candidate in shown.items()}),
            marked=_marked(data["marks"], texts),
            shown=shown,
            guidelines=self.project.current_guidelines(),
        )
        code = status.HTTP_201_CREATED if outcome.fresh else status.HTTP_200_OK
        return Response(_given(outcome.ranking, {str(each.pk): letter for letter, each in shown.items()}), code)


def _given(ranking: Ranking, letters: dict[str, str]) -> dict[str, Any]:
    order = [[letters[each] for each in group] for group in ranking.order]
    names = ("id", "comparison_id", "strength", "acceptable", "all_bad", "chips", "reason", "created_at")
    values = {name.removesuffix("_id"): getattr(ranking, name) for name in names}
    return dict(GivenRankingSerializer({**values, "order": order}).data)


def _check(data: dict[str, Any], letters: list[str], project: Project) -> None:
    def refuse(field: str, words: str) -> None:
        raise serializers.ValidationError({field: [words]})

    asked = {each.key for each in rubric.criteria(project.rubric)}
    if _once(data["order"]) != letters:
        refuse("order", "Name each candidate of the comparison exactly once.")
    if data["strength"] and (len(letters) > 2 or len(data["order"]) == 1):
        refuse("strength", "Only the better one of two has a strength.")
    if (data["acceptable"] or 0) > len(data["order"]):
        refuse("acceptable", "There are not so many groups.")
    if any(key not in asked or _once(on["order"]) != letters for key, on in data["criteria"].items()):
        refuse("criteria", "Name each candidate exactly once for a criterion of the project.")
    if set(data["chips"]) - set(project.ranking_reasons):
        refuse("chips", "Choose among the project's reasons.")
    all_bad = data["all_bad"] or data["acceptable"] == 0
    if project.asks_why(all_bad) and not (data["chips"] or data["reason"].strip()):
        refuse("reason", "Say why: in chips, or in your own words.")


def _once(order: Iterable[Iterable[str]]) -> list[str]:
    return sorted(letter for group in order for letter in group)


def _marked(sent: list[dict[str, Any]], texts: dict[str, str]) -> list[marks.Mark]:
    written = ";".join(f"{one['letter']} {one['kind']} {one['start']} {one['end']}" for one in sent)
    try:
        return marks.parse(written, texts)
    except marks.Unclear as unclear:
        raise serializers.ValidationError({"marks": [str(unclear)]}) from None
