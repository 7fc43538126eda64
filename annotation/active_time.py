"""Seconds that somebody spent on an item, as their page counts them (static/js/active_time.js), believed with care."""

from __future__ import annotations

import math
from datetime import datetime

from django import forms
from django.utils import timezone

from annotation.models import Lease
from annotation.widgets import Hidden

MOST = 1_000_000.0


class ActiveSeconds(forms.FloatField):
    """What does not read as a time is none: nobody's work is refused for it."""

    widget = Hidden

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: object) -> float:
        return seconds(value)


def seconds(value: object) -> float:
    try:
        read = float(str(value))
    except ValueError:
        return 0.0
    return min(max(read, 0.0), MOST) if math.isfinite(read) else 0.0


def believed(lease: Lease, sent: float, now: datetime | None = None) -> float:
    """The page sends the sum since the lease began. It never shrinks, and no clock runs faster than the wall's."""
    passed = ((now or timezone.now()) - lease.created_at).total_seconds()
    return max(lease.active_seconds, min(sent, passed))


def keep(lease: Lease, sent: float) -> None:
    total = believed(lease, sent)
    if total > lease.active_seconds:
        lease.active_seconds = total
        Lease.objects.filter(pk=lease.pk).update(active_seconds=total)
