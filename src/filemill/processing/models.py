"""A Job is one processor on one file; an Artifact is bytes that a processor made."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from filemill.core.ids import new_id
from filemill.files.models import File, storage
from filemill.processing.queues import FRONT, IN_TIME, NOBODY, Lane, Queue
from filemill.processing.states import State


class JobQuerySet(models.QuerySet["Job"]):
    """Jobs."""

    def that_are(self, state: State) -> Self:
        """Keep the jobs in a state; SQLite sees that an index of these will do only where the state is in the text."""
        these = f"(processing_job.state = '{state}' AND {IN_TIME})"
        return self.filter(RawSQL(these, (), models.BooleanField()))  # noqa: S611  # words of ours


class Job(models.Model):
    """One processor on one file: its state, its attempts, its lease and what it found."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # db_index=False, here and below: the constraint's index begins with it.
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="jobs", db_index=False)
    processor = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    required = models.BooleanField(default=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    # db_default, here and below: while a service is upgraded, processes of the version before insert jobs too.
    queue = models.CharField(max_length=16, choices=Queue.choices, default=Queue.QUICK, db_default=Queue.QUICK)
    priority = models.SmallIntegerField(choices=Lane.choices, default=Lane.NEW)
    # The file's owner, here beside the turns for an index over both; no key, for the file keeps its owner from going.
    turn_of = models.BigIntegerField(default=NOBODY, db_default=NOBODY)
    turn = models.BigIntegerField(default=FRONT, db_default=FRONT)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    progress = models.FloatField(null=True)
    progress_words = models.CharField(max_length=200, blank=True, default="")
    error = models.JSONField(null=True)
    facts = models.JSONField(null=True)
    provenance = models.JSONField(null=True)  # of the facts and artifacts that are there
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["file", "processor"], name="job_once_per_file_and_processor"),
            models.CheckConstraint(
                condition=Q(state=State.RUNNING, token__isnull=False, lease_until__isnull=False)
                | ~Q(state=State.RUNNING) & Q(token__isnull=True, lease_until__isnull=True),
                name="job_running_has_token_and_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "-priority", "turn", "id"],
                condition=Q(state=State.QUEUED, turn__gte=0),
                name="job_by_turn",
            ),
            models.Index(
                fields=["turn_of", "queue", "priority", "turn"],
                condition=Q(state=State.QUEUED, turn_of__gte=0),
                name="job_last_turn",
            ),
            models.Index(
                fields=["queue", "due_at"], condition=Q(state=State.QUEUED, attempts__gte=0), name="job_by_due"
            ),
            models.Index(fields=["lease_until"], condition=Q(state=State.RUNNING), name="job_leases"),
        ]

    def __str__(self) -> str:
        return f"{self.processor} on {self.file_id}"


class Artifact(models.Model):
    """Bytes that a processor made of a file; its name is unique per file."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="artifacts", db_index=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=64)
    media_type = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.FileField(max_length=200, storage=storage)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["file", "name"], name="artifact_name_once_per_file")]

    def __str__(self) -> str:
        return self.name
