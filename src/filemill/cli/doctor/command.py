"""What `filemill doctor` prints, and its exit status."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
import orjson
from django.conf import settings

from filemill.cli.doctor.examine import examine
from filemill.cli.doctor.finding import State
from filemill.cli.preflight import Trouble

ALL_WELL, A_BREACH, CANNOT_LOOK = 0, 1, 2


def run_doctor(*, as_json: bool, fix: bool) -> int:
    """Examine the service and return 0 if all is well, 1 for a breach, 2 where something could not be looked at."""
    findings = []
    with _alone():
        for check, finding in examine(fix=fix):
            findings.append((check, finding))
            if not as_json:
                click.echo(finding.line(check))
    states = {finding.state for _, finding in findings}
    status = A_BREACH if State.BREACH in states else CANNOT_LOOK if State.UNKNOWN in states else ALL_WELL
    if as_json:
        report = {"status": status, "findings": [finding.as_json(check) for check, finding in findings]}
        click.echo(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return status


@contextmanager
def _alone() -> Iterator[None]:
    """Let one doctor at a time look: a sweep that one asks for would look to another like one that beat asked for."""
    folder = os.open(settings.DATA_DIR, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Trouble(f"Another `filemill doctor` looks at {settings.DATA_DIR}: wait until it is done.") from error
    finally:
        os.close(folder)
