"""What belongs to a user beside files: tokens, which open the service for programs, and what the files add up to."""

import secrets

from django.contrib.auth.models import User
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

NAME_MAX_CHARS = 100
OWN_QUOTA = "Empty: as for everybody. 0: unlimited."


class Scope(models.TextChoices):
    """What a token is good for; each stands for itself and includes no other."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


def new_token_id() -> str:
    """Return the public half of a token, by which its row is found and people tell it from others."""
    return secrets.token_hex(8)


class Token(models.Model):
    """What a program shows to be let in: whose it is, what it is good for and until when. The secret is not kept."""

    id = models.CharField(primary_key=True, max_length=16, default=new_token_id, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=NAME_MAX_CHARS)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"


class Attempts(models.Model):
    """How often a sign-in by one name, or from one address, failed since a while ago."""

    key = models.CharField(primary_key=True, max_length=64)
    count = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "attempts"

    def __str__(self) -> str:
        return self.key


class Usage(models.Model):
    """What an owner's files add up to, and an owner's own quota where it is not everybody's."""

    owner = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="usage")
    bytes = models.BigIntegerField(default=0, editable=False)  # of originals
    files = models.BigIntegerField(default=0, editable=False)
    quota_bytes = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(0)], help_text=OWN_QUOTA)
    quota_files = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(0)], help_text=OWN_QUOTA)

    class Meta:
        ordering = ["owner"]
        verbose_name_plural = "usage"

    def __str__(self) -> str:
        return f"usage of {self.owner_id}"
