"""New rows of several tables, all or none, for one round trip to the database."""

from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, models, transaction
from django.db.models.expressions import RawSQL

from filemill.database.cursors import prepared_cursor
from filemill.events.models import What
from filemill.events.tell import tell, telling

_Statement = tuple[str, list[Any]]

# Of these PostgreSQL's driver takes the values of Python, and Django asks each field for long.
_PLAIN = {
    "BigIntegerField", "BooleanField", "CharField", "DateTimeField", "FloatField", "ForeignKey", "PositiveIntegerField",
    "PositiveSmallIntegerField", "SmallIntegerField", "UUIDField",
}  # fmt: skip

_IN_ANY_CASE = " VALUES ({})"
_WHERE_LET_IN = " SELECT {} FROM guard"


class Insertion:
    """Some new rows; `may_have_happened` says whether a failure leaves it open that they are there.

    They come only where `guard`, an UPDATE with its values, changes a row. `along`, an UPDATE that ends with its
    WHERE, comes with them. So does what is `told` of the first, a file.
    """

    def __init__(self, *rows: models.Model) -> None:
        self.rows = rows
        self.guard: tuple[str, Sequence[Any]] | None = None
        self.along: tuple[str, Sequence[Any]] | None = None
        self.told: What | None = None
        self.may_have_happened = False

    def run(self) -> bool:
        """Insert the rows in one transaction; columns whose defaults the database alone has get those.

        Return whether the guard let them in.
        """
        in_one = connection.vendor == "postgresql"
        form = _WHERE_LET_IN if in_one and self.guard else _IN_ANY_CASE
        statements = [_statement(row, form) for row in self.rows]
        if not (self._in_one if in_one else self._in_turn)(statements):
            self.may_have_happened = False
            return False
        for row in self.rows:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
        return True

    def _in_turn(self, statements: list[_Statement]) -> bool:
        with transaction.atomic(), connection.cursor() as cursor:
            if self.guard:
                cursor.execute(*self.guard)
                if not cursor.rowcount:
                    return False
            for sql, values in [*([self.along] if self.along else []), *statements]:
                cursor.execute(sql, values)
            if self.told:
                tell(self.rows[0].owner_id, self.rows[0].pk, self.told)  # type: ignore[attr-defined]  # a file
            self.may_have_happened = True  # once the commit was asked for
        return True

    def _in_one(self, statements: list[_Statement]) -> bool:
        # A statement outside of a transaction is one; foreign keys are looked at when it ends.
        *first, (last, _) = statements
        parts = [f"row_{number} AS ({sql})" for number, (sql, _) in enumerate(first)]
        values = [value for _, values in statements for value in values]
        if self.told:
            parts[0] = f"row_0 AS ({statements[0][0]} RETURNING id, owner_id)"
            parts.append(f"told AS ({telling(self.told, 'row_0')})")
        if self.along:
            only_with_them = " AND EXISTS (SELECT 1 FROM guard)" if self.guard else ""
            parts.insert(0, f"along AS ({self.along[0]}{only_with_them})")
            values[:0] = self.along[1]
        if self.guard:
            parts.insert(0, f"guard AS ({self.guard[0]} RETURNING 1)")
            values[:0] = self.guard[1]
        try:
            with prepared_cursor() as cursor:
                self.may_have_happened = True
                cursor.execute(f"WITH {', '.join(parts)} {last}" if parts else last, values)
                return bool(cursor.rowcount)
        except DatabaseError as error:
            # What a server says no to, and goes on serving, did not happen; of one that went away nobody knows.
            said_no = getattr(error.__cause__, "sqlstate", None) is not None
            self.may_have_happened = not said_no or connection.connection is None or connection.connection.closed
            raise


def _statement(row: models.Model, form: str) -> _Statement:
    columns = _columns(type(row), connection.vendor)
    values = list(columns.read(row))
    for number, field in columns.odd.items():
        values[number] = field.get_db_prep_save(values[number], connection)
    places = [
        f"({value.sql})" if isinstance(value, RawSQL) else place
        for value, place in zip(values, columns.places, strict=True)
    ]
    given = [each for value in values for each in (value.params if isinstance(value, RawSQL) else (value,))]
    return columns.beginning + form.format(", ".join(places)), given


class _Columns(NamedTuple):
    beginning: str
    places: list[str]
    read: "attrgetter[Any]"
    odd: "dict[int, models.Field[Any, Any]]"  # by their places: those whose values the database wants otherwise


@lru_cache
def _columns(model: type[models.Model], vendor: str) -> _Columns:
    fields = [
        field
        for field in model._meta.local_concrete_fields
        if field.has_default() or field.db_default is models.NOT_PROVIDED
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    return _Columns(
        f"INSERT INTO {quote(model._meta.db_table)} ({columns})",
        [_place(field, vendor) for field in fields],
        attrgetter(*(field.attname for field in fields)),
        {
            number: field
            for number, field in enumerate(fields)
            if vendor != "postgresql" or field.get_internal_type() not in _PLAIN
        },
    )


def _place(field: "models.Field[Any, Any]", vendor: str) -> str:
    # A NULL does not say of which type it is. A text needs no cast, and one to the column's type would cut it off.
    kind = str(field.db_type(connection))
    return "%s" if vendor != "postgresql" or kind.startswith(("varchar", "text")) else f"%s::{kind}"
