"""Rows for the list: no models, and JSON as the database has it, unread."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from filemill.files.models import File
from filemill.processing.models import Artifact

_ARTIFACTS = f"""
    SELECT file_id, name, media_type, size FROM {Artifact._meta.db_table}
    WHERE file_id IN ({{}}) ORDER BY name
"""  # noqa: S608  # a name of ours


class Row(NamedTuple):
    """What the list tells of a file."""

    id: UUID
    uploaded_at: datetime
    processed: bool
    status: str
    name: str
    size: int
    media_type: str | None
    declared_type: str
    kind: str | None
    sha256: str
    metadata: orjson.Fragment | None
    warnings: orjson.Fragment | None
    error: orjson.Fragment | None


class ArtifactRow(NamedTuple):
    """What the list tells of an artifact."""

    name: str
    media_type: str
    size: int


_JSON = ("metadata", "warnings", "error")
_PLAIN = [name for name in Row._fields if name not in _JSON]
COLUMNS: list[Any] = [*_PLAIN, *(Cast(name, TextField()) for name in _JSON)]


def read(files: QuerySet[File]) -> list[Row]:
    """Read the rows of some files."""
    plain = len(_PLAIN)
    return [Row._make((*row[:plain], *map(_unread, row[plain:]))) for row in files.values_list(*COLUMNS)]


def artifacts_of(rows: Sequence[Row]) -> Mapping[UUID, list[ArtifactRow]]:
    """Read all artifacts of the files at once."""
    found: dict[UUID, list[ArtifactRow]] = defaultdict(list)
    to_column = File._meta.pk.get_db_prep_value
    ids = {to_column(row.id, connection): row.id for row in rows}
    if ids:
        with connection.cursor() as cursor:
            # Django takes longer to write this query than a database to answer it.
            cursor.execute(_ARTIFACTS.format(", ".join(["%s"] * len(ids))), list(ids))
            for file_id, *rest in cursor.fetchall():
                found[ids[file_id]].append(ArtifactRow._make(rest))
    return found


def _unread(text: str | None) -> orjson.Fragment | None:
    return None if text is None else orjson.Fragment(text)
