"""The worker's door: whatever a child says becomes a value of ours here, or GarbledError."""

import re
from dataclasses import dataclass
from pathlib import Path

from filemill.core.errors import FilemillError, TryAgain, Unprocessable
from filemill.identify.identity import Identity
from filemill.processors.base import Made, Result
from filemill.sandbox.errors import ChildFailed
from filemill.sandbox.facts import tidy, tidy_text, too_many
from filemill.sandbox.wire import GarbledError, Message, Step
from filemill.sandbox.workspace import size_of

_MAX_ARTIFACTS = 64
_MAX_WORDS = 200
_MAX_DETAIL = 2000
_MAX_TRACEBACK = 16 * 1024
_MAX_MEDIA_TYPE = 255

_ARTIFACT_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_TYPE_NAME = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"
_MEDIA_TYPE = re.compile(_TYPE_NAME + "/" + _TYPE_NAME + r"(; ?charset=[a-zA-Z0-9._-]{1,40})?")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Progress:
    """How far a processor is: a fraction from 0 to 1 and a few words."""

    fraction: float
    words: str


@dataclass(frozen=True)
class Bug:
    """A processor raised something that it should not have; what it was belongs into the log, not to the user."""

    traceback: str


def progress_from(body: object) -> Progress:
    """Read a report of progress."""
    fraction, words = _items(body, 2)
    # A bool is an int in Python.
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        raise GarbledError("progress without a fraction")
    return Progress(float(fraction), _text(words, _MAX_WORDS))


def identity_from(body: object) -> Identity:
    """Read what a file was identified as."""
    media_type, description = _items(body, 2)
    return Identity(media_type=_media_type(media_type), description=_text(description, _MAX_DETAIL))


def result_from(body: object, workspace: Path, output_bytes: int) -> Result:
    """Read a result, and look at each artifact's file."""
    if not isinstance(body, dict):
        raise GarbledError("a result that is not an object")
    artifacts = body.get("artifacts")
    if not isinstance(artifacts, list) or len(artifacts) > _MAX_ARTIFACTS:
        raise GarbledError(f"a result without artifacts, or with more than {_MAX_ARTIFACTS}")
    made = tuple(_made_from(item, workspace) for item in artifacts)
    for each in ([one.name for one in made], [one.path for one in made]):
        if len(set(each)) < len(made):
            raise GarbledError("two artifacts of the same name or file")
    if sum(size_of(workspace, one) for one in made) > output_bytes:
        raise too_much_output(output_bytes)
    return Result(facts=_facts_from(body.get("facts")), artifacts=made)


def _facts_from(facts: object) -> Message:
    try:
        tidied = tidy(facts)
    except (TypeError, ValueError) as error:
        raise GarbledError(str(error)) from None
    if too_many(tidied):
        raise GarbledError("more than 64 KiB of facts")
    return tidied


def _made_from(item: object, workspace: Path) -> Made:
    name, file_name, media_type = _items(item, 3)
    file_name = _text(file_name, 255)
    if "/" in file_name or file_name in {"", ".", ".."}:
        raise GarbledError("an artifact outside of the workspace")
    return Made(_matching(_ARTIFACT_NAME, name), workspace / file_name, _media_type(media_type))


def too_much_output(output_bytes: int) -> ChildFailed:
    """Make the failure of a child that wrote more than it may."""
    return ChildFailed("output_exceeded", f"Processing wrote more than {amount(output_bytes)}.")


def error_from(body: object, step: Step) -> FilemillError | Bug:
    """Read why a step failed."""
    if not isinstance(body, dict):
        raise GarbledError("an error without a kind")
    match body.get("kind"):
        case "unprocessable":
            code = _matching(_CODE, body.get("code"))
            return Unprocessable(_text(body.get("detail")), code=code, title=_text(body.get("title"), _MAX_WORDS))
        case "try_again":
            return TryAgain(_text(body.get("detail")))
        case "disk_full":
            return TryAgain("The disk that processing writes on is full.")
        case "out_of_memory":
            needed = amount(step.limits.memory_bytes)
            return ChildFailed("out_of_memory", f"Processing needed more than {needed} of memory.")
        case "output_exceeded":
            return too_much_output(step.limits.output_bytes)
        case "internal":
            return Bug(_text(body.get("traceback"), _MAX_TRACEBACK))
    raise GarbledError("an error of no known kind")


def amount(count: int) -> str:
    """Return a number of bytes as a person would say it."""
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= size:
            return f"{count / size:.4g} {unit}"
    return f"{count} bytes"


def _items(body: object, count: int) -> list[object]:
    if not isinstance(body, list) or len(body) != count:
        raise GarbledError(f"not a list of {count}")
    return body


def _text(value: object, most: int = _MAX_DETAIL) -> str:
    if not isinstance(value, str):
        raise GarbledError("not a string")
    return tidy_text(value[:most])


def _media_type(value: object) -> str:
    found = _matching(_MEDIA_TYPE, value)
    if len(found) > _MAX_MEDIA_TYPE:
        raise GarbledError("a media type that no column holds")
    return found


def _matching(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise GarbledError(f"not of the form {pattern.pattern}")
    return value
