"""The list of files: filters, orderings, and keyset pages that cost the same wherever they are."""

import base64
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar
from uuid import UUID

import django_filters
import orjson
from django import forms
from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet, TextChoices, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.http import QueryDict

from filemill.core.errors import FieldError, Invalid, InvalidCursor
from filemill.files.models import NAME_MAX_CHARS, File, Kind, Status

PAGE_SIZE = 50
PAGE_SIZE_MAX = 200
ORDERINGS = ("uploaded_at", "name", "size")
_PAGING = {"cursor", "ordering", "page_size"}


class _Moment(forms.DateTimeField):
    """A time in ISO 8601; an offset may move its last and first hours out of what the calendar holds."""

    def to_python(self, value: Any) -> datetime | None:  # noqa: ANN401  # Django's signature
        try:
            return None if value is None else _in_utc(str(value))
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class _MomentFilter(django_filters.Filter):
    field_class = _Moment


class _Size(forms.IntegerField):
    """A whole number; an empty one is a mistake, not a missing one."""

    def to_python(self, value: Any) -> int | None:  # noqa: ANN401  # Django's signature
        if value == "":
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class _SizeFilter(django_filters.Filter):
    field_class = _Size


class _Exactly(forms.CharField):
    """A text; an empty one is a mistake, not a missing one: it must not return everything."""

    def to_python(self, value: Any) -> str | None:  # noqa: ANN401  # Django's signature
        if value is None:
            return None
        text = super().to_python(value)
        if not text:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return text


class _ExactFilter(django_filters.Filter):
    field_class = _Exactly


def _one_of(choices: type[TextChoices]) -> dict[str, str]:
    return {"invalid_choice": f"`%(value)s` is not one of {', '.join(choices.values)}."}


class FileFilter(django_filters.FilterSet):
    """The filters of the list; ranges include both ends."""

    # Without `distinct`, which is for rows joined with others, and sorts all that were found.
    status = django_filters.MultipleChoiceFilter(choices=Status.choices, error_messages=_one_of(Status), distinct=False)
    kind = django_filters.MultipleChoiceFilter(choices=Kind.choices, error_messages=_one_of(Kind), distinct=False)
    media_type = _ExactFilter()
    processed = django_filters.BooleanFilter(method="is_processed")
    # SQLite gives up on patterns of 50,000 bytes, and no name is longer than this.
    name = django_filters.CharFilter(method="name_contains", label="contains, in any case", max_length=NAME_MAX_CHARS)
    sha256 = _ExactFilter()
    uploaded_at_after = _MomentFilter("uploaded_at", "gte")
    uploaded_at_before = _MomentFilter("uploaded_at", "lte")
    size_min = _SizeFilter("size", "gte", min_value=0, max_value=2**63 - 1)
    size_max = _SizeFilter("size", "lte", min_value=0, max_value=2**63 - 1)

    class Meta:
        model = File
        fields: list[str] = []

    def is_processed(self, files: QuerySet[File], _field: str, value: bool) -> QuerySet[File]:  # noqa: FBT001  # django-filter's signature
        """Keep files that are processed, or that are not; the database checks that both conditions mean the same."""
        return files.filter(status=Status.PROCESSED) if value else files.filter(processed=False)

    def name_contains(self, files: QuerySet[File], field: str, text: str) -> QuerySet[File]:
        """Keep files whose name contains the text, in any case and any script."""
        # SQLite's LIKE ignores the case of A to Z only; the expressions that Django lends it are Python's, but slow.
        if connection.vendor == "sqlite" and not text.isascii():
            return files.filter(**{f"{field}__iregex": re.escape(text)})
        return files.filter(**{f"{field}__icontains": text})


@dataclass(frozen=True)
class Cursor:
    """A place in the list: between which rows, in which ordering, looking which way."""

    ordering: str
    value: Any
    id: UUID
    backwards: bool = False

    def encode(self) -> str:
        """Return the cursor as URL-safe text."""
        return base64.urlsafe_b64encode(orjson.dumps([self.ordering, self.value, self.id, self.backwards])).decode()

    @classmethod
    def decode(cls, text: str, ordering: str) -> "Cursor":
        """Return the cursor that a page of the same ordering gave out; raise InvalidCursor for anything else."""
        try:
            found, value, file_id, backwards = orjson.loads(base64.b64decode(text, altchars=b"-_", validate=True))
            cursor = cls(found, _typed(ordering, value), UUID(file_id), bool(backwards))
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidCursor("This cursor was not made by this list. Start again without it.") from error
        if found != ordering:
            raise InvalidCursor(f"This cursor belongs to the ordering `{found}`. Start again without it.")
        return cursor


Found = TypeVar("Found")
Read = Callable[[QuerySet[File]], Sequence[Found]]


@dataclass(frozen=True)
class Page(Generic[Found]):
    """Some files, and the cursors of the pages beside them."""

    files: Sequence[Found]
    next: str | None
    previous: str | None


def page(parameters: QueryDict, files: QuerySet[File], read: Read[Found]) -> Page[Found]:
    """Return the page of some files that query parameters ask for; raise Invalid for a wrong or unknown one.

    `read` asks the database, such as `list`.
    """
    kept = matching(parameters, files)
    ordering = parameters.get("ordering", "-uploaded_at")
    size = page_size_of(parameters, PAGE_SIZE, PAGE_SIZE_MAX)
    cursor = Cursor.decode(str(parameters["cursor"]), ordering) if "cursor" in parameters else None
    return _cut(kept, ordering, cursor, size, read)


def matching(parameters: QueryDict, files: QuerySet[File]) -> QuerySet[File]:
    """Return the files that the filters among query parameters keep; raise Invalid for a wrong or unknown one."""
    asked = frozenset(FileFilter.base_filters).intersection(parameters)
    filters = _filter_by(asked)(parameters, queryset=files) if asked else None
    _check(parameters, filters.form.errors.get_json_data() if filters else {})
    return filters.qs if filters else files


@lru_cache
def _filter_by(names: frozenset[str]) -> type[FileFilter]:
    # django-filter makes a form for each request, of all fields that it has.
    class Asked(FileFilter):
        pass

    Asked.base_filters = OrderedDict((name, FileFilter.base_filters[name]) for name in names)
    return Asked


def _cut(files: QuerySet[File], ordering: str, cursor: Cursor | None, size: int, read: Read[Found]) -> Page[Found]:
    field = ordering.removeprefix("-")
    backwards = cursor is not None and cursor.backwards
    descending = ordering.startswith("-") != backwards
    if cursor:
        files = files.filter(_beyond(cursor, field, LessThan if descending else GreaterThan))
    sign = "-" if descending else ""
    rows = read(files.order_by(f"{sign}{field}", f"{sign}id")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows = rows[::-1]
    has_next, has_previous = (cursor is not None, more) if backwards else (more, cursor is not None)

    def at(row: Any, *, backwards: bool) -> str:  # noqa: ANN401  # what was read, with the columns of a file
        return Cursor(ordering, getattr(row, field), row.id, backwards).encode()

    return Page(
        rows,
        next=at(rows[-1], backwards=False) if rows and has_next else None,
        previous=at(rows[0], backwards=True) if rows and has_previous else None,
    )


def _beyond(cursor: Cursor, field: str, lookup: type[LessThan | GreaterThan]) -> LessThan | GreaterThan:
    """Compare rows as the index has them, so that a page costs the same where a million files are of one size."""
    columns, place = (field, "id"), (cursor.value, cursor.id)
    values = [Value(value, _column(name)) for name, value in zip(columns, place, strict=True)]
    return lookup(_Row(*map(F, columns)), _Row(*values))


def _column(name: str) -> Any:  # noqa: ANN401  # django-stubs takes it for what may be a relation
    return File._meta.get_field(name)


class _Row(Func):
    template = "(%(expressions)s)"
    output_field = BooleanField()  # a row has no field; only the comparison of two is asked for


def _check(parameters: QueryDict, errors: Mapping[str, Any]) -> None:
    found = [
        FieldError(name, "unknown", f"There is no parameter `{name[:50]}`.")
        for name in parameters
        if name not in FileFilter.base_filters and name not in _PAGING
    ]
    if parameters.get("ordering", "uploaded_at").removeprefix("-") not in ORDERINGS:
        found.append(FieldError("ordering", "invalid", f"Order by one of {', '.join(ORDERINGS)}, or by -uploaded_at."))
    for field, messages in errors.items():
        found += [FieldError(field, message["code"] or "invalid", message["message"]) for message in messages]
    if parameters.get("processed", "true").lower() not in {"true", "false"}:
        found.append(FieldError("processed", "invalid", "Say true or false."))
    if found:
        raise Invalid(" ".join(error.detail for error in found), tuple(found))


def page_size_of(parameters: QueryDict, usual: int, most: int) -> int:
    """Return how many entries a page is to have; raise Invalid for what is no number up to the most."""
    given = parameters.get("page_size", str(usual))
    if not (given.isascii() and given.isdigit() and len(given) < 5 and 1 <= int(given) <= most):
        detail = f"page_size is a number from 1 to {most}."
        raise Invalid(detail, (FieldError("page_size", "invalid", detail),))
    return int(given)


def _typed(ordering: str, value: object) -> object:
    field = ordering.removeprefix("-")
    if field == "uploaded_at":
        return _in_utc(str(value))
    if field == "size":
        if not isinstance(value, int) or not 0 <= value < 2**63:
            raise ValueError(value)
        return value
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(value)
    return value


def _in_utc(text: str) -> datetime:
    """Return the moment that ISO 8601 text names, UTC if it says nothing else; raise ValueError for anything else."""
    moment = datetime.fromisoformat(text.strip())
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
