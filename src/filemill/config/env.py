"""What the environment decides: each variable with its type, default and meaning; a wrong value stops the start."""

import dataclasses
import ipaddress
import os
import secrets
from pathlib import Path

from environs import validate

from filemill.config import variables
from filemill.config.variables import BadSetting, at_least_0, at_least_1, value_of, variable
from filemill.processors.adjust import parse as parse_limit

MIB = 1024 * 1024
GIB = 1024 * MIB


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Every variable that Filemill heeds; docs/settings.md and .env.sample are made from it."""

    data_dir: Path = variable(
        "FILEMILL_DATA_DIR", Path("data"), "folder for files, the embedded database, bells and secrets"
    )
    bind: str = variable(
        "FILEMILL_BIND", "127.0.0.1", "address that the web server listens on", check=variables.address
    )
    port: int = variable("FILEMILL_PORT", 8000, "port that the web server listens on", check=validate.Range(1, 65535))
    published_on_loopback: bool = variable(
        "FILEMILL_PUBLISHED_ON_LOOPBACK",
        False,  # noqa: FBT003  # a default, not an argument
        "yes in a container that binds every address but whose port is published on the host's loopback only",
    )
    access: str = variable(
        "FILEMILL_ACCESS",
        "open",
        "`open`: for whoever reaches the port; `token`: for who shows a token or signs in, each their own files",
        check=validate.OneOf(["open", "token"]),
    )
    behind_tls: bool = variable(
        "FILEMILL_BEHIND_TLS",
        False,  # noqa: FBT003  # as above
        "yes where only a reverse proxy with TLS reaches the service: cookies are for https alone, and addresses begin "
        "as the proxy's `X-Forwarded-Proto` says; failed sign-ins are counted by its `X-Forwarded-For`",
    )
    hosts: list[str] = variable(
        "FILEMILL_HOSTS", [], "host names, besides localhost, under which the service is reached"
    )
    cors_origins: list[str] = variable(
        "FILEMILL_CORS_ORIGINS",
        [],
        "origins of other sites, such as `https://app.example.org`, whose pages may use the API by token; only with "
        "`FILEMILL_ACCESS=token`",
        check=variables.origin,
    )
    sandbox: str = variable(
        "FILEMILL_SANDBOX",
        "auto",
        "`auto`: with every wall that this machine allows; `strict`: not at all without those that are required",
        check=validate.OneOf(["auto", "strict"]),
    )
    secret_key: str = variable("FILEMILL_SECRET_KEY", "", "Django's secret key; made on first start if not given")
    debug: bool = variable("FILEMILL_DEBUG", False, "Django's debug mode, for work on Filemill itself")  # noqa: FBT003
    log_format: str = variable(
        "FILEMILL_LOG_FORMAT", "console", "`console` or `json`", check=validate.OneOf(["console", "json"])
    )
    database_url: str = variable(
        "DATABASE_URL", "", "the database; SQLite in the data folder if not given", check=variables.database
    )
    database_password_file: str = variable(
        "DATABASE_PASSWORD_FILE", "", "a file that holds the database's password", check=variables.readable
    )
    prepared_statements: bool = variable(
        "FILEMILL_PREPARED_STATEMENTS",
        True,  # noqa: FBT003  # as above
        "whether PostgreSQL keeps the plans of the statements that run most; no behind a pooler that cannot hand them "
        "on, such as PgBouncer without `max_prepared_statements`",
    )
    broker_url: str = variable(
        "CELERY_BROKER_URL",
        "filesystem://",
        "the broker; a folder in the data folder if not given",
        check=variables.broker,
    )
    web_processes: int = variable(
        "FILEMILL_WEB_PROCESSES",
        0,
        "processes of `filemill web`; 0: one a core, 4 at most, with PostgreSQL, and one with SQLite",
        check=at_least_0,
    )
    web_threads: int = variable(
        "FILEMILL_WEB_THREADS", 128, "requests that a web process serves at once", check=at_least_1
    )
    transfers_per_owner: int = variable(
        "FILEMILL_TRANSFERS_PER_OWNER",
        0,
        "uploads and downloads of one owner, in an open service of one address, that a web process takes at once; "
        "0: seven in eight of all that it takes",
        check=at_least_0,
    )
    rate_per_token: float = variable(
        "FILEMILL_RATE_PER_TOKEN",
        0.0,
        "requests a second that a web process takes by one token, ten seconds' worth of them at once; 0: any number",
        check=at_least_0,
    )
    rate_per_address: float = variable(
        "FILEMILL_RATE_PER_ADDRESS",
        0.0,
        "the same from one address, by whatever token or none; 0: any number",
        check=at_least_0,
    )
    max_waiters: int = variable(
        "FILEMILL_MAX_WAITERS", 32, "requests with `?wait=` that a web process lets wait", check=at_least_0
    )
    max_wait_seconds: float = variable(
        "FILEMILL_MAX_WAIT_SECONDS", 30.0, "the longest `?wait=`", unit="seconds", check=at_least_0
    )
    stall_seconds: float = variable(
        "FILEMILL_STALL_SECONDS",
        30.0,
        "how long a client may take for 64 KiB of a body",
        unit="seconds",
        check=at_least_1,
    )
    worker_threads: int = variable(
        "FILEMILL_WORKER_THREADS", os.cpu_count() or 1, "jobs that a worker runs at once", check=at_least_1
    )
    heavy_threads: int = variable(
        "FILEMILL_HEAVY_THREADS",
        1,
        "how many of the jobs that a worker runs at once may be heavy ones; fewer than all, so that quick ones go on",
        check=at_least_1,
    )
    max_upload_bytes: int = variable(
        "FILEMILL_MAX_UPLOAD_BYTES", 20 * GIB, "the largest upload", unit="bytes", check=at_least_1
    )
    accepted_types: list[str] = variable(
        "FILEMILL_ACCEPTED_TYPES",
        [],
        "media types that may come in, such as `image/*,application/pdf`, by what the client says and the first bytes "
        "prove; empty: any",
        check=variables.media_type,
    )
    quota_bytes: int = variable(
        "FILEMILL_QUOTA_BYTES",
        0,
        "what the files of one owner may add up to, unless `filemill quota` says otherwise of them; 0: anything",
        unit="bytes",
        check=variables.for_a_column,
    )
    quota_files: int = variable(
        "FILEMILL_QUOTA_FILES",
        0,
        "how many files one owner may have, unless `filemill quota` says otherwise of them; 0: any number",
        check=variables.for_a_column,
    )
    disk_reserve_bytes: int = variable(
        "FILEMILL_DISK_RESERVE_BYTES", 256 * MIB, "disk space that uploads leave free", unit="bytes", check=at_least_0
    )
    upload_expire_seconds: int = variable(
        "FILEMILL_UPLOAD_EXPIRE_SECONDS",
        86400,
        "age at which bytes that belong to no file are removed, and time to resume an upload after its last one",
        unit="seconds",
        check=at_least_1,
    )
    max_unfinished_uploads: int = variable(
        "FILEMILL_MAX_UNFINISHED_UPLOADS",
        1000,
        "how many uploads that can be resumed one owner may have begun and not completed",
        check=at_least_1,
    )
    idempotency_key_seconds: int = variable(
        "FILEMILL_IDEMPOTENCY_KEY_SECONDS",
        86400,
        "how long the `Idempotency-Key` of an upload is remembered",
        unit="seconds",
        check=at_least_1,
    )
    event_seconds: int = variable(
        "FILEMILL_EVENT_SECONDS",
        7 * 86400,
        "how long what happened to files is kept for those who follow `/events/`",
        unit="seconds",
        check=at_least_1,
    )
    max_attempts: int = variable("FILEMILL_MAX_ATTEMPTS", 3, "attempts that a job gets", check=at_least_1)
    lease_seconds: float = variable(
        "FILEMILL_LEASE_SECONDS",
        30.0,
        "how long a job stays with a worker that does not renew",
        unit="seconds",
        check=at_least_1,
    )
    renew_seconds: float = variable(
        "FILEMILL_RENEW_SECONDS", 10.0, "how often a running job renews its lease", unit="seconds", check=at_least_0
    )
    backoff_seconds: float = variable(
        "FILEMILL_BACKOFF_SECONDS",
        2.0,
        "the wait before the second attempt, doubled before each further one",
        unit="seconds",
        check=at_least_0,
    )
    backoff_max_seconds: float = variable(
        "FILEMILL_BACKOFF_MAX_SECONDS", 300.0, "the longest wait before an attempt", unit="seconds", check=at_least_0
    )
    sweep_seconds: int = variable(
        "FILEMILL_SWEEP_SECONDS", 5, "how often beat asks for a sweep", unit="seconds", check=at_least_1
    )
    drain_seconds: float = variable(
        "FILEMILL_DRAIN_SECONDS", 1.0, "how long a worker goes on after one bell", unit="seconds", check=at_least_0
    )
    stop_seconds: float = variable(
        "FILEMILL_STOP_SECONDS",
        25.0,
        "how long a worker that is told to stop lets its jobs run; then it gives them back",
        unit="seconds",
        check=at_least_0,
    )
    limits: list[str] = variable(
        "FILEMILL_LIMITS",
        [],
        "other limits of processors than those below: `text.wall_seconds=600,image.memory_bytes=3000000000`",
        check=parse_limit,
    )
    identify_wall_seconds: float = variable(
        "FILEMILL_IDENTIFY_WALL_SECONDS", 30.0, "the time-out of identification", unit="seconds", check=at_least_1
    )


def read() -> Configuration:
    """Return the configuration that the environment gives; raise BadSetting with the first wrong variable."""
    found = Configuration(**{field.name: value_of(field) for field in dataclasses.fields(Configuration)})
    if found.renew_seconds >= found.lease_seconds:
        raise BadSetting(
            f"FILEMILL_RENEW_SECONDS={found.renew_seconds} cannot be used: a job would lose its lease before it is "
            f"renewed. It must be less than FILEMILL_LEASE_SECONDS={found.lease_seconds}."
        )
    return found


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
