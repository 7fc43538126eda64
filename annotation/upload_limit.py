from __future__ import annotations

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

FORM_FIELDS = 1024 * 1024  # what may come beside the file


class UploadLimit(FileUploadHandler):
    """Refuses a request by the length it announces, before anything of it is written to disk."""

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, Any],
        content_length: int,
        boundary: bytes | str,
        encoding: str | None = None,
    ) -> None:
        if content_length > settings.MAX_IMPORT_BYTES + FORM_FIELDS:
            raise RequestDataTooBig("The upload is larger than files may be.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
