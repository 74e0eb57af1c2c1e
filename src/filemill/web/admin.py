"""The Django admin: files to look at, rename and forget; jobs and artifacts to look at only; users and tokens."""

import contextlib
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from filemill.accounts import throttle, tokens
from filemill.accounts.models import Token, Usage
from filemill.accounts.usage import set_quota
from filemill.core.errors import Invalid, NotFound
from filemill.events.models import Event, What
from filemill.events.tell import tell
from filemill.files.models import File
from filemill.files.rules import check_metadata
from filemill.processing.forget import forget
from filemill.processing.models import Artifact, Job
from filemill.uploads.rules import clean_name
from filemill.web import words
from filemill.web.large_tables import LargeTableAdmin, ReadOnlyAdmin

log = structlog.get_logger(__name__)


class FileForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """What may be changed, by the same rules as for clients."""

    class Meta:
        model = File
        fields = ["name", "metadata"]

    def clean_name(self) -> str:
        """Return the name fit to keep."""
        try:
            return clean_name(self.cleaned_data["name"])
        except Invalid as error:
            raise ValidationError(error.detail) from error

    def clean_metadata(self) -> dict[str, Any]:
        """Return metadata that can be stored."""
        try:
            return check_metadata(self.cleaned_data["metadata"] or {})
        except Invalid as error:
            raise ValidationError(error.detail) from error


@admin.register(File)
class FileAdmin(LargeTableAdmin):
    """Files: their names and metadata can be changed, and they are deleted by forget alone."""

    form = FileForm
    list_display = ["name", "owner", "status", "kind", "media_type", "bytes_in_words", "uploaded_at"]
    list_select_related = ["owner"]
    list_filter = ["status", "kind", "uploaded_at"]
    search_fields = ["name", "=sha256"]
    search_help_text = "A part of the name, or the whole SHA-256"
    sortable_by = ["name", "bytes_in_words", "uploaded_at"]
    readonly_fields = [
        "id", "owner", "status", "error_in_words", "warnings_in_words", "bytes_in_words", "media_type", "kind",
        "declared_type", "uploaded_at", "sha256", "facts",
    ]  # fmt: skip
    fields = ["name", "metadata", *readonly_fields]

    @admin.display(description="size", ordering="size")
    def bytes_in_words(self, file: File) -> str:
        """Return the size."""
        return words.size(file.size)

    @admin.display(description="reason")
    def error_in_words(self, file: File) -> str:
        """Return why the file failed."""
        return _sentence(file.error) if file.error else "-"

    @admin.display(description="warnings")
    def warnings_in_words(self, file: File) -> str:
        """Return what is odd about the file."""
        return "\n".join(_sentence(warning) for warning in file.warnings) or "-"

    @admin.display(description="facts")
    def facts(self, file: File) -> dict[str, Any]:
        """Return what each processor found."""
        return {job.processor: job.facts for job in file.jobs.exclude(facts=None)}

    def view_on_site(self, file: File) -> str:
        """Return the address of the file's page."""
        return reverse("web:file", kwargs={"file_id": file.pk})

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Say what goes with the files; that jobs and artifacts cannot be deleted alone is no obstacle."""
        goes, counts, _missing, protected = super().get_deleted_objects(objs, request)
        missing = set() if self.has_delete_permission(request) else {str(self.opts.verbose_name)}
        return goes, counts, missing, protected

    def save_model(self, request: HttpRequest, obj: File, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001  # Django's signature
        """Write only what was changed: the status may be another by now, and the file gone."""
        changes = {field: getattr(obj, field) for field in form.changed_data}
        if changes and File.objects.filter(pk=obj.pk).update(**changes):
            tell(obj.owner_id, obj.pk, What.CHANGED)

    def delete_model(self, request: HttpRequest, obj: File) -> None:
        """Forget one file."""
        _forget([obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[File]) -> None:
        """Forget many files."""
        _forget(queryset.select_related(None).only("pk").iterator())


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs."""

    list_display = ["processor", "file", "state", "attempts", "started_at", "finished_at"]
    list_filter = ["state"]
    list_select_related = ["file"]
    ordering = ["-id"]  # the newest first, by the one index that all jobs have
    sortable_by = ()


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    """Artifacts."""

    list_display = ["name", "file", "media_type", "bytes_in_words"]
    list_select_related = ["file"]
    ordering = ["-id"]
    sortable_by = ()
    fields = ["id", "name", "file", "job", "media_type", "bytes_in_words", "sha256"]

    @admin.display(description="size")
    def bytes_in_words(self, artifact: Artifact) -> str:
        """Return the size."""
        return words.size(artifact.size)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Events."""

    list_display = ["at", "what", "file_id", "owner"]
    list_select_related = ["owner"]
    ordering = ["-xid", "-id"]  # an index has them so
    sortable_by = ()
    fields = ["at", "what", "file_id", "owner"]


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    """Tokens, without their secrets: revoked here, made by `filemill token` and at /tokens/."""

    list_display = ["id", "owner", "name", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["owner"]
    search_fields = ["=id", "=owner__username", "name"]
    sortable_by = ()
    fields = ["id", "owner", "name", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at"]
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen tokens", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[Token]) -> None:
        """End tokens at once."""
        for token in chosen.filter(revoked_at=None):
            with contextlib.suppress(NotFound):  # somebody else was quicker
                tokens.revoke(Token.objects.all(), token.pk, f"{request.user} in the admin")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They go with their owner alone; else they are revoked, and a row says so."""
        return _goes_with_owner(request) and request.user.has_perm("accounts.delete_token")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tokens may revoke them."""
        return request.user.has_perm("accounts.change_token")


@admin.register(Usage)
class UsageAdmin(LargeTableAdmin):
    """Usage: counted by uploads and deletions alone; quotas can be set, for who sent nothing yet, too."""

    list_display = ["owner", "bytes_in_words", "files", "quota_bytes", "quota_files"]
    list_select_related = ["owner"]
    search_fields = ["=owner__username"]
    ordering = ["owner"]
    sortable_by = ()
    raw_id_fields = ["owner"]
    fields = ["owner", "bytes_in_words", "files", "quota_bytes", "quota_files"]

    @admin.display(description="size")
    def bytes_in_words(self, usage: Usage) -> str:
        """Return the size of all files."""
        return words.size(usage.bytes)

    def get_readonly_fields(self, request: HttpRequest, obj: Usage | None = None) -> list[str]:
        """Let only quotas change."""
        return ["bytes_in_words", "files", *(["owner"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: Usage, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001  # Django's signature
        """Write the quotas only: what was counted since the page was read must stay."""
        set_quota(obj.owner_id, quota_bytes=obj.quota_bytes, quota_files=obj.quota_files)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may change quotas may set the first one of an owner."""
        return self.has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It goes with its owner alone."""
        return _goes_with_owner(request) and request.user.has_perm("accounts.delete_usage")


def _goes_with_owner(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and (match.url_name or "").startswith("auth_user_")


class StaffSignIn(AdminAuthenticationForm):
    """The admin's form to sign in by."""

    def confirm_login_allowed(self, user: User) -> None:
        """Let staff in; that somebody else had the right password is logged, for Django tells nobody."""
        try:
            super().confirm_login_allowed(user)
        except ValidationError:
            log.warning("sign-in refused", user=user.get_username(), address=throttle.address_of(self.request))
            raise


admin.site.login_form = StaffSignIn
admin.site.unregister(User)


@admin.register(User)
class OwnerAdmin(UserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Users; one who has files is deactivated rather than deleted."""

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Say how many files stand in the way; Django would load each of them to say so."""
        owners = [each.pk for each in objs]
        held = File.objects.filter(owner__in=owners).order_by().values_list("owner__username").annotate(Count("pk"))
        if held:
            return [], {}, set(), [f"{count:,} files of {name}" for name, count in held]
        return super().get_deleted_objects(objs, request)


def _sentence(reason: dict[str, Any]) -> str:
    return f"{reason['title']}. {reason['detail']} ({reason['processor']}: {reason['code']})"


def _forget(files: Iterable[File]) -> None:
    for file in files:
        with contextlib.suppress(NotFound):  # somebody else was quicker
            forget(file.pk)
