from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework.request import Request

from annotation.api.base import InProject
from annotation.downloads import attachment
from training import curves


class RoundTensorBoard(InProject):
    acts = {"GET": "manage"}

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: UUID, round_pk: UUID) -> HttpResponse:
        """The round's curves as a TensorBoard event file."""
        name, content = curves.event_file(get_object_or_404(self.project.rounds, pk=round_pk))
        if not content:
            raise Http404("Nothing was measured")
        return attachment(HttpResponse(content, content_type="application/octet-stream"), name)
