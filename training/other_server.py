"""Asks another server over HTTP: only the address that was named, through no proxy, and never for long."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

TIMEOUT_SECONDS = 10
LONGEST_ANSWER = 8 * 1024 * 1024


class Away(Exception):
    """No answer came, or none that could be read."""


class Answer(NamedTuple):
    status: int
    text: str

    @property
    def json(self) -> dict[str, Any]:
        try:
            value = json.loads(self.text)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class _Stay(HTTPRedirectHandler):
    """A redirect is an answer like any other: following it would carry the token to an address nobody named."""

    def redirect_request(self, *_args: Any) -> None:
        return None


_opener = build_opener(_Stay, ProxyHandler({}))


@dataclass(frozen=True)
class Server:
    address: str  # http:// or https://, without a slash at the end
    headers: dict[str, str] = field(default_factory=dict, repr=False)

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Whatever its status. Raises Away."""
        data = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {**self.headers, "Content-Type": "application/json"} if data else self.headers
        request = Request(self.address + path, data=data, headers=headers, method=method)  # noqa: S310
        until = time.monotonic() + TIMEOUT_SECONDS
        try:
            with _opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                return Answer(response.status, _read(response, until))
        except HTTPError as error:
            with error:
                return Answer(error.code, _read(error, until))
        except URLError as error:
            raise Away(_words(error.reason)) from error
        except (OSError, HTTPException) as error:
            raise Away(_words(error)) from error


def _words(error: object) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _read(response: Any, until: float) -> str:
    """A server that sends a byte now and then must not hold us up."""
    read = bytearray()
    while chunk := response.read1(65536):
        read += chunk
        if len(read) > LONGEST_ANSWER or time.monotonic() > until:
            raise Away("its answer has no end")
    return read.decode("utf-8", errors="replace")
