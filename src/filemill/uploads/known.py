"""What is known of an upload, as each request to it asks."""

from typing import Any, NamedTuple
from uuid import UUID

from filemill.accounts import tokens
from filemill.accounts.caller import Caller
from filemill.core.errors import NotFound
from filemill.database.cursors import one_row
from filemill.processing.queues import identifier, of_identifier
from filemill.uploads.models import Protocol, Upload

PARTIAL = "partial"

# Each request asks this, and Django takes much longer to write such a query than a database to answer it.
_COLUMNS = (
    "id", "owner_id", "protocol", "name", "declared_type", "metadata", "length", "said_metadata", "said_concat",
    "digest", "finished_at",
)  # fmt: skip
_QUERY = f"SELECT {', '.join(_COLUMNS)} FROM uploads_upload WHERE id = %s"  # noqa: S608  # the names above
_QUERY_WITH_TOKEN = tokens.query_with("uploads_upload", _COLUMNS)


class Known(NamedTuple):
    """An upload's row."""

    id: UUID
    owner_id: int | None
    protocol: str
    name: str
    declared_type: str
    metadata: str
    length: int | None
    said_metadata: str
    said_concat: str
    digest: str
    finished_at: Any

    @property
    def is_whole_with(self) -> int | None:
        """With how many bytes the upload completes itself; None where that takes a word of the client."""
        return self.length if self.protocol == Protocol.TUS and not self.said_concat else None


def find(caller: Caller, upload_id: UUID) -> Known:
    """Return an upload of the caller's; raise NotFound where it has none such."""
    return of_row(caller, one_row(_QUERY, [identifier(upload_id)]))


def of_row(caller: Caller, row: tuple[Any, ...] | None) -> Known:
    """Return an upload of the caller's from its row; raise NotFound where that is no such upload."""
    if row is None or row[0] is None or row[1] != caller.owner_id:
        raise NotFound("There is no such upload.")
    return Known(of_identifier(row[0]), *row[1:])


def beside_token(upload_id: UUID) -> tokens.Beside:
    """Return what has an upload's row looked up along with a token."""
    return tokens.Beside(_QUERY_WITH_TOKEN, identifier(upload_id))


def known(upload: Upload) -> Known:
    """Return an upload's row as it will be read."""
    return Known(*(getattr(upload, column) for column in _COLUMNS))
