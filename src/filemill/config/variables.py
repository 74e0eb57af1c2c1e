"""One variable of the environment: how it is described, and how its value is read and checked."""

import dataclasses
import ipaddress
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dj_database_url import parse as parse_database_url
from environs import Env, EnvError


class BadSetting(Exception):
    """A variable of the environment has a value that Filemill cannot use."""


def variable(
    name: str,
    default: Any,  # noqa: ANN401  # each variable has a type of its own
    meaning: str,
    *,
    unit: str = "",
    check: Callable[[Any], object] | None = None,
) -> Any:  # noqa: ANN401  # as dataclasses.field, whose type is the field's
    """Return the field of a dataclass that a variable fills."""
    metadata = {"name": name, "meaning": meaning, "unit": unit, "check": check, "default": default}
    if isinstance(default, list):
        return dataclasses.field(default_factory=list, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def address(value: str) -> None:
    """Raise ValueError unless this is an IP address."""
    ipaddress.ip_address(value)


def database(value: str) -> None:
    """Raise ValueError for a database that Filemill cannot use."""
    if urlsplit(value).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ValueError("it starts with sqlite:// or postgresql://")
    parse_database_url(value)


def broker(value: str) -> None:
    """Raise ValueError for a broker that Filemill cannot use."""
    if urlsplit(value).scheme not in {"filesystem", "redis", "rediss", "amqp", "amqps"}:
        raise ValueError("it starts with redis://, rediss://, amqp://, amqps:// or filesystem://")


def origin(value: str) -> None:
    """Raise ValueError unless this is an origin, written as browsers write it."""
    parts = urlsplit(value)
    usual = {"http": 80, "https": 443}
    if parts.scheme not in usual or not parts.hostname or parts.port == usual[parts.scheme]:
        raise ValueError("an origin is like https://app.example.org or http://localhost:3000")
    if value != f"{parts.scheme}://{parts.netloc}".lower() or not re.fullmatch(r"[a-z0-9.:\[\]-]+", parts.netloc):
        raise ValueError("an origin is a scheme, a host in small letters and perhaps a port, and ends there")


def media_type(value: str) -> None:
    """Raise ValueError unless this is a media type in small letters, or all of a family."""
    if not re.fullmatch(r"[a-z]+/(\*|[a-z0-9][a-z0-9!#$&^_.+-]*)", value):
        raise ValueError("a media type is like application/pdf or image/*, in small letters")


def readable(value: str) -> None:
    """Raise OSError unless this is a file that can be read."""
    Path(value).read_text(encoding="utf-8")


def at_least(least: int, below: float = math.inf) -> Callable[[float], None]:
    """Return a check that a number is not smaller."""

    def check(value: float) -> None:
        if not least <= value < below:
            raise ValueError(f"it is a number of {least} or more")

    return check


at_least_0 = at_least(0)
at_least_1 = at_least(1)
for_a_column = at_least(0, below=2**63)


def value_of(field: dataclasses.Field[Any]) -> Any:  # noqa: ANN401  # each variable has a type of its own
    """Return what the environment says of a field; raise BadSetting if that cannot be used."""
    env = Env()
    name, default, check = field.metadata["name"], field.metadata["default"], field.metadata["check"]
    kind = "path" if isinstance(default, Path) else type(default).__name__
    given = os.environ.get(name, "").strip()
    if not given:  # as Compose sets a variable that is not set
        return default
    try:
        if isinstance(default, list):
            found = [each.strip() for each in given.split(",") if each.strip()]
            for each in found if check else ():
                check(each)
            return found
        return getattr(env, kind)(name, validate=[check] if check else [])
    except (EnvError, ValueError, OSError) as error:
        given = re.sub(r"://[^@/]*@", "://***@", given)  # a password
        meaning = field.metadata["meaning"]
        raise BadSetting(f"{name}={given!r} cannot be used: {_reason(error)}. What it sets: {meaning}.") from error


def _reason(error: Exception) -> str:
    told = getattr(error, "error_messages", None) or [str(error)]
    return " ".join(map(str, told)).removesuffix(".")
