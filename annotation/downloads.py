from __future__ import annotations

import re
from typing import TypeVar
from urllib.parse import quote

from django.http import HttpResponseBase

Response = TypeVar("Response", bound=HttpResponseBase)


def attachment(response: Response, name: str) -> Response:
    """Make the browser save, not show. A project's name never reaches the header as it is typed."""
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "-", name).strip("- ") or "download"
    response["Content-Disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
