"""A File is a file that arrived whole and is kept."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from filemill.accounts.caller import Caller
from filemill.core.errors import NotFound
from filemill.core.ids import new_id

NAME_MAX_CHARS = 500  # PostgreSQL indexes no row above 2,704 bytes, and a character takes up to 4


def storage() -> Storage:
    """Return where the bytes of files and artifacts are kept."""
    return storages["default"]


class Status(models.TextChoices):
    """How far a file's processing is; the first that holds counts."""

    QUARANTINED = "quarantined"
    FAILED = "failed"
    PROCESSING = "processing"
    QUEUED = "queued"
    CANCELLED = "cancelled"
    PROCESSED = "processed"


class Kind(models.TextChoices):
    """The family of a media type."""

    IMAGE = "image"
    TEXT = "text"
    PDF = "pdf"
    DOCUMENT = "document"
    TABLE = "table"
    DATA = "data"
    AUDIO = "audio"
    VIDEO = "video"
    ARCHIVE = "archive"
    EMAIL = "email"
    BINARY = "binary"


class FileQuerySet(models.QuerySet["File"]):
    """Files; whoever answers a request begins with `seen_by`."""

    def seen_by(self, caller: Caller) -> "FileQuerySet":
        """Keep the files that a caller may know of."""
        return self if caller.sees_all else self.filter(owner_id=caller.owner_id)

    def one(self, file_id: UUID) -> "File":
        """Return a file; raise NotFound where it is not among these."""
        file = self.filter(pk=file_id).first()
        if file is None:
            raise NotFound("There is no such file.")
        return file


class File(models.Model):
    """A file that arrived whole, its facts about the bytes, and the state of its processing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Null: nobody's, as all files of an open service are. PROTECT: no file goes because its owner does.
    owner = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="files", db_index=False
    )
    file = models.FileField(max_length=200, storage=storage)
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    processed = models.BooleanField(default=False, editable=False)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.QUEUED, editable=False)
    name = models.CharField(max_length=NAME_MAX_CHARS)
    size = models.BigIntegerField(editable=False)
    sha256 = models.CharField(max_length=64, editable=False)
    declared_type = models.CharField(max_length=255, blank=True, default="", editable=False)
    media_type = models.CharField(max_length=255, null=True, editable=False)  # noqa: DJ001  # null: not known yet
    kind = models.CharField(max_length=16, choices=Kind.choices, null=True, editable=False)  # noqa: DJ001  # null: not known yet
    metadata = models.JSONField(default=dict, blank=True)
    error = models.JSONField(null=True, editable=False)
    warnings = models.JSONField(default=list, editable=False)
    links_ended_at = models.DateTimeField(null=True, editable=False)  # signed addresses from before open nothing

    objects = FileQuerySet.as_manager()

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        indexes = [
            models.Index(fields=["owner", "uploaded_at", "id"], name="file_by_owner"),
            models.Index(fields=["owner", "name", "id"], name="file_by_owner_and_name"),
            models.Index(fields=["owner", "size", "id"], name="file_by_owner_and_size"),
            models.Index(fields=["uploaded_at", "id"], name="file_by_uploaded_at"),
            models.Index(fields=["name", "id"], name="file_by_name"),
            models.Index(fields=["size", "id"], name="file_by_size"),
            models.Index(fields=["status", "uploaded_at", "id"], name="file_by_status"),
            models.Index(fields=["kind", "uploaded_at", "id"], name="file_by_kind"),
            models.Index(fields=["media_type", "uploaded_at", "id"], name="file_by_media_type"),
            models.Index(fields=["uploaded_at", "id"], condition=Q(processed=False), name="file_not_processed"),
            models.Index(fields=["sha256"], name="file_by_sha256"),  # db_index would make a second one, for LIKE
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(processed=True, status=Status.PROCESSED) | Q(processed=False) & ~Q(status=Status.PROCESSED),
                name="file_processed_is_status_processed",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IdempotencyKey(models.Model):
    """What a client called an upload, so that to send it again makes no second file; it goes with the file."""

    id = models.CharField(primary_key=True, max_length=64, editable=False)  # SHA-256 of whose it is, and what it is
    file = models.OneToOneField(File, on_delete=models.CASCADE, related_name="+")
    answer = models.TextField()  # to the first who came with it
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return self.id


def forget_keys() -> None:
    """Let go of the keys that were kept for as long as is promised."""
    oldest = Now() - timedelta(seconds=settings.FILEMILL.idempotency_key_seconds)
    IdempotencyKey.objects.filter(created_at__lt=oldest).delete()
