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
    made_by = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="+", help_text="Nobody: made on the machine itself."
    )
    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"

    @staticmethod
    def digest(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, user: User, made_by: User | None = None) -> str:
        """Store a new link and return its token, the only time it can be seen."""
        token = secrets.token_urlsafe(32)
        expires_at = timezone.now() + timedelta(hours=settings.SIGN_IN_LINK_HOURS)
        cls.objects.create(user=user, made_by=made_by, token_sha256=cls.digest(token), expires_at=expires_at)
        return token

    @classmethod
    def find(cls, token: str) -> SignInLink | None:
        """The link with this token, unless it is spent, or unknown, or of a closed account."""
        return (
            cls.objects.filter(token_sha256=cls.digest(token), used_at=None, user__is_active=True)
            .filter(expires_at__gt=timezone.now())
            .select_related("user", "made_by")
            .first()
        )

    def redeem(self) -> bool:
        """Use it up; False for whoever comes second."""
        return bool(SignInLink.objects.filter(pk=self.pk, used_at=None).update(used_at=timezone.now()))


class SignInFailure(models.Model):
    """Wrong passwords from one network, for one name or any; annotation/brake.py turns the count into a wait."""

    key_sha256 = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.count} failed sign-ins"
