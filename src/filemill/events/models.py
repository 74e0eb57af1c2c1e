"""An Event is something that happened to a file; it outlives the file, for those who follow."""

from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now


class What(models.TextChoices):
    """What happened to a file: it came or went, its status became this, or something else that it shows did."""

    RECEIVED = "received"
    QUEUED = "queued"
    PROCESSING = "processing"
    CHANGED = "changed"
    PROCESSED = "processed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


class LatestTransaction(models.Func):
    """The latest transaction that PostgreSQL knows of while an event is written; 0 on SQLite, which writes in turn.

    It may be later than the event's own: one that wrote something else first, and then waited for the file, is not to
    come before what it waited for.
    """

    template = "0"
    arity = 0
    output_field = models.BigIntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **named: Any) -> Any:  # noqa: ANN401  # Django's signature
        """Return it in PostgreSQL's words."""
        own, next_one = "pg_current_xact_id()::text::bigint", "pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        return self.as_sql(compiler, connection, template=f"GREATEST({own}, {next_one} - 1)", **named)


class Event(models.Model):
    """What happened to which file, and when; written in the transaction in which it happened."""

    # Before `id`: ids of transactions that overlap become visible out of order, and a reader would miss some.
    xid = models.BigIntegerField(db_default=LatestTransaction())
    # No key in the database, where each claim and record would have to look: events go by their age, not with owners.
    owner = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False, db_index=False
    )
    file_id = models.UUIDField()
    what = models.CharField(max_length=16, choices=What.choices)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["xid", "id"]
        indexes = [
            models.Index(fields=["xid", "id"], name="event_in_order"),
            models.Index(fields=["owner", "xid", "id"], name="event_of_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} {self.what}"
