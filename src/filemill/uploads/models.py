"""An Upload is bytes on their way in that may be resumed."""

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from filemill.core.ids import new_id
from filemill.files.models import NAME_MAX_CHARS


class Protocol(models.TextChoices):
    """Which dialect an upload is spoken to in."""

    TUS = "tus"
    IETF = "ietf"


class Upload(models.Model):
    """What is known of an upload before it is whole; the bytes alone say how far it is.

    The file that it becomes has its id, so that there can be only one. Written at the creation, when the length is told
    later, and with the file.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, null=True, editable=False, related_name="uploads")
    protocol = models.CharField(max_length=8, choices=Protocol.choices)
    name = models.CharField(max_length=NAME_MAX_CHARS)
    declared_type = models.CharField(max_length=255, blank=True, default="")
    metadata = models.TextField(default="")  # JSON, for the file
    length = models.BigIntegerField(null=True)
    said_metadata = models.TextField(blank=True, default="")  # Upload-Metadata and
    said_concat = models.TextField(blank=True, default="")  # Upload-Concat, which answers repeat
    digest = models.TextField(blank=True, default="")  # Repr-Digest
    created_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index("owner", condition=models.Q(finished_at=None), name="uploads_under_way")]

    def __str__(self) -> str:
        return self.name
