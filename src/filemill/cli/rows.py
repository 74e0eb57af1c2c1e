"""Tables of any length, read in constant memory while others write to them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from filemill.files.models import File
from filemill.processing.models import Artifact

PAGE_ROWS = 1000

Row = TypeVar("Row", bound=Model)


def pages(rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """Yield the rows in lists, by primary key: no cursor and no transaction stays open in between."""
    page = list(rows.order_by("pk")[:PAGE_ROWS])
    while page:
        yield page
        page = list(rows.filter(pk__gt=page[-1].pk).order_by("pk")[:PAGE_ROWS])


@dataclass(frozen=True)
class Stored:
    """Bytes as a row describes them."""

    owner: File | Artifact
    name: str  # of the storage
    words: str
    size: int
    sha256: str

    def is_still_wanted(self) -> bool:
        """Say whether the row is there and still means these bytes: files are deleted and processed anew meanwhile."""
        if isinstance(self.owner, File):
            return File.objects.filter(pk=self.owner.pk, file=self.name).exists()
        return Artifact.objects.filter(pk=self.owner.pk, content=self.name).exists()


def stored_files(files: QuerySet[File]) -> Iterator[Stored]:
    """Yield the originals of files."""
    for page in pages(files.only("file", "size", "sha256")):
        for row in page:
            yield Stored(row, str(row.file), f"file {row.pk}", row.size, row.sha256)


def stored_artifacts(artifacts: QuerySet[Artifact]) -> Iterator[Stored]:
    """Yield the bytes of artifacts."""
    for page in pages(artifacts.only("file_id", "name", "content", "size", "sha256")):
        for row in page:
            yield Stored(row, str(row.content), _artifact_words(row.name, row.file_id), row.size, row.sha256)


def _artifact_words(name: str, file_id: UUID) -> str:
    return f"artifact {name} of file {file_id}"
