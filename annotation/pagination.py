from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Keyset(CursorPagination):
    """Keyset pages: the hundredth costs what the first does."""

    page_size_query_param = "page_size"
    max_page_size = 200  # a prompt may carry 600,000 characters

    def paginate_queryset(
        self, queryset: QuerySet[Any] | Sequence[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """A cursor whose position is no time or number was made up: there is no such page."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError):
            raise NotFound(self.invalid_cursor_message) from None


class NewestFirst(Keyset):
    ordering = ("-created_at", "-pk")
