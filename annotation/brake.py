"""Slows down guessing of passwords: after a few failures each further try has to wait, longer every time.

Counted are the tries for one name from one network, and those for any name from it: else one common password could be
tried on every name without a wait.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from annotation.models import SignInFailure

FIRST_WAIT = timedelta(seconds=15)
FORGOTTEN_AFTER = timedelta(hours=6)


@dataclass(frozen=True)
class Limit:
    free_tries: int
    longest_wait: timedelta

    def wait_after(self, count: int) -> timedelta:
        if count < self.free_tries:
            return timedelta(0)
        return min(FIRST_WAIT * 2 ** min(count - self.free_tries, 10), self.longest_wait)


NAME = Limit(free_tries=5, longest_wait=timedelta(minutes=15))
# A whole office may share one address, and mistypes: more is free, and nobody is kept out for long.
NETWORK = Limit(free_tries=50, longest_wait=timedelta(minutes=1))


def address_of(request: HttpRequest) -> str:
    """The client's address; behind the operator's own proxy, the one that proxy saw."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    return request.META.get("REMOTE_ADDR", "")


def _keys(username: str, address: str) -> tuple[str, str]:
    """Under which the tries for the name and those of the network are counted."""
    network = _network(address)
    return _digest(f"{username.casefold()}\n{network}"), _digest(network)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _network(address: str) -> str:
    """One machine has a /64 of IPv6 addresses to try from, so they count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


def begin_try(username: str, address: str) -> int:
    """Seconds to wait. At 0 the password may be tried: it is counted as a wrong one until `forgive`.

    Counted before the password is looked at: otherwise many tries at once would all pass before one counts.
    """
    now = timezone.now()
    limits = dict(zip(_keys(username, address), (NAME, NETWORK), strict=True))
    with transaction.atomic():
        SignInFailure.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()
        counted = SignInFailure.objects.filter(key_sha256__in=limits).order_by("key_sha256")
        known = list(counted.select_for_update())
        wait = max((_left(failure, limits[failure.key_sha256], now) for failure in known), default=0)
        if not wait:
            for key in limits:
                SignInFailure.objects.get_or_create(key_sha256=key, defaults={"last_at": now})
            counted.update(count=F("count") + 1, last_at=now)
    return wait


def _left(failure: SignInFailure, limit: Limit, now: datetime) -> int:
    left = failure.last_at + limit.wait_after(failure.count) - now
    return max(0, int(left.total_seconds()) + 1) if left > timedelta(0) else 0


def forgive(username: str, address: str) -> None:
    """The password was right: the name starts anew, and this try does not count for the network."""
    name, network = _keys(username, address)
    SignInFailure.objects.filter(key_sha256=name).delete()
    SignInFailure.objects.filter(key_sha256=network, count__gt=0).update(count=F("count") - 1)


def words_for(seconds: int) -> str:
    """A wait in the words of a message."""
    if seconds < 90:
        return f"{seconds} seconds"
    return f"{round(timedelta(seconds=seconds) / timedelta(minutes=1))} minutes"
