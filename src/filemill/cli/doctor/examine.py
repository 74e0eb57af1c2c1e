"""All checks, one after the other; one that cannot look hinders no other."""

from collections.abc import Callable, Iterator
from functools import partial

from django.db import DatabaseError, InterfaceError

from filemill.cli.doctor import host, ledger, service, stored, work
from filemill.cli.doctor.finding import Finding, State


def examine(*, fix: bool) -> Iterator[tuple[str, Finding]]:
    """Yield the name of each check and what it says."""
    checks: dict[str, Callable[[], Finding]] = {
        "migrations": service.migrations_are_applied,
        "database": service.database_takes_files,
        "broker": service.broker_answers,
        "worker": service.worker_sweeps,
        "beat": service.beat_asks,
        "disk": host.there_is_room,
        "limits of the host": host.limits_are_granted,
        "sandbox": host.the_sandbox_has_its_walls,
        "clocks": host.clocks_agree,
        "permissions": partial(host.folders_are_private, fix=fix),
        "workspaces": work.workspaces_are_removed,
        "passwords": service.nobody_has_the_first_password,
        "jobs that wait": ledger.waiting_jobs_are_taken,
        "leases": ledger.leases_end,
        "attempts": ledger.attempts_are_capped,
        "files have jobs": partial(ledger.files_have_jobs, fix=fix),
        "statuses": partial(ledger.statuses_follow, fix=fix),
        "usage": partial(ledger.usage_adds_up, fix=fix),
        "rows have bytes": stored.rows_have_bytes,
        "bytes have rows": partial(stored.bytes_have_rows, fix=fix),
        "names in the storage": stored.only_our_names,
    }
    for name, check in checks.items():
        finding = _look(check)
        yield name, finding
        if check is service.migrations_are_applied and finding.state == State.UNKNOWN:
            return  # without a database there is nothing to compare with


def _look(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except (DatabaseError, InterfaceError) as error:
        reason = str(error).split("\n", 1)[0]
        return Finding(State.UNKNOWN, f"the database did not answer: {reason}", "See that it runs and is migrated.")
    except OSError as error:
        return Finding(State.UNKNOWN, f"the storage did not answer: {error}", "See that it is there.")
    except Exception as error:  # noqa: BLE001 -- a plugin may raise anything, and the other checks are asked for too
        reason = f"{type(error).__name__}: {error}".split("\n", 1)[0]
        return Finding(State.UNKNOWN, f"it could not be looked at: {reason}", "A plugin, or Filemill, has a fault.")
