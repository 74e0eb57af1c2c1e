"""New rows of several tables, all or none, for one round trip to the database."""

from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, models, transaction
from django.db.models.expressions import RawSQL

Fields = list["models.Field[Any, Any]"]


class Insertion:
    """Some new rows; `may_have_happened` says whether a failure leaves it open that they are there."""

    def __init__(self, *rows: models.Model) -> None:
        self.rows = rows
        self.may_have_happened = False

    def run(self) -> None:
        """Insert the rows in one transaction; columns whose defaults the database has get those."""
        statements = [_statement(row) for row in self.rows]
        if connection.vendor == "postgresql":
            self._in_one(statements)
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                for sql, values in statements:
                    cursor.execute(sql, values)
                self.may_have_happened = True  # once the commit was asked for
        for row in self.rows:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS

    def _in_one(self, statements: list[tuple[str, list[Any]]]) -> None:
        # A statement outside of a transaction is one; foreign keys are looked at when it ends.
        *first, (last, _) = statements
        others = ", ".join(f"row_{number} AS ({sql})" for number, (sql, _) in enumerate(first))
        try:
            with connection.cursor() as cursor:
                self.may_have_happened = True
                cursor.execute(f"WITH {others} {last}", [value for _, values in statements for value in values])
        except DatabaseError as error:
            # What a server says no to, and goes on serving, did not happen; of one that went away nobody knows.
            said_no = getattr(error.__cause__, "sqlstate", None) is not None
            self.may_have_happened = not said_no or connection.connection is None or connection.connection.closed
            raise


def _statement(row: models.Model) -> tuple[str, list[Any]]:
    beginning, fields = _columns(type(row), connection.vendor)
    places: list[str] = []
    values: list[Any] = []
    for field in fields:
        value = field.get_db_prep_save(getattr(row, field.attname), connection)
        is_worked_out = isinstance(value, RawSQL)
        places.append(f"({value.sql})" if is_worked_out else "%s")
        values += value.params if is_worked_out else [value]
    return f"{beginning} VALUES ({', '.join(places)})", values


@lru_cache
def _columns(model: type[models.Model], _vendor: str) -> tuple[str, Fields]:
    fields = [field for field in model._meta.local_concrete_fields if field.db_default is models.NOT_PROVIDED]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns})", fields
