from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.actions.bias_lists import LONGEST, MOST_GROUPS, MOST_TERMS, set_bias_lists
from annotation.api.base import InProject
from annotation.models import BiasLists


class NamedTermsSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=LONGEST)
    terms = serializers.ListField(child=serializers.CharField(max_length=LONGEST), max_length=MOST_TERMS)


class BiasListsSerializer(serializers.Serializer):
    """What the project adds to the usual lists; what a PATCH leaves out stays."""

    groups = NamedTermsSerializer(many=True, required=False)
    outcomes = NamedTermsSerializer(many=True, required=False, help_text="Empty: the usual list.")
    roles = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(max_length=LONGEST), min_length=2, max_length=2),
        required=False,
        max_length=MOST_GROUPS,
        help_text="Pairs that swapped copies exchange.",
    )


class BiasListsDetail(InProject, APIView):
    acts = {"GET": "manage", "PATCH": "manage"}

    @extend_schema(responses=BiasListsSerializer)
    def get(self, request: Request, pk: str) -> Response:
        return Response(BiasListsSerializer(BiasLists.of(self.project)).data)

    @extend_schema(request=BiasListsSerializer, responses=BiasListsSerializer)
    def patch(self, request: Request, pk: str) -> Response:
        given = BiasListsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        lists = set_bias_lists(project=self.project, by=self.person, **given.validated_data)
        return Response(BiasListsSerializer(lists).data)
