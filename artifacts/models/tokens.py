"""Tokens that programs show in place of a password."""

import hashlib
import secrets
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

PREFIX: Final = "esb_"
"""What tokens begin with: tools that look for secrets where there should be none find them by it."""

SHOWN: Final = 12
"""Characters of a token that are kept, so that its owner can tell which one it is."""


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def valid(self) -> "AccessTokenQuerySet":
        """Those that are neither revoked nor expired."""
        return self.filter(Q(expires=None) | Q(expires__gt=timezone.now()), revoked=None)


class AccessToken(models.Model):
    """
    A token that lets its bearer open WebSockets as a user.

    The token itself is known only to whoever it was shown to when it was made. It has 256 random bits, so a plain hash
    of it can be looked up, and says nothing about it.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=150, help_text="What it is for.")
    start = models.CharField(max_length=SHOWN, editable=False, help_text="The first characters of the token.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True, help_text="Not valid from then on; empty for no end.")
    revoked = models.DateTimeField(null=True, editable=False)
    last_used = models.DateTimeField(null=True, editable=False, help_text="To the minute.")
    last_address = models.CharField(max_length=64, blank=True, editable=False, help_text="Where it was used last.")

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    def make(self) -> str:
        """Give an unsaved row a new token, and return that: it cannot be had again."""
        token = PREFIX + secrets.token_urlsafe(32)
        self.start, self.digest = token[:SHOWN], digest_of(token)
        return token

    def revoke(self, now: datetime | None = None) -> None:
        """Refuse it from now on; connections that it has opened are closed when they are checked next."""
        if self.revoked is None:
            self.revoked = now or timezone.now()
            self.save(update_fields=["revoked"])

    @property
    def state(self) -> str:
        if self.revoked is not None:
            return "revoked"
        return "valid" if self.expires is None or self.expires > timezone.now() else "expired"


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
