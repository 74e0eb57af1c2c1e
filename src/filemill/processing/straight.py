"""The straight way of a new file: identified and processed under one claim, and recorded in one transaction.

It is the way of nearly all files, so its statements are few, and written by hand.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from filemill.core.ids import new_id
from filemill.files import keep
from filemill.identify.identity import Identity
from filemill.identify.kinds import kind_of
from filemill.processing.models import Artifact
from filemill.processing.queues import NOBODY, Queue, identifier, worded
from filemill.processing.record import Claim, LeaseLost, facts_of
from filemill.processing.states import SUCCEED
from filemill.processing.status import type_warnings
from filemill.processors.base import Processor
from filemill.processors.registry import planned_for

_ENDED = f"{SUCCEED.made}, token = NULL, lease_until = NULL, finished_at = {{now}}, error = NULL"
# The file's row first, as everybody takes it before the rows of its jobs.
_FILE = """
UPDATE files_file SET status = 'processed', processed = %s, media_type = %s, kind = %s, error = NULL, warnings = %s
WHERE id = %s
"""
_IDENTIFIED = f"""
UPDATE processing_job SET {_ENDED}, facts = %s
WHERE id = %s AND token = %s AND ({SUCCEED.guard})
  AND NOT EXISTS (SELECT 1 FROM processing_job o WHERE o.file_id = %s AND o.id <> %s)
"""  # noqa: S608  # words of ours alone, here and below
_PROCESSED = f"""
INSERT INTO processing_job (id, file_id, processor, version, required, state, queue, priority, turn_of, turn, attempts,
  due_at, progress, progress_words, facts, created_at, started_at, finished_at)
VALUES (%s, %s, %s, %s, %s, '{SUCCEED.target}', '{Queue.QUICK}', 0, {NOBODY}, 0, 1,
  {{now}}, 1, '', %s, {{now}}, {{in_seconds}}, {{now}})
"""  # noqa: S608
_ARTIFACTS = "INSERT INTO processing_artifact (id, file_id, job_id, name, media_type, size, sha256, content) VALUES "
_ARTIFACT = "(%s, %s, %s, %s, %s, %s, %s, %s)"


def the_only_step(claim: Claim, identity: Identity) -> type[Processor] | None:
    """Return the processor that a file needs alone; None where it needs several, a heavy one, or has a history.

    After a first attempt that came to nothing the ledger has to know which step is to blame.
    """
    if claim.attempts > 1 or not claim.is_alone:
        return None
    processor, *others = planned_for(identity.media_type)
    return None if others or processor.heavy else processor


def succeed(
    claim: Claim,
    identity: Identity,
    processor: type[Processor],
    facts: dict[str, Any],
    artifacts: Sequence[Artifact],
    seconds: float,
) -> None:
    """Record what a file is, and what its one processor found and made in so many seconds; raise LeaseLost if late."""
    with transaction.atomic(), connection.cursor() as cursor:
        _write_file(cursor, claim, identity)
        job_id, file_id = identifier(claim.job_id), identifier(claim.file.id)
        found = [_json(facts_of(identity)), job_id, identifier(claim.token), file_id, job_id]
        _write_one(cursor, worded(_IDENTIFIED), found)
        made_by = identifier(new_id())
        made = [made_by, file_id, processor.name, processor.version, processor.required]
        _write_one(cursor, worded(_PROCESSED), [*made, _json(facts), -seconds])
        _write_artifacts(cursor, file_id, made_by, artifacts)
    for artifact in artifacts:
        keep.trust(str(artifact.content))


def _write_file(cursor: CursorWrapper, claim: Claim, identity: Identity) -> None:
    warnings = _json(type_warnings(claim.file.name, identity.media_type))
    kind = kind_of(identity.media_type)
    _write_one(cursor, _FILE, [True, identity.media_type, kind, warnings, identifier(claim.file.id)])


def _write_artifacts(
    cursor: CursorWrapper, file_id: UUID | str, made_by: UUID | str, artifacts: Sequence[Artifact]
) -> None:
    if not artifacts:
        return
    values: list[UUID | str | int] = []
    for each in artifacts:
        values += [identifier(each.id), file_id, made_by, each.name, each.media_type, each.size, each.sha256]
        values.append(str(each.content))
    cursor.execute(_ARTIFACTS + ", ".join([_ARTIFACT] * len(artifacts)), values)


def _write_one(cursor: CursorWrapper, statement: str, values: list[Any]) -> None:
    cursor.execute(statement, values)
    if cursor.rowcount != 1:
        raise LeaseLost


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
