"""What can be seen of a file on its page."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from filemill.files.keep import root
from filemill.files.models import File
from filemill.processing.models import Artifact

#: By the names of what processors make, the first that is there.
PICTURES = ("thumbnail-1024", "poster", "cover")
TEXT = "text"
TEXT_BYTES = 16 * 1024


@dataclass(frozen=True)
class Preview:
    """A picture's address, or the beginning of a text and whether there is more."""

    picture: str = ""
    text: str = ""
    is_cut: bool = False


def preview_of(file: File, artifacts: Sequence[Artifact]) -> Preview | None:
    """Return the picture or the beginning of the text that processors made of a file, if they made one."""
    by_name = {artifact.name: artifact for artifact in artifacts}
    if picture := next(filter(by_name.get, PICTURES), None):
        return Preview(picture=reverse("artifact", kwargs={"file_id": file.id, "name": picture}))
    if TEXT in by_name:
        return _beginning(by_name[TEXT])
    return None


def _beginning(artifact: Artifact) -> Preview | None:
    try:
        with (root() / str(artifact.content.name)).open("rb") as stream:
            head = stream.read(TEXT_BYTES)
    except FileNotFoundError:  # replaced or forgotten since the rows were read
        return None
    # The cut may fall inside a character; an incremental decoder leaves that one out.
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return Preview(text=decoder.decode(head), is_cut=artifact.size > len(head))
