from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.base import InProject
from training import actions, choosing
from training.models import Adapter, BaseModel


class AdapterSerializer(serializers.ModelSerializer[Adapter]):
    is_full = serializers.BooleanField(read_only=True, help_text="Not an adapter but a whole model, all of it trained.")

    class Meta:
        model = Adapter
        fields = ["id", "round", "base_model", "is_full", "sha256", "size_bytes", "created_at"]


class Adapters(InProject, generics.ListAPIView[Adapter]):
    """What the project's rounds have made."""

    serializer_class = AdapterSerializer
    queryset = Adapter.objects.none()
    filterset_fields = ["round"]

    def get_queryset(self) -> QuerySet[Adapter]:
        return self.project.adapters.select_related("round")


class BaseModelSerializer(serializers.ModelSerializer[BaseModel]):
    class Meta:
        model = BaseModel
        fields = [
            "id",
            "name",
            "source",
            "license",
            "weights_sha256",
            "chat_template_sha256",
            "parameters",
            "is_default",
            "created_at",
        ]


class RegisterSerializer(serializers.Serializer[Any]):
    directory = serializers.CharField(max_length=255, help_text="Name of a prepared folder among the base models.")
    default = serializers.BooleanField(default=False, help_text="New rounds start from it unless told otherwise.")


class BaseModels(generics.ListAPIView[BaseModel]):
    """The models that adapters can sit on; people who run the installation register new ones. 200: it is known."""

    serializer_class = BaseModelSerializer
    queryset = BaseModel.objects.all()

    @extend_schema(request=RegisterSerializer, responses={201: BaseModelSerializer, 200: BaseModelSerializer})
    def post(self, request: Request) -> Response:
        assert isinstance(request.user, User)
        if not request.user.is_staff:
            raise PermissionDenied("Only people who run this installation register base models.")
        given = RegisterSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        name = given.validated_data["directory"]
        directory = next((folder for folder in choosing.prepared_folders() if folder.name == name), None)
        if directory is None:
            raise serializers.ValidationError({"directory": ["There is no prepared folder of this name."]})
        known = set(BaseModel.objects.values_list("pk", flat=True))
        base = actions.register_base_model(
            directory=directory, by=request.user, make_default=given.validated_data["default"]
        )
        made = status.HTTP_200_OK if base.pk in known else status.HTTP_201_CREATED
        return Response(BaseModelSerializer(base).data, status=made)
