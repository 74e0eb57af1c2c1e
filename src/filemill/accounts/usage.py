"""What an owner's files add up to: counters that change with the files' rows, and the quota that bounds them.

Files of an open service are nobody's: they are neither counted nor bounded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from filemill.accounts.models import Usage
from filemill.core.errors import QuotaExceeded

# Each upload does this, and Django takes longer to write such a statement than a database to run it.
_TAKE = """
    UPDATE accounts_usage SET bytes = bytes + %s, files = files + 1
    WHERE owner_id = %s
    AND bytes + %s <= COALESCE(NULLIF(COALESCE(quota_bytes, %s), 0), 9223372036854775807)
    AND files < COALESCE(NULLIF(COALESCE(quota_files, %s), 0), 9223372036854775807)
"""
_GIVE_BACK = "UPDATE accounts_usage SET bytes = bytes - %s, files = files - 1 WHERE owner_id = %s"


@dataclass(frozen=True)
class Standing:
    """What an owner has, and may have; None: without bound."""

    bytes: int
    files: int
    quota_bytes: int | None
    quota_files: int | None

    def room(self) -> int | None:
        """Return how many more bytes there may be, None for any number; less than 0 where no file may come at all."""
        if self.quota_files is not None and self.files >= self.quota_files:
            return -1
        return None if self.quota_bytes is None else self.quota_bytes - self.bytes

    def refusal(self) -> QuotaExceeded:
        """Return the error for a file for which there is no room."""
        return QuotaExceeded(
            f"You have {self.bytes:,} bytes{_of(self.quota_bytes)} in {self.files:,} files{_of(self.quota_files)}, and "
            "this file does not fit in. Delete files that you no longer need, or ask the operator for a larger quota."
        )


def standing(owner_id: int) -> Standing:
    """Return what an owner has, and may have."""
    usage = Usage.objects.filter(pk=owner_id).first() or Usage()
    return standing_of(usage)


def standing_of(usage: Usage) -> Standing:
    """Return what a row says, with what holds for everybody where it says nothing."""
    chosen = settings.FILEMILL
    bytes_, files = usage.quota_bytes, usage.quota_files
    return Standing(
        usage.bytes,
        usage.files,
        (chosen.quota_bytes if bytes_ is None else bytes_) or None,
        (chosen.quota_files if files is None else files) or None,
    )


def taking(owner_id: int | None, size: int) -> tuple[str, Sequence[int]] | None:
    """Return the statement that counts a file which comes, and its values; it changes no row where there is no room.

    It has to be in one transaction with the file's row, and in that with nothing that takes long: until the commit all
    others who send for this owner wait. Where it changes nothing, perhaps `begin` was never called.
    """
    if owner_id is None:
        return None
    chosen = settings.FILEMILL
    return _TAKE, (size, owner_id, size, chosen.quota_bytes, chosen.quota_files)


def begin(owner_id: int) -> None:
    """Begin to count for an owner, unless somebody has; two who do so at once wait for each other."""
    Usage.objects.bulk_create([Usage(owner_id=owner_id)], ignore_conflicts=True)


def give_back(owner_id: int | None, size: int) -> None:
    """Count a file that goes; the caller deletes its row in the same transaction, before this."""
    if owner_id is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [size, owner_id])


def set_quota(owner_id: int, **columns: int | None) -> None:
    """Give an owner a quota of their own (`quota_bytes`, `quota_files`; 0: none), or everybody's again (None)."""
    begin(owner_id)
    Usage.objects.filter(pk=owner_id).update(**columns)


def _of(quota: int | None) -> str:
    return "" if quota is None else f" of {quota:,}"
