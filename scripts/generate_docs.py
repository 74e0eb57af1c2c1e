"""Writes the pages that are made from the code: docs/settings.md, docs/states.md and .env.sample.

.venv/bin/python scripts/generate_docs.py            writes them
.venv/bin/python scripts/generate_docs.py --check    says which are out of date; ends with status 1 if any is
"""

import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MADE = "<!-- Made from the code by scripts/generate_docs.py. Change the code, then run that. -->"
#: Defaults that a machine decides.
DEFAULTS_IN_WORDS = {"FILEMILL_WORKER_THREADS": "the number of cores"}
UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


def pages() -> dict[str, str]:
    """Return each generated page by its path from the root; Django has to be set up."""
    return {"docs/settings.md": settings_page(), "docs/states.md": states_page(), ".env.sample": sample()}


def settings_page() -> str:
    """Return the table of variables, then the limits that are no settings."""
    from filemill.config.env import Configuration

    variables = [(f"`{each['name']}`", default_of(each), meaning_of(each)) for each in _variables(Configuration)]
    accepted = [f"- `{each.name}`: {', '.join(f'`{one}`' for one in each.accepts)}" for each in _processors()]
    head = ("processor", "version", "wall time", "CPU time", "memory", "output")
    return SETTINGS.format(
        compose=", ".join(f"`{name}`" for name in _compose()),
        made=MADE,
        variables=table(("variable", "default", "meaning"), variables),
        identify=_identify_limits(),
        processors=table(head, _processor_limits()),
        bounds=table(("name", "value", "of"), _bounds()),
        fixed=table(("limit", "value"), _fixed_limits()),
        accepted="\n".join(accepted),
    )


def states_page() -> str:
    """Return the state diagram of jobs and the order in which a file's status is decided."""
    from filemill.files.models import Status
    from filemill.processing.states import MOVES, diagram

    moves = [(", ".join(move.sources), move.target.value, move.name) for move in MOVES]
    order = [f"{number}. `{status.value}`: {STATUS_IN_WORDS[status.value]}" for number, status in enumerate(Status, 1)]
    return STATES.format(made=MADE, diagram=diagram(), moves=table(("from", "to", "by"), moves), order="\n".join(order))


SETTINGS = """\
# Settings

{made}

Filemill reads its settings from the environment and nowhere else. An unset variable means the default; a value that
cannot be used stops the start with one sentence that names it. [.env.sample](../.env.sample) has the same list in a
form to copy.

{variables}

`manage.py csu` also heeds `FILEMILL_ADMIN_PASSWORD`. From its environment `compose.yaml` takes
{compose}; everything else stands in the file itself. See [operations.md](operations.md).

## What one job may use

Each job runs in a process of its own, with its processor's limits. Memory is what it may add to what the fork server
already holds. Identification, which comes first, has {identify} and the wall time of
`FILEMILL_IDENTIFY_WALL_SECONDS`.

{processors}

`FILEMILL_LIMITS` sets them otherwise, as `image.wall_seconds`, `image.cpu_seconds`, `image.memory_bytes` and
`image.output_bytes`.

## How much of a file is read

Each kind of file has bounds of its own, counted while it is read. `FILEMILL_LIMITS` sets these, too, under their names.

{bounds}

## What is fixed

{fixed}

Archives are not unpacked yet, so there are no limits of unpacked size, entries, ratio or depth. Audio and video are not
decoded yet, so there is none of duration.

## What each processor takes

{accepted}

All processors that accept a file's media type run; `binary` only where no other does.
"""

STATES = """\
# States

{made}

## A job

```mermaid
{diagram}
```

{moves}

[processing/states.py](../src/filemill/processing/states.py) holds this table, and
[processing/record.py](../src/filemill/processing/record.py) makes the moves. On the way of nearly all files
[claim.py](../src/filemill/processing/claim.py) makes the first, and
[straight.py](../src/filemill/processing/straight.py) those that follow, as one.

## A file

A file's status follows from its jobs. The first line that holds counts:

{order}

`processed` is true exactly when the status is `processed`; the database checks it.
"""

STATUS_IN_WORDS = {
    "quarantined": "kept for a scanner; nothing sets it yet",
    "failed": "a required job failed; `error` has its reason",
    "processing": "a job is running",
    "queued": "a job waits, perhaps for its next attempt",
    "cancelled": "a job was cancelled, and none of the above holds",
    "processed": "every required job succeeded; optional ones that failed are `warnings`",
}


def _compose() -> list[str]:
    return sorted(set(re.findall(r"\$\{(FILEMILL_\w+)", (ROOT / "compose.yaml").read_text(encoding="utf-8"))))


def sample() -> str:
    """Return every variable with its meaning and default, all commented out."""
    from filemill.config.env import Configuration

    lines = [
        "# Every variable that Filemill heeds, with its default. Made from the code by scripts/generate_docs.py.",
        "# Filemill reads its environment, not this file. Copy it to .env, change what you need, then either",
        "#   set -a; . ./.env; set +a; make run",
        "# or hand it over: docker run --env-file .env, or EnvironmentFile= in a systemd unit.",
        f"# docker compose takes from it: {', '.join(_compose())}. compose.yaml says the rest.",
        "",
    ]
    for each in _variables(Configuration):
        value = "" if each["name"] in DEFAULTS_IN_WORDS else _plain(each["default"])
        lines += [f"# {meaning_of(each)}; default: {default_of(each, quote='')}", f"# {each['name']}={value}", ""]
    return "\n".join(lines)


def default_of(variable: dict[str, Any], quote: str = "`") -> str:
    """Return a variable's default as a person reads it."""
    if words := DEFAULTS_IN_WORDS.get(variable["name"]):
        return words
    plain = _plain(variable["default"])
    if not plain:
        return "not set"
    shown = f"{quote}{plain}{quote}"
    return f"{shown} ({amount(variable['default'])})" if variable["unit"] == "bytes" else shown


def meaning_of(variable: dict[str, Any]) -> str:
    """Return what a variable means, with its unit."""
    meaning = str(variable["meaning"])
    return f"{meaning}, in {variable['unit']}" if variable["unit"] else meaning


def amount(count: int) -> str:
    """Return a number of bytes as a person would say it."""
    unit, size = next((each for each in UNITS if count >= each[1]), ("bytes", 1))
    return f"{count / size:.4g} {unit}"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    return "\n".join(_row(row) for row in (head, ("---",) * len(head), *rows))


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f"{default:g}"
    return ",".join(default) if isinstance(default, list) else str(default)


def _variables(configuration: type) -> list[dict[str, Any]]:
    return [dict(field.metadata) for field in fields(configuration)]


def _processors() -> list[Any]:
    """Return our own processors; what strangers installed here is none of the documentation's business."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    ours = project["entry-points"]["filemill.processors"]
    return [EntryPoint(name, place, "filemill.processors").load() for name, place in ours.items()]


def _processor_limits() -> list[tuple[str, ...]]:
    return [
        (
            f"`{each.name}`",
            str(each.version),
            f"{each.limits.wall_seconds:g} s",
            f"{each.limits.cpu_seconds} s",
            amount(each.limits.memory_bytes),
            amount(each.limits.output_bytes),
        )
        for each in _processors()
    ]


def _bounds() -> list[tuple[str, ...]]:
    return [
        (f"`{each.name}.{found.name}`", amount(found.default) if "bytes" in found.name else f"{found.default:,}", words)
        for each in _processors()
        for found in (fields(each.bounds) if each.bounds else ())
        for words in [found.metadata["meaning"]]
    ]


def _identify_limits() -> str:
    from filemill.processors.base import Limits

    limits = Limits()
    return f"{limits.cpu_seconds} s of CPU time, {amount(limits.memory_bytes)} of memory"


def _fixed_limits() -> list[tuple[str, ...]]:
    from filemill.accounts import throttle, tokens
    from filemill.api.requests import JSON_MAX_BYTES
    from filemill.cli.services import HEADER_TIMEOUT_MS
    from filemill.cli.supervisor import SECONDS_TO_END
    from filemill.files.listing import PAGE_SIZE, PAGE_SIZE_MAX
    from filemill.files.models import NAME_MAX_CHARS
    from filemill.files.rules import METADATA_MAX_BYTES
    from filemill.processing.ring import EXPIRES_SECONDS
    from filemill.processors import text
    from filemill.processors.image import MAX_PIXELS
    from filemill.sandbox import allowance, answers, facts, workspace
    from filemill.uploads.body import MULTIPART_OVERHEAD_BYTES

    return [
        ("a file's name", f"{NAME_MAX_CHARS} characters"),
        ("a file's metadata, as JSON", amount(METADATA_MAX_BYTES)),
        ("a JSON body", amount(JSON_MAX_BYTES)),
        ("a multipart body beyond its file", amount(MULTIPART_OVERHEAD_BYTES)),
        ("files on a page of the list", f"{PAGE_SIZE} by default, {PAGE_SIZE_MAX} at most"),
        ("an image that is decoded", f"{MAX_PIXELS:,} pixels"),
        ("the artifact `text`", f"{amount(text._MAX_ARTIFACT_BYTES)}; a longer one is cut, and the facts say so"),
        ("facts of one job, as JSON", amount(facts.MAX_FACTS)),
        ("artifacts of one job", str(answers._MAX_ARTIFACTS)),
        ("files and folders in a job's workspace", f"{workspace._MAX_ENTRIES:,}"),
        ("descriptors that a job may have open", str(allowance.OPEN_FILES)),
        ("tokens of one owner", str(tokens.MOST_TOKENS)),
        ("sign-ins that fail by one name", _failures(throttle.MOST_BY_NAME)),
        ("sign-ins that fail from one address", _failures(throttle.MOST_BY_ADDRESS)),
        ("time for a request's headers", f"{HEADER_TIMEOUT_MS / 1000:g} s"),
        ("time for a service to stop under `filemill serve`", f"`FILEMILL_STOP_SECONDS` and {SECONDS_TO_END} s"),
        ("age at which a bell expires", f"{EXPIRES_SECONDS} s"),
    ]


def _failures(most: int) -> str:
    from filemill.accounts.throttle import WINDOW

    return f"{most} in {WINDOW.total_seconds() / 60:g} minutes"


def main() -> int:
    """Write the pages, or with --check compare them."""
    import django

    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"FILEMILL_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "filemill.config.settings"}
        django.setup()
        made = pages()
    stale = [name for name, text in made.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"{name} is out of date: run scripts/generate_docs.py")
        return 1 if stale else 0
    for name in stale:
        (ROOT / name).write_text(made[name])
        print(f"{name} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
