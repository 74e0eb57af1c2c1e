"""New rows of several tables, all or none, for one round trip to the database."""

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, models, transaction

Values = Callable[[models.Model], list[Any]]

# Of these PostgreSQL's driver takes the values of Python, and Django asks each field for long.
_PLAIN = {
    "BigIntegerField", "BooleanField", "CharField", "DateTimeField", "FloatField", "ForeignKey", "PositiveIntegerField",
    "PositiveSmallIntegerField", "SmallIntegerField", "UUIDField",
}  # fmt: skip


class Insertion:
    """Some new rows; `may_have_happened` says whether a failure leaves it open that they are there."""

    def __init__(self, *rows: models.Model) -> None:
        self.rows = rows
        self.may_have_happened = False

    def run(self) -> None:
        """Insert the rows in one transaction; columns whose defaults the database has get those."""
        made = [(_statement(type(row), connection.vendor), row) for row in self.rows]
        statements = [(sql, values(row)) for (sql, values), row in made]
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


@lru_cache
def _statement(model: type[models.Model], vendor: str) -> tuple[str, Values]:
    fields = [field for field in model._meta.local_concrete_fields if field.db_default is models.NOT_PROVIDED]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    return (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})",  # noqa: S608  # names of our models
        _values(fields, vendor),
    )


def _values(fields: "list[models.Field[Any, Any]]", vendor: str) -> Values:
    """Return what takes the values of a row's fields, as the database wants them."""
    read = attrgetter(*(field.attname for field in fields))
    odd = {
        number: field
        for number, field in enumerate(fields)
        if vendor != "postgresql" or field.get_internal_type() not in _PLAIN
    }

    def values(row: models.Model) -> list[Any]:
        found = list(read(row))
        for number, field in odd.items():
            found[number] = field.get_db_prep_save(found[number], connection)
        return found

    return values
