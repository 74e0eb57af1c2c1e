"""What an upload would be refused for, said beforehand by the rules that refuse it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from filemill.accounts.caller import Caller
from filemill.core.errors import Refused
from filemill.files import keep
from filemill.uploads.beforehand import check_quota
from filemill.uploads.rules import check_size, clean_name
from filemill.uploads.types import check_claim


@dataclass(frozen=True)
class Intended:
    """What somebody says of a file that they have not sent; None: nothing."""

    name: str | None = None
    size: int | None = None
    declared_type: str | None = None


def refusals(caller: Caller, intended: Intended) -> list[Refused]:
    """Return why the file may not come in as things are, nothing where it may."""
    found = []
    for rule in _rules(caller, intended):
        try:
            rule()
        except Refused as error:
            found.append(error)
    return found


def _rules(caller: Caller, intended: Intended) -> Iterator[Callable[[], object]]:
    size = intended.size or 0
    if intended.name is not None:
        yield partial(clean_name, intended.name)
    if intended.declared_type is not None:
        yield partial(check_claim, intended.declared_type)
    yield partial(check_size, size)
    yield partial(check_quota, caller.owner_id, size)
    yield partial(keep.check_room, size)
