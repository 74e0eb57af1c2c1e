"""What happened, told in the transaction in which it happens."""

from uuid import UUID

from django.db import connection

from filemill.events.models import Event, What

_INTO = "INSERT INTO events_event (owner_id, file_id, what)"
_TELL = f"{_INTO} VALUES (%s, %s, %s)"


def telling(what: What, files: str) -> str:
    """Return the statement, or the part of one, that tells what happened to files: rows with `owner_id` and `id`."""
    return f"{_INTO} SELECT owner_id, id, '{what}' FROM {files}"  # noqa: S608  # words of ours alone


def tell(owner_id: int | None, file_id: UUID, what: What) -> None:
    """Tell what happens to a file in the transaction under way."""
    kept = Event._meta.get_field("file_id").get_db_prep_value(file_id, connection)
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [owner_id, kept, what])
