from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone


def name_of(user: User | None) -> str:
    """The name people know somebody by."""
    if user is None:
        return "Somebody"
    return user.get_full_name() or user.username


class SignInLink(models.Model):
    """A link that signs one person in once. Only the hash of its token is stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_in_links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"

    @staticmethod
    def digest(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User) -> str:
        """Store a new link and return its token, the only time it can be seen."""
        token = secrets.token_urlsafe(32)
        expires_at = timezone.now() + timedelta(hours=settings.SIGN_IN_LINK_HOURS)
        cls.objects.create(user=user, token_sha256=cls.digest(token), expires_at=expires_at)
        return token

    @classmethod
    def redeem(cls, token: str) -> User | None:
        """The user of a valid link, which is used up by this call; None for a spent or unknown one."""
        now = timezone.now()
        link = cls.objects.filter(token_sha256=cls.digest(token), used_at=None, expires_at__gt=now).first()
        if link is None or not link.user.is_active:
            return None
        spent = cls.objects.filter(pk=link.pk, used_at=None).update(used_at=now)
        return link.user if spent else None


class SignInFailure(models.Model):
    """Wrong passwords from one network, for one name or any; annotation/brake.py turns the count into a wait."""

    key_sha256 = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} failed sign-ins"
