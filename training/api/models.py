from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import generics, serializers

from annotation.api.base import InProject
from training.models import Adapter, BaseModel


class AdapterSerializer(serializers.ModelSerializer[Adapter]):
    class Meta:
        model = Adapter
        fields = ["id", "round", "base_model", "sha256", "size_bytes", "created_at"]


class Adapters(InProject, generics.ListAPIView[Adapter]):
    """What the project's rounds have made."""

    serializer_class = AdapterSerializer
    queryset = Adapter.objects.none()
    filterset_fields = ["round"]

    def get_queryset(self) -> QuerySet[Adapter]:
        return self.project.adapters.all()


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


class BaseModels(generics.ListAPIView[BaseModel]):
    """The models that adapters can sit on. Anybody who has signed in may see their names."""

    serializer_class = BaseModelSerializer
    queryset = BaseModel.objects.all()
