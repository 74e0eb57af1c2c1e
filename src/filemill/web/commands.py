"""What a page shows, as lines to paste into a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from filemill.accounts.caller import caller_of
from filemill.files.models import File
from filemill.processing.models import Artifact
from filemill.web.rows import EXTENSIONS

#: In one line; a workbook can have hundreds.
MOST_ARTIFACTS = 8


@dataclass(frozen=True)
class Command:
    """A line, what it does, and the id that its place in the page has."""

    key: str
    label: str
    line: str


def of(request: HttpRequest, file: File, artifacts: Sequence[Artifact]) -> list[Command]:
    """Return lines for curl that get the file, what was made of it, and what is known of it.

    No name that somebody sent is in them, nor is one taken from the answer: what is saved where one stands as `.curlrc`
    is obeyed by the next curl.
    """
    curl = 'curl -H "Authorization: Bearer $FILEMILL_TOKEN"' if caller_of(request).owner else "curl"

    def address(view: str, **parts: object) -> str:
        return request.build_absolute_uri(reverse(view, kwargs={"file_id": file.id, **parts}).removesuffix("/"))

    found = [Command("content", _("The file"), f"{curl} -o {file.id}{_extension(file)} {address('content')}")]
    if artifacts:
        made = " ".join(address("artifact", name=each.name) for each in artifacts[:MOST_ARTIFACTS])
        found.append(Command("made", _("What was made of it"), f"{curl} --remote-name-all {made}"))
    return [*found, Command("known", _("What is known of it"), f"{curl} {address('file')}")]


def _extension(file: File) -> str:
    return EXTENSIONS.guess_extension(file.media_type or "") or ""
