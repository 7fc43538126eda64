"""Slows down guessing of passwords: after a few failures each further try has to wait, longer every time."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from annotation.models import SignInFailure

FREE_TRIES = 5
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=6)


def address_of(request: HttpRequest) -> str:
    """The client's address; behind the operator's own proxy, the one that proxy saw."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    return request.META.get("REMOTE_ADDR", "")


def _key(username: str, address: str) -> str:
    return hashlib.sha256(f"{username.casefold()}\n{_network(address)}".encode()).hexdigest()


def _network(address: str) -> str:
    """One machine has a /64 of IPv6 addresses to try from, so they count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


def _wait_after(count: int) -> timedelta:
    if count < FREE_TRIES:
        return timedelta(0)
    return min(FIRST_WAIT * 2 ** min(count - FREE_TRIES, 10), LONGEST_WAIT)


def seconds_to_wait(username: str, address: str) -> int:
    """0 when the next try may be made now."""
    failure = SignInFailure.objects.filter(key_sha256=_key(username, address)).first()
    if failure is None:
        return 0
    left = failure.last_at + _wait_after(failure.count) - timezone.now()
    return max(0, int(left.total_seconds()) + 1) if left > timedelta(0) else 0


def record_failure(username: str, address: str) -> None:
    now = timezone.now()
    with transaction.atomic():
        SignInFailure.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()
        key = _key(username, address)
        SignInFailure.objects.get_or_create(key_sha256=key, defaults={"last_at": now})
        SignInFailure.objects.filter(key_sha256=key).update(count=F("count") + 1, last_at=now)


def forget(username: str, address: str) -> None:
    SignInFailure.objects.filter(key_sha256=_key(username, address)).delete()


def words_for(seconds: int) -> str:
    """A wait in the words of a message."""
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{round(timedelta(seconds=seconds) / timedelta(minutes=1))} minutes"
