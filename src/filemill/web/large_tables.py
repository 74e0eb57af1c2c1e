"""What the admin shows of tables with millions of rows."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

MOST_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # generic in the stubs only
    """Counts and pages up to a bound: counting millions of rows is slow, and nobody turns that many pages."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, but never more than the bound."""
        files: QuerySet[Any] = self.object_list  # type: ignore[assignment]  # the admin pages queries only
        return files[:MOST_COUNTED].count()


class LargeTableAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Lists that stay fast on millions of rows."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows come from uploads and processing only."""
        return False


class ReadOnlyAdmin(LargeTableAdmin):
    """Rows that only processing writes."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes them by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They go with their file."""
        return False
