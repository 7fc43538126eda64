from __future__ import annotations

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Keyset pages: the hundredth costs what the first does."""

    ordering = ("-created_at", "-pk")
    page_size_query_param = "page_size"
    max_page_size = 1000
