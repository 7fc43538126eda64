from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import SENIOR
from annotation.api.assigning import AssignSerializer, people_named
from annotation.api.base import DetailSerializer, InProject
from annotation.pagination import Keyset
from evaluation import actions, results
from evaluation.actions.promoting import NeedsConfirmation
from evaluation.comparison import compare
from evaluation.models import Contestant, Evaluation, EvaluationSet, Output, Promotion, Review
from evaluation.progress import Progress, progress_of, scores_the_same_prompts, visible_to
from training.api.base import adapters_named

ELSEWHERE = (
    "Another evaluation has people score outputs for these prompts, or will: its contestants may be the same. "
    "Score there first; where others score, wait until theirs are in."
)
CLOSED = "People are still scoring blind, or contestants are answering. Open the results to read them now."


def evaluation_of(view: InProject, pk: UUID) -> Evaluation:
    found = get_object_or_404(view.project.evaluations.select_related("evaluation_set", "reviewers"), pk=pk)
    found.project = view.project
    return found


def refuse_while_blind(request: Request, evaluation: Evaluation, progress: Progress) -> None:
    if not visible_to(evaluation, request.user, progress):
        raise PermissionDenied(CLOSED)


# --- Evaluation sets ------------------------------------------------------------------------------------------


class EvaluationSetSerializer(serializers.ModelSerializer[EvaluationSet]):
    prompts = serializers.IntegerField(source="prompt_count", read_only=True)

    class Meta:
        model = EvaluationSet
        fields = ["id", "name", "sha256", "prompts", "created_at"]


class NewEvaluationSetSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)


class EvaluationSets(InProject, generics.ListAPIView):
    """Held-out prompts frozen for judging. Posting freezes what is held out now; unchanged content makes no new set."""

    acts: ClassVar = {"GET": "read results", "POST": "manage"}
    serializer_class = EvaluationSetSerializer
    queryset = EvaluationSet.objects.none()

    def get_queryset(self) -> QuerySet[EvaluationSet]:
        return self.project.evaluation_sets.with_prompt_counts()

    @extend_schema(request=NewEvaluationSetSerializer, responses={201: EvaluationSetSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = NewEvaluationSetSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        known = set(self.project.evaluation_sets.values_list("pk", flat=True))
        made = actions.freeze_evaluation_set(project=self.project, by=self.person, **given.validated_data)
        code = status.HTTP_200_OK if made.pk in known else status.HTTP_201_CREATED
        return Response(EvaluationSetSerializer(self.get_queryset().get(pk=made.pk)).data, code)


# --- Evaluations ----------------------------------------------------------------------------------------------


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    """`reviewers`: the people and roles who get outputs to score; both empty: everybody."""

    reviewers = serializers.SerializerMethodField()

    class Meta:
        model = Evaluation
        fields = [
            "id",
            "number",
            "name",
            "evaluation_set",
            "reviewed_prompts",
            "reviews_per_output",
            "reviewers",
            "created_at",
        ]

    @extend_schema_field(AssignSerializer)
    def get_reviewers(self, evaluation: Evaluation) -> dict[str, list[str]]:
        named = evaluation.reviewers
        if named is None:
            return {"people": [], "roles": []}
        people = User.objects.filter(pk__in=named.people).order_by("username")
        return {"people": list(people.values_list("username", flat=True)), "roles": named.roles}


class ChangeEvaluationSerializer(serializers.Serializer):
    """Who gets outputs to score from now on; both lists empty: everybody."""

    reviewers = AssignSerializer()


class NewEvaluationSerializer(serializers.Serializer):
    """`base`: the base model takes part. Left out, the newest evaluation set is taken."""

    name = serializers.CharField(max_length=120, default="", allow_blank=True)
    evaluation_set = serializers.UUIDField(required=False)
    base = serializers.BooleanField(default=True)
    adapters = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=20)
    reviewed_prompts = serializers.IntegerField(min_value=0, max_value=10_000, default=20)
    reviews_per_output = serializers.IntegerField(min_value=1, required=False)
    max_new_tokens = serializers.IntegerField(min_value=1, default=256)
    reviewers = AssignSerializer(required=False)


class EvaluationDetailSerializer(EvaluationSerializer):
    """`results` is null while people score blind, for those who may still score."""

    state = serializers.CharField()
    reviews_wanted = serializers.IntegerField()
    reviews_in = serializers.IntegerField()
    results = serializers.DictField(allow_null=True)

    class Meta(EvaluationSerializer.Meta):
        fields = [*EvaluationSerializer.Meta.fields, "state", "reviews_wanted", "reviews_in", "results"]


class Evaluations(InProject, generics.ListAPIView):
    acts: ClassVar = {"GET": "read results", "POST": "manage"}
    serializer_class = EvaluationSerializer
    queryset = Evaluation.objects.none()

    def get_queryset(self) -> QuerySet[Evaluation]:
        return self.project.evaluations.select_related("reviewers")

    @extend_schema(request=NewEvaluationSerializer, responses={201: EvaluationSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = NewEvaluationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        if "reviewers" in data:
            data["reviewers"] = people_named(data["reviewers"], "reviewers")
        data["evaluation_set"] = self._set(data.get("evaluation_set"))
        contestants = [*([None] if data.pop("base") else []), *adapters_named(self.project, data.pop("adapters"))]
        made = actions.start_evaluation(project=self.project, contestants=contestants, by=self.person, **data)
        return Response(EvaluationSerializer(made).data, status.HTTP_201_CREATED)

    def _set(self, pk: UUID | None) -> EvaluationSet:
        sets = self.project.evaluation_sets
        found = sets.filter(pk=pk).first() if pk else sets.first()
        if found is None:
            raise serializers.ValidationError({"evaluation_set": ["There is no such evaluation set in this project."]})
        return found


class OneEvaluation(InProject):
    """An evaluation with the whole comparison: verdicts, every measure with n and interval, every difference."""

    acts: ClassVar = {"GET": "read results", "PATCH": "manage"}

    @extend_schema(request=ChangeEvaluationSerializer, responses=EvaluationSerializer)
    def patch(self, request: Request, pk: UUID, evaluation_pk: UUID) -> Response:
        """Choose who scores."""
        found = evaluation_of(self, evaluation_pk)
        given = ChangeEvaluationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        people, roles = people_named(given.validated_data["reviewers"], "reviewers")
        actions.choose_reviewers(evaluation=found, by=self.person, people=people, roles=roles)
        return Response(EvaluationSerializer(found).data)

    @extend_schema(responses=EvaluationDetailSerializer)
    def get(self, request: Request, pk: UUID, evaluation_pk: UUID) -> Response:
        found = evaluation_of(self, evaluation_pk)
        progress = progress_of(found)
        open_ = progress.answered and visible_to(found, request.user, progress)
        return Response(
            {
                **EvaluationSerializer(found).data,
                "state": progress.word[1],
                "reviews_wanted": progress.reviews_wanted,
                "reviews_in": progress.reviews_in,
                "results": results.as_json(compare(found, progress.contestants)) if open_ else None,
            }
        )


class OpenResults(InProject):
    """Show me the results before the last review is in. From then on I cannot score this evaluation's outputs."""

    @extend_schema(request=None, responses={200: DetailSerializer})
    def post(self, request: Request, pk: UUID, evaluation_pk: UUID) -> Response:
        actions.open_results(evaluation=evaluation_of(self, evaluation_pk), by=self.person)
        return Response({"detail": "You see the results now; the outputs are for others to score."})


class ContestantSerializer(serializers.ModelSerializer[Contestant]):
    # the metaclass takes declared fields out of the class, so this one never meets Field.label
    label = serializers.CharField(source="__str__", read_only=True)  # type: ignore[assignment]

    class Meta:
        model = Contestant
        fields = ["id", "label", "adapter", "base_model", "status", "failure_message"]


class _ContestantAct(InProject):
    act: ClassVar[Any]

    @extend_schema(request=None, responses=ContestantSerializer)
    def post(self, request: Request, pk: UUID, contestant_pk: UUID) -> Response:
        found = Contestant.objects.filter(evaluation__project=self.project)
        contestant = get_object_or_404(
            found.select_related("evaluation__project", "adapter__round", "base_model"), pk=contestant_pk
        )
        type(self).act(contestant=contestant, by=self.person)
        contestant.refresh_from_db()
        return Response(ContestantSerializer(contestant).data)


class ContestantRetry(_ContestantAct):
    """Queue a failed contestant again."""

    act = staticmethod(actions.retry_contestant)


class ContestantLeaveOut(_ContestantAct):
    """Go on without this contestant."""

    act = staticmethod(actions.leave_out)


# --- Outputs and reviews --------------------------------------------------------------------------------------


class ByPrompt(Keyset):
    ordering = ("prompt__position", "contestant__position")


class OutputSerializer(serializers.ModelSerializer[Output]):
    class Meta:
        model = Output
        fields = [
            "id",
            "contestant",
            "prompt",
            "text",
            "tokens",
            "seconds",
            "finish",
            "reference_nll",
            "reference_tokens",
            "metrics",
            "for_review",
            "reviews_done",
        ]


class Outputs(InProject, generics.ListAPIView):
    """What every contestant wrote, with its metrics; closed while people score blind."""

    acts: ClassVar = {"GET": "read results"}
    serializer_class = OutputSerializer
    pagination_class = ByPrompt
    filterset_fields: ClassVar = ["contestant", "prompt", "for_review"]
    queryset = Output.objects.none()

    def get_queryset(self) -> QuerySet[Output]:
        found = evaluation_of(self, self.kwargs["evaluation_pk"])
        refuse_while_blind(self.request, found, progress_of(found))
        if scores_the_same_prompts(found, self.person):
            raise PermissionDenied(ELSEWHERE)
        return Output.objects.filter(contestant__evaluation=found)


class ReviewSerializer(serializers.ModelSerializer[Review]):
    reviewer = serializers.CharField(source="reviewer.username", read_only=True)

    class Meta:
        model = Review
        fields = [
            "id",
            "output",
            "reviewer",
            "accuracy",
            "completeness",
            "conciseness",
            "adherence",
            "utility",
            "comment",
            "active_seconds",
            "created_at",
        ]


class Reviews(InProject, generics.ListAPIView):
    """Everybody's scores once the last one is in, for those who may read results; your own at any time."""

    acts: ClassVar = {"GET": "score"}
    serializer_class = ReviewSerializer
    queryset = Review.objects.none()

    def get_queryset(self) -> QuerySet[Review]:
        found = evaluation_of(self, self.kwargs["evaluation_pk"])
        reviews = Review.objects.filter(output__contestant__evaluation=found).select_related("reviewer")
        senior = self.request.role in SENIOR  # type: ignore[attr-defined]
        if senior and visible_to(found, self.request.user, progress_of(found)):
            return reviews
        return reviews.filter(reviewer_id=self.request.user.pk)


# --- Promotions -----------------------------------------------------------------------------------------------


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    promoted_by = serializers.CharField(source="promoted_by.username", read_only=True)
    ended_by = serializers.CharField(source="ended_by.username", read_only=True, default=None)
    # the metaclass takes declared fields out of the class, so this one never meets Field.label
    label = serializers.CharField(source="adapter.__str__", read_only=True)  # type: ignore[assignment]

    class Meta:
        model = Promotion
        fields = [
            "id",
            "adapter",
            "label",
            "evaluation",
            "restores",
            "reason",
            "promoted_by",
            "promoted_at",
            "ended_by",
            "ended_at",
        ]


class NewPromotionSerializer(serializers.Serializer):
    adapter = serializers.UUIDField()
    evaluation = serializers.UUIDField(required=False, allow_null=True, help_text="The evidence.")
    reason = serializers.CharField(max_length=2000)
    confirmed = serializers.BooleanField(
        default=False, help_text="Promote although reviews are missing or a measure got worse."
    )


class RollbackSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=2000)


class ByPromotion(Keyset):
    ordering = ("-promoted_at",)


class Promotions(InProject, generics.ListAPIView):
    """What is and was in use. Posting promotes an adapter."""

    acts: ClassVar = {"GET": "read results", "POST": "manage"}
    serializer_class = PromotionSerializer
    pagination_class = ByPromotion
    queryset = Promotion.objects.none()

    def get_queryset(self) -> QuerySet[Promotion]:
        return self.project.promotions.select_related("adapter__round", "promoted_by", "ended_by")

    @extend_schema(request=NewPromotionSerializer, responses={201: PromotionSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = NewPromotionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        adapter = self.project.adapters.select_related("round", "project").filter(pk=data.pop("adapter")).first()
        if adapter is None:
            raise serializers.ValidationError({"adapter": ["There is no such adapter in this project."]})
        evaluation = self._evaluation(data.pop("evaluation", None))
        try:
            made = actions.promote(adapter=adapter, evaluation=evaluation, by=self.person, **data)
        except NeedsConfirmation as asked:
            blind = evaluation and not visible_to(evaluation, request.user, progress_of(evaluation))
            raise serializers.ValidationError({"confirmed": [CLOSED] if blind else asked.evidence.doubts}) from asked
        return Response(PromotionSerializer(made).data, status.HTTP_201_CREATED)

    def _evaluation(self, pk: UUID | None) -> Evaluation | None:
        if pk is None:
            return None
        found = self.project.evaluations.filter(pk=pk).first()
        if found is None:
            raise serializers.ValidationError({"evaluation": ["There is no such evaluation in this project."]})
        return found


class Rollback(InProject):
    """End the current promotion; the one before it comes back. Empty: the base model is in use again."""

    @extend_schema(request=RollbackSerializer, responses={200: PromotionSerializer, 204: None})
    def post(self, request: Request, pk: UUID) -> Response:
        given = RollbackSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        restored = actions.rollback(project=self.project, by=self.person, **given.validated_data)
        if restored is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(PromotionSerializer(restored).data)
