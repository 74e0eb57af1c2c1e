"""What the environment decides: each variable with its type, default and meaning; a wrong value stops the start."""

import dataclasses
import ipaddress
import math
import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dj_database_url import parse as parse_database_url
from environs import Env, EnvError, validate

MIB = 1024 * 1024
GIB = 1024 * MIB


class BadSetting(Exception):
    """A variable of the environment has a value that Filemill cannot use."""


def _variable(
    name: str,
    default: Any,  # noqa: ANN401  # each variable has a type of its own
    meaning: str,
    *,
    unit: str = "",
    check: Callable[[Any], object] | None = None,
) -> Any:  # noqa: ANN401  # as dataclasses.field, whose type is the field's
    metadata = {"name": name, "meaning": meaning, "unit": unit, "check": check, "default": default}
    if isinstance(default, list):
        return dataclasses.field(default_factory=list, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def _address(value: str) -> None:
    ipaddress.ip_address(value)


def _database(value: str) -> None:
    if urlsplit(value).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ValueError("it starts with sqlite:// or postgresql://")
    parse_database_url(value)


def _broker(value: str) -> None:
    if urlsplit(value).scheme not in {"filesystem", "redis", "rediss", "amqp", "amqps"}:
        raise ValueError("it starts with redis://, rediss://, amqp://, amqps:// or filesystem://")


def _origin(value: str) -> None:
    parts = urlsplit(value)
    usual = {"http": 80, "https": 443}
    if parts.scheme not in usual or not parts.hostname or parts.port == usual[parts.scheme]:
        raise ValueError("an origin is like https://app.example.org or http://localhost:3000")
    if value != f"{parts.scheme}://{parts.netloc}".lower() or not re.fullmatch(r"[a-z0-9.:\[\]-]+", parts.netloc):
        raise ValueError("an origin is a scheme, a host in small letters and perhaps a port, and ends there")


def _readable(value: str) -> None:
    Path(value).read_text(encoding="utf-8")


def _at_least(least: int, below: float = math.inf) -> Callable[[float], None]:
    def check(value: float) -> None:
        if not least <= value < below:
            raise ValueError(f"it is a number of {least} or more")

    return check


_at_least_0 = _at_least(0)
_at_least_1 = _at_least(1)
_for_a_column = _at_least(0, below=2**63)


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Every variable that Filemill heeds; docs/settings.md and .env.sample are made from it."""

    data_dir: Path = _variable(
        "FILEMILL_DATA_DIR", Path("data"), "folder for files, the embedded database, bells and secrets"
    )
    bind: str = _variable("FILEMILL_BIND", "127.0.0.1", "address that the web server listens on", check=_address)
    port: int = _variable("FILEMILL_PORT", 8000, "port that the web server listens on", check=validate.Range(1, 65535))
    published_on_loopback: bool = _variable(
        "FILEMILL_PUBLISHED_ON_LOOPBACK",
        False,  # noqa: FBT003  # a default, not an argument
        "yes in a container that binds every address but whose port is published on the host's loopback only",
    )
    access: str = _variable(
        "FILEMILL_ACCESS",
        "open",
        "`open`: for whoever reaches the port; `token`: for who shows a token or signs in, each their own files",
        check=validate.OneOf(["open", "token"]),
    )
    behind_tls: bool = _variable(
        "FILEMILL_BEHIND_TLS",
        False,  # noqa: FBT003  # as above
        "yes where only a reverse proxy with TLS reaches the service: cookies are for https alone, and addresses begin "
        "as the proxy's `X-Forwarded-Proto` says; failed sign-ins are counted by its `X-Forwarded-For`",
    )
    hosts: list[str] = _variable(
        "FILEMILL_HOSTS", [], "host names, besides localhost, under which the service is reached"
    )
    cors_origins: list[str] = _variable(
        "FILEMILL_CORS_ORIGINS",
        [],
        "origins of other sites, such as `https://app.example.org`, whose pages may use the API by token; only with "
        "`FILEMILL_ACCESS=token`",
        check=_origin,
    )
    sandbox: str = _variable(
        "FILEMILL_SANDBOX",
        "auto",
        "`auto`: with every wall that this machine allows; `strict`: not at all without those that are required",
        check=validate.OneOf(["auto", "strict"]),
    )
    secret_key: str = _variable("FILEMILL_SECRET_KEY", "", "Django's secret key; made on first start if not given")
    debug: bool = _variable("FILEMILL_DEBUG", False, "Django's debug mode, for work on Filemill itself")  # noqa: FBT003
    log_format: str = _variable(
        "FILEMILL_LOG_FORMAT", "console", "`console` or `json`", check=validate.OneOf(["console", "json"])
    )
    database_url: str = _variable(
        "DATABASE_URL", "", "the database; SQLite in the data folder if not given", check=_database
    )
    database_password_file: str = _variable(
        "DATABASE_PASSWORD_FILE", "", "a file that holds the database's password", check=_readable
    )
    prepared_statements: bool = _variable(
        "FILEMILL_PREPARED_STATEMENTS",
        True,  # noqa: FBT003  # as above
        "whether PostgreSQL keeps the plans of the statements that run most; no behind a pooler that cannot hand them "
        "on, such as PgBouncer without `max_prepared_statements`",
    )
    broker_url: str = _variable(
        "CELERY_BROKER_URL", "filesystem://", "the broker; a folder in the data folder if not given", check=_broker
    )
    web_threads: int = _variable(
        "FILEMILL_WEB_THREADS", 128, "requests that a web process serves at once", check=_at_least_1
    )
    transfers_per_owner: int = _variable(
        "FILEMILL_TRANSFERS_PER_OWNER",
        0,
        "uploads and downloads of one owner, in an open service of one address, that a web process takes at once; "
        "0: seven in eight of all that it takes",
        check=_at_least_0,
    )
    rate_per_token: float = _variable(
        "FILEMILL_RATE_PER_TOKEN",
        0.0,
        "requests a second that a web process takes by one token, ten seconds' worth of them at once; 0: any number",
        check=_at_least_0,
    )
    rate_per_address: float = _variable(
        "FILEMILL_RATE_PER_ADDRESS",
        0.0,
        "the same from one address, by whatever token or none; 0: any number",
        check=_at_least_0,
    )
    max_waiters: int = _variable(
        "FILEMILL_MAX_WAITERS", 32, "requests with `?wait=` that a web process lets wait", check=_at_least_0
    )
    max_wait_seconds: float = _variable(
        "FILEMILL_MAX_WAIT_SECONDS", 30.0, "the longest `?wait=`", unit="seconds", check=_at_least_0
    )
    stall_seconds: float = _variable(
        "FILEMILL_STALL_SECONDS",
        30.0,
        "how long a client may take for 64 KiB of a body",
        unit="seconds",
        check=_at_least_1,
    )
    worker_threads: int = _variable(
        "FILEMILL_WORKER_THREADS", os.cpu_count() or 1, "jobs that a worker runs at once", check=_at_least_1
    )
    heavy_threads: int = _variable(
        "FILEMILL_HEAVY_THREADS",
        1,
        "how many of the jobs that a worker runs at once may be heavy ones; fewer than all, so that quick ones go on",
        check=_at_least_1,
    )
    max_upload_bytes: int = _variable(
        "FILEMILL_MAX_UPLOAD_BYTES", 20 * GIB, "the largest upload", unit="bytes", check=_at_least_1
    )
    quota_bytes: int = _variable(
        "FILEMILL_QUOTA_BYTES",
        0,
        "what the files of one owner may add up to, unless `filemill quota` says otherwise of them; 0: anything",
        unit="bytes",
        check=_for_a_column,
    )
    quota_files: int = _variable(
        "FILEMILL_QUOTA_FILES",
        0,
        "how many files one owner may have, unless `filemill quota` says otherwise of them; 0: any number",
        check=_for_a_column,
    )
    disk_reserve_bytes: int = _variable(
        "FILEMILL_DISK_RESERVE_BYTES", 256 * MIB, "disk space that uploads leave free", unit="bytes", check=_at_least_0
    )
    upload_expire_seconds: int = _variable(
        "FILEMILL_UPLOAD_EXPIRE_SECONDS",
        86400,
        "age at which bytes that belong to no file are removed",
        unit="seconds",
        check=_at_least_1,
    )
    max_attempts: int = _variable("FILEMILL_MAX_ATTEMPTS", 3, "attempts that a job gets", check=_at_least_1)
    lease_seconds: float = _variable(
        "FILEMILL_LEASE_SECONDS",
        30.0,
        "how long a job stays with a worker that does not renew",
        unit="seconds",
        check=_at_least_1,
    )
    renew_seconds: float = _variable(
        "FILEMILL_RENEW_SECONDS", 10.0, "how often a running job renews its lease", unit="seconds", check=_at_least_0
    )
    backoff_seconds: float = _variable(
        "FILEMILL_BACKOFF_SECONDS",
        2.0,
        "the wait before the second attempt, doubled before each further one",
        unit="seconds",
        check=_at_least_0,
    )
    backoff_max_seconds: float = _variable(
        "FILEMILL_BACKOFF_MAX_SECONDS", 300.0, "the longest wait before an attempt", unit="seconds", check=_at_least_0
    )
    sweep_seconds: int = _variable(
        "FILEMILL_SWEEP_SECONDS", 5, "how often beat asks for a sweep", unit="seconds", check=_at_least_1
    )
    drain_seconds: float = _variable(
        "FILEMILL_DRAIN_SECONDS", 1.0, "how long a worker goes on after one bell", unit="seconds", check=_at_least_0
    )
    stop_seconds: float = _variable(
        "FILEMILL_STOP_SECONDS",
        25.0,
        "how long a worker that is told to stop lets its jobs run; then it gives them back",
        unit="seconds",
        check=_at_least_0,
    )
    identify_wall_seconds: float = _variable(
        "FILEMILL_IDENTIFY_WALL_SECONDS", 30.0, "the time-out of identification", unit="seconds", check=_at_least_1
    )


def read() -> Configuration:
    """Return the configuration that the environment gives; raise BadSetting with the first wrong variable."""
    found = Configuration(**{field.name: _value(field) for field in dataclasses.fields(Configuration)})
    if found.renew_seconds >= found.lease_seconds:
        raise BadSetting(
            f"FILEMILL_RENEW_SECONDS={found.renew_seconds} cannot be used: a job would lose its lease before it is "
            f"renewed. It must be less than FILEMILL_LEASE_SECONDS={found.lease_seconds}."
        )
    return found


def _value(field: dataclasses.Field[Any]) -> Any:  # noqa: ANN401  # each variable has a type of its own
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


def is_loopback(address: str) -> bool:
    """Say whether only this machine reaches the address."""
    return ipaddress.ip_address(address).is_loopback


def secret(path: Path) -> str:
    """Return the secret kept in a file (0600), made on first use; processes that start at once agree on one."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(50))
        try:
            path.hardlink_to(fresh)  # atomic, and fails where another process was first
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()
