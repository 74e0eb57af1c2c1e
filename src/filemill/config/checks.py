"""What the system checks say before the first file fails."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

from filemill.config.env import is_loopback
from filemill.processors.registry import lacks, processors
from filemill.sandbox import probe
from filemill.sandbox.walls import complaint
from filemill.web.bundle import bundle

_STEPS_PER_WRITE = 16  # of an upload; each may take FILEMILL_STALL_SECONDS
_MARGIN = 2  # for a disk that takes long to keep what a job made


@register
def open_means_this_machine_only(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's signature
    """An open service must not be reachable from elsewhere."""
    chosen = settings.FILEMILL
    if chosen.access != "open" or is_loopback(chosen.bind) or chosen.published_on_loopback:
        return []
    return [
        checks.Error(
            f"FILEMILL_BIND={chosen.bind} would open Filemill to everybody who reaches this machine.",
            hint="Set FILEMILL_ACCESS=token, or bind 127.0.0.1, or, in a container whose port is published on the "
            "host's loopback only, set FILEMILL_PUBLISHED_ON_LOOPBACK=yes.",
            id="filemill.E001",
        )
    ]


@register
def open_means_known_hosts_only(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's signature
    """Where nobody signs in, the name in the address is what tells a page of ours from one of another site."""
    chosen = settings.FILEMILL
    if chosen.access != "open" or "*" not in chosen.hosts:
        return []
    return [
        checks.Error(
            "FILEMILL_HOSTS=* would open Filemill to the pages of every site that this machine's browser visits.",
            hint="Name the hosts, or set FILEMILL_ACCESS=token.",
            id="filemill.E002",
        )
    ]


@register
def open_means_no_other_sites(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's signature
    """Where nobody shows a token, nothing tells what a page may do from what its visitor may."""
    if settings.FILEMILL.access != "open" or not settings.FILEMILL.cors_origins:
        return []
    return [
        checks.Error(
            "FILEMILL_CORS_ORIGINS would open all files of an open service to pages of other sites.",
            hint="Set FILEMILL_ACCESS=token, and give those pages a token.",
            id="filemill.E006",
        )
    ]


@register
def nothing_under_way_expires(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's signature
    """The sweep must take no upload and no workspace for left over that somebody is at."""
    chosen = settings.FILEMILL
    job = chosen.identify_wall_seconds + max(processor.limits.wall_seconds for processor in processors().values())
    least = round(max(_STEPS_PER_WRITE * chosen.stall_seconds, _MARGIN * job))
    if chosen.upload_expire_seconds >= least:
        return []
    return [
        checks.Error(
            f"FILEMILL_UPLOAD_EXPIRE_SECONDS={chosen.upload_expire_seconds} would remove uploads and jobs under way.",
            hint=f"With FILEMILL_STALL_SECONDS and the processors' time-outs as they are, set {least} or more.",
            id="filemill.E005",
        )
    ]


@register
def the_sandbox_has_its_walls(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's signature
    """A sandbox that lacks a wall says which; where all are demanded it is an error."""
    lacks = complaint(probe.walls())
    if lacks is None:
        return []
    if settings.FILEMILL.sandbox == "strict":
        hint = "Allow it (docs/operations.md says how), or set FILEMILL_SANDBOX=auto."
        return [checks.Error(lacks, hint=hint, id="filemill.E003")]
    hint = "docs/operations.md says how to allow it; FILEMILL_SANDBOX=strict refuses to start without."
    return [checks.Warning(lacks, hint=hint, id="filemill.W002")]


def data_in_reach() -> str | None:
    """Say what of the data every child of the sandbox may read, if anything."""
    password = settings.FILEMILL.database_password_file
    own = [settings.DATA_DIR, settings.DATA_DIR / "files", settings.DATA_DIR / "secrets"]
    return probe.laid_open([*own, *([Path(password)] if password else [])])


@register
def the_data_is_out_of_reach(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's signature
    """Data that lies among libraries is not locked away from children; where all walls are demanded it is an error."""
    reached = data_in_reach()
    if reached is None:
        return []
    hint = "Put the data and the secrets elsewhere: FILEMILL_DATA_DIR says where."
    if settings.FILEMILL.sandbox == "strict":
        return [checks.Error(reached, hint=hint, id="filemill.E004")]
    return [checks.Warning(reached, hint=hint, id="filemill.W003")]


@register
def processors_have_what_they_need(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401
    """A processor that lacks something says so."""
    return [
        checks.Warning(f"The processor `{name}` lacks: {words}", id="filemill.W001")
        for name, processor in processors().items()
        for words in lacks(processor)
    ]


@register
def the_pages_are_built(**_kwargs: Any) -> list[CheckMessage]:  # noqa: ANN401  # Django's signature
    """Pages without their style and scripts work, but nobody wants them so."""
    if bundle() is not None:
        return []
    words = "The pages have neither style nor scripts: these were not built."
    return [checks.Warning(words, hint="In a source tree, run scripts/build-pages.", id="filemill.W004")]
