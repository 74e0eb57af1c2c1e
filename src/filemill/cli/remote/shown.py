"""Files as people and programs read them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import click
import orjson

from filemill.client.failures import Failure

HEADS = ("ID", "STATUS", "BYTES", "TYPE", "UPLOADED", "NAME")
_FIELDS = ("id", "name", "status", "size", "sha256", "media_type", "kind", "declared_type", "uploaded_at", "metadata")
_JOB = ("processor", "version", "state", "attempts")


def printable(text: str) -> str:
    """Return a text without what would move the cursor of a terminal, or turn the direction of a line."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def row_of(file: dict[str, Any]) -> tuple[str, ...]:
    """Return a line of a table of files."""
    uploaded = datetime.fromisoformat(file["uploaded_at"]).strftime("%Y-%m-%d %H:%M")
    type_, name = printable(file["media_type"] or "-"), printable(file["name"])
    return (printable(file["id"]), printable(file["status"]), f"{file['size']:,}", type_, uploaded, name)


def page_of(file: dict[str, Any]) -> str:
    """Return all that is known of a file, for a person."""
    lines = [f"{field + ':':<15}{printable(_plain(file[field]))}" for field in _FIELDS]
    lines += [f"{'error:':<15}{reason_of(file['error'])}"] if file["error"] else []
    lines += [f"{'warning:':<15}{reason_of(each)}" for each in file["warnings"]]
    for job in file["jobs"]:
        processor, version, state, attempts = (job[field] for field in _JOB)
        lines.append(f"{'job:':<15}{printable(f'{processor} {version}: {state}, attempts: {attempts}')}")
    for made in file["artifacts"]:
        words = f"{made['name']}: {made['media_type']}, {made['size']:,} bytes"
        lines.append(f"{'artifact:':<15}{printable(words)}")
    for processor, facts in file["facts"].items():
        lines.append(f"{'facts:':<15}{printable(processor)}")
        lines += [
            f"  {printable(line)}" for line in orjson.dumps(facts, option=orjson.OPT_INDENT_2).decode().split("\n")
        ]
    return "\n".join(lines)


def state_of(file: dict[str, Any]) -> str:
    """Return how far the processing of a file is, in a few words."""
    running = [job for job in file["jobs"] if job["state"] == "running"]
    return ", ".join([file["status"], *(f"{job['processor']} {job['progress'] or 0:.0%}" for job in running)])


def reason_of(reason: dict[str, Any]) -> str:
    """Return why a file failed, or what is odd about it."""
    return printable(f"{reason['title']}. {reason['detail'] or ''} ({reason['code']})")


def tell(file: dict[str, Any], *, as_json: bool, path: str | None = None) -> int:
    """Print how a file fared; return the exit code for it, which is 1 where its processing did not succeed."""
    if as_json:
        print_json(file if path is None else {"path": printable(path), **file})
    else:
        why = f": {reason_of(file['error'])}" if file["error"] else ""
        click.echo(printable(f"{file['id']}  {file['status']:<10}  {path or file['name']}{why}"))
    return int(not file["processed"])


def print_json(document: dict[str, Any]) -> None:
    """Print a document on a line of its own."""
    click.echo(orjson.dumps(document))


def failure_printer(key: str, *, as_json: bool) -> Callable[[str, Failure], None]:
    """Return what tells of a failure: a document with the name under this key, or a sentence."""

    def show(name: str, failure: Failure) -> None:
        if as_json:
            problem = failure.problem
            words = {"code": problem.code, "title": problem.title, "detail": problem.detail}
            print_json({key: printable(name), "error": words})
        else:
            click.echo(f"filemill: {printable(name)}: {printable(str(failure))}", err=True)

    return show


def _plain(value: Any) -> str:  # noqa: ANN401  # fields have types of their own
    return value if isinstance(value, str) else orjson.dumps(value).decode()
