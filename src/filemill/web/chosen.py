"""What is done to many files at once, each by itself: one that cannot be keeps no other from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from filemill.accounts.caller import Caller
from filemill.core.errors import FieldError, FilemillError, Invalid
from filemill.files.models import File
from filemill.languages.sentences import said

log = structlog.get_logger(__name__)
MOST_CHOSEN = 1000  #: in one request; their ids fill a form


@dataclass(frozen=True)
class Failure:
    """A file to which nothing was done, and why not."""

    id: UUID
    name: str
    words: str


@dataclass
class Outcome:
    """To which files it was done, and to which it was not."""

    done: list[UUID] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def ids_of(given: Sequence[str]) -> list[UUID]:
    """Return the ids that a form names, each once; raise Invalid for none, too many, and what is no id."""
    if not given:
        raise _invalid(_("No file is chosen. Choose at least one."))
    if len(given) > MOST_CHOSEN:
        raise _invalid(_("%(count)d files are chosen; at most %(most)d are taken at once.") % _counts(len(given)))
    try:
        return list(dict.fromkeys(map(UUID, given)))
    except ValueError as error:
        raise _invalid(_("What was chosen is not the id of a file.")) from error


def do_to_each(caller: Caller, ids: Sequence[UUID], deed: Callable[[UUID], None]) -> Outcome:
    """Do something to each of a caller's files in turn; those of others are as if not there.

    Once the database or the storage fails, nothing more is tried: what was done is done, and is to be said.
    """
    names = dict(File.objects.seen_by(caller).filter(pk__in=ids).values_list("pk", "name"))
    outcome, is_down = Outcome(), False
    for file_id in ids:
        words = _("There is no such file.") if file_id not in names else _("This was not tried any more.")
        if file_id in names and not is_down:
            words, is_down = _try(deed, file_id)
        if words:
            outcome.failures.append(Failure(file_id, names.get(file_id, ""), words))
        else:
            outcome.done.append(file_id)
    return outcome


def _try(deed: Callable[[UUID], None], file_id: UUID) -> tuple[str, bool]:
    try:
        deed(file_id)
    except FilemillError as error:
        return said(error.detail), False
    except (DatabaseError, InterfaceError, OSError) as error:
        log.warning("not done to all", file_id=str(file_id), reason=str(error))
        return _("The service could not do it. Try again."), True
    return "", False


def _counts(count: int) -> dict[str, int]:
    return {"count": count, "most": MOST_CHOSEN}


def _invalid(detail: str) -> Invalid:
    return Invalid(detail, (FieldError("file", "invalid", detail),))
