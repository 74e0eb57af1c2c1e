"""The straight way of a new file: identified and processed under one claim, and recorded in one transaction.

It is the way of nearly all files, so its statements are few, and written by hand.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction

from filemill.core.ids import new_id
from filemill.database.cursors import prepared_cursor
from filemill.events.models import What
from filemill.events.tell import telling
from filemill.files import keep
from filemill.identify.identity import Identity
from filemill.identify.kinds import kind_of
from filemill.processing.lease import Claim, LeaseLost
from filemill.processing.mismatch import type_warnings
from filemill.processing.models import Artifact
from filemill.processing.provenance import Provenance
from filemill.processing.queues import NOBODY, Queue, identifier, worded
from filemill.processing.record import facts_of
from filemill.processing.states import SUCCEED
from filemill.processors.base import Processor
from filemill.processors.registry import planned_for

_ENDED = f"{SUCCEED.made}, token = NULL, lease_until = NULL, finished_at = {{now}}, error = NULL, facts = %s"
_MINE = f"id = %s AND token = %s AND ({SUCCEED.guard})"
_IS_ALONE = "NOT EXISTS (SELECT 1 FROM processing_job o WHERE o.file_id = %s AND o.id <> %s)"
_SHOWN = "status = 'processed', processed = %s, media_type = %s, kind = %s, error = NULL, warnings = %s"
_JOB = "id, processor, version, required, facts, provenance, started_at, file_id"
_MADE = "state, queue, priority, turn_of, turn, attempts, due_at, progress, progress_words, created_at, finished_at"
_OF_MADE = f"'{SUCCEED.target}', '{Queue.QUICK}', 0, {NOBODY}, 0, 1, {{now}}, 1, '', {{now}}, {{now}}"
_ARTIFACT = "id, name, media_type, size, sha256, content, file_id, job_id"

# The file's row first, as everybody takes it before the rows of its jobs.
_STEPS = (
    f"UPDATE files_file SET {_SHOWN} WHERE id = %s",  # noqa: S608  # words of ours alone, here and below
    f"UPDATE processing_job SET {_ENDED} WHERE {_MINE} AND {_IS_ALONE}",  # noqa: S608
    f"INSERT INTO processing_job ({_JOB}, {_MADE}) VALUES (%s, %s, %s, %s, %s, %s, {{in_seconds}}, %s, {_OF_MADE})",  # noqa: S608
    telling(What.PROCESSED, "files_file WHERE id = %s"),
)
_KEEP = f"INSERT INTO processing_artifact ({_ARTIFACT}) VALUES "  # noqa: S608
_ONE_KEPT = "(%s, %s, %s, %s, %s, %s, %s, %s)"

# PostgreSQL does all of it in one statement, and so for one round trip: each part waits for those that it reads.
_AT_ONCE = f"""
WITH held AS (
  SELECT id FROM files_file WHERE id = %s FOR NO KEY UPDATE
), identified AS (
  UPDATE processing_job SET {_ENDED} WHERE {_MINE} AND EXISTS (SELECT 1 FROM held) AND {_IS_ALONE} RETURNING file_id
), shown AS (
  UPDATE files_file SET {_SHOWN} WHERE id = (SELECT file_id FROM identified) RETURNING id, owner_id
), told AS (
  {telling(What.PROCESSED, "shown")}
), processed AS (
  INSERT INTO processing_job ({_JOB}, {_MADE})
  SELECT %s, %s, %s, %s, %s::jsonb, %s::jsonb, {{in_seconds}}, file_id, {_OF_MADE} FROM identified RETURNING id, file_id
){{kept}}
SELECT 1 FROM processed
"""  # noqa: S608
_KEPT = f"""
, kept AS (
  INSERT INTO processing_artifact ({_ARTIFACT}) SELECT made.*, file_id, processed.id FROM processed, (VALUES {{}}) made
)
"""  # noqa: S608
_ONE_OF_KEPT = "(%s, %s, %s, %s, %s, %s)"

Value = UUID | str | int | float


def the_only_step(claim: Claim, identity: Identity) -> type[Processor] | None:
    """Return the processor that a file needs alone; None where it needs several, a heavy one, or has a history.

    After a first attempt that came to nothing the ledger has to know which step is to blame.
    """
    if claim.attempts > 1 or not claim.is_alone:
        return None
    processor, *others = planned_for(identity.media_type)
    return None if others or processor.heavy else processor


class Success:
    """What is written of a file when its one processor has found and made something."""

    def __init__(
        self,
        claim: Claim,
        identity: Identity,
        processor: type[Processor],
        facts: dict[str, Any],
        artifacts: Sequence[Artifact],
        made: Provenance,
    ) -> None:
        self.file_id, identification = identifier(claim.file.id), identifier(claim.job_id)
        self.job_id = identifier(new_id())
        media_type = identity.media_type
        warnings = _json(type_warnings(claim.file.name, media_type))
        self.shown: list[Value] = [True, media_type, kind_of(media_type), warnings]
        self.found: list[Value] = [_json(facts_of(identity)), identification, identifier(claim.token)]
        self.alone: list[Value] = [self.file_id, identification]
        known: list[Value] = [processor.required, _json(facts), _json(made), -made.seconds]
        self.made: list[Value] = [self.job_id, processor.name, made.version, *known]
        self.kept: list[list[Value]] = [
            [identifier(each.id), each.name, each.media_type, each.size, each.sha256, str(each.content)]
            for each in artifacts
        ]
        self.paths = [str(each.content) for each in artifacts]

    def record(self) -> None:
        """Write all rows or none; raise LeaseLost if that comes too late."""
        if connection.vendor == "postgresql":
            self._write_at_once()
        else:
            self._write()
        for path in self.paths:
            keep.trust(path)

    def _write(self) -> None:
        values: tuple[list[Value], ...] = (
            [*self.shown, self.file_id],
            [*self.found, *self.alone],
            [*self.made, self.file_id],
            [self.file_id],
        )
        with transaction.atomic(), connection.cursor() as cursor:
            for statement, given in zip(_STEPS, values, strict=True):
                cursor.execute(worded(statement), given)
                if cursor.rowcount != 1:
                    raise LeaseLost
            if self.kept:
                statement = _KEEP + ", ".join([_ONE_KEPT] * len(self.kept))
                cursor.execute(statement, [value for row in self.kept for value in (*row, self.file_id, self.job_id)])

    def _write_at_once(self) -> None:
        kept = _KEPT.format(", ".join([_ONE_OF_KEPT] * len(self.kept))) if self.kept else ""
        parts: list[list[Value]] = [[self.file_id], self.found, self.alone, self.shown, self.made, *self.kept]
        with prepared_cursor() as cursor:
            cursor.execute(worded(_AT_ONCE, kept=kept), [value for part in parts for value in part])
            if cursor.fetchone() is None:
                raise LeaseLost


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
