from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training import actions, choosing
from training.api.base import JOB_FIELDS, adapters_named
from training.models import Sampling
from training.params import GenerateParams, to_json


class SamplingSerializer(serializers.ModelSerializer[Sampling]):
    class Meta:
        model = Sampling
        fields = [*JOB_FIELDS, "purpose", "base_model", "sources", "params"]


class SamplingDetailSerializer(SamplingSerializer):
    outputs = serializers.SerializerMethodField(help_text="What has been written so far.")

    class Meta(SamplingSerializer.Meta):
        fields = [*SamplingSerializer.Meta.fields, "prompts", "outputs"]

    def get_outputs(self, sampling: Sampling) -> list[dict[str, Any]]:
        return sampling.outputs()


class StartSamplingSerializer(serializers.Serializer[Any]):
    adapters = serializers.ListField(child=serializers.UUIDField(), default=list, max_length=5)
    base = serializers.BooleanField(default=False, help_text="The base model writes as well.")
    prompts = serializers.IntegerField(min_value=1, max_value=1000, default=20, help_text="The next unranked ones.")
    num_candidates = serializers.IntegerField(min_value=1, max_value=5, default=4)
    temperature = serializers.FloatField(min_value=0, max_value=2, default=0.8)
    max_new_tokens = serializers.IntegerField(min_value=1, max_value=2048, default=256)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=17)


class Samplings(InProject, generics.ListAPIView[Sampling]):
    """The project's samplings; POST starts one whose answers become comparisons to rank."""

    serializer_class = SamplingSerializer
    queryset = Sampling.objects.none()
    filterset_fields = ["status", "purpose"]

    def get_queryset(self) -> QuerySet[Sampling]:
        return self.project.samplings.all()

    @extend_schema(request=StartSamplingSerializer, responses={201: SamplingSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        given = StartSamplingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = dict(given.validated_data)
        sources = [*([None] if data.pop("base") else []), *adapters_named(self.project, data.pop("adapters"))]
        prompts = choosing.prompts_to_sample(self.project, data.pop("prompts"))
        params = to_json(GenerateParams()) | data
        made = actions.start_sampling(
            project=self.project, sources=sources, prompts=prompts, params=params, by=self.person
        )
        return Response(SamplingSerializer(made).data, status=status.HTTP_201_CREATED)


class OneSampling(InProject):
    @extend_schema(responses=SamplingDetailSerializer)
    def get(self, request: Request, pk: UUID, sampling_pk: UUID) -> Response:
        """A sampling with its prompts and what has been written so far."""
        found = get_object_or_404(self.project.samplings, pk=sampling_pk)
        return Response(SamplingDetailSerializer(found).data)


class SamplingCancel(InProject):
    @extend_schema(request=None, responses=SamplingSerializer)
    def post(self, request: Request, pk: UUID, sampling_pk: UUID) -> Response:
        """Cancel a sampling. One that is over already stays as it is."""
        found = get_object_or_404(self.project.samplings, pk=sampling_pk)
        actions.cancel_sampling(sampling=found, by=self.person)
        found.refresh_from_db()
        return Response(SamplingSerializer(found).data)
