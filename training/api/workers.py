from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.models import Membership, Role
from training import disk
from training.running.workers import projects_to_name, shown_to


class RunningSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True, help_text="Null for work of a project that you do not administer.")
    name = serializers.CharField()
    project = serializers.UUIDField(allow_null=True)
    project_name = serializers.CharField(allow_null=True)
    is_round = serializers.BooleanField()


class DeviceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    memory_bytes = serializers.IntegerField(allow_null=True)
    memory_free_bytes = serializers.IntegerField(allow_null=True)


class WorkerSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    host = serializers.CharField()
    pid = serializers.IntegerField()
    is_gone = serializers.BooleanField(help_text="It has not shown itself for 30 seconds.")
    started_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    running = RunningSerializer(many=True)
    devices = DeviceSerializer(many=True)
    memory_bytes = serializers.IntegerField()
    memory_free_bytes = serializers.IntegerField()
    disk_free_bytes = serializers.IntegerField()


class DiskUseSerializer(serializers.Serializer[Any]):
    runs_bytes = serializers.IntegerField(help_text="Inputs, logs and curves of all rounds, and running checkpoints.")
    packages_bytes = serializers.IntegerField()
    adapters_bytes = serializers.IntegerField()
    datasets_bytes = serializers.IntegerField()
    base_models_bytes = serializers.IntegerField()
    free_bytes = serializers.IntegerField()


class Workers(APIView):
    """The processes that run jobs: what each runs and has to spare. For admins and people who run the installation."""

    @extend_schema(responses=WorkerSerializer(many=True))
    def get(self, request: Request) -> Response:
        user = _admin_somewhere(request)
        return Response(WorkerSerializer(shown_to(projects_to_name(user)), many=True).data)


class DiskUse(APIView):
    """What the data folder holds, of all projects together. For admins and people who run the installation."""

    @extend_schema(responses=DiskUseSerializer)
    def get(self, request: Request) -> Response:
        _admin_somewhere(request)
        return Response(DiskUseSerializer(disk.use()).data)


def _admin_somewhere(request: Request) -> User:
    assert isinstance(request.user, User)
    if not request.user.is_staff and not Membership.objects.filter(user=request.user, role=Role.ADMIN).exists():
        raise PermissionDenied("Only admins and people who run this installation see this.")
    return request.user
