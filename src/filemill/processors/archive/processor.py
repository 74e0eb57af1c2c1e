"""Lists what is in an archive, or how much in a compressed file; nothing is unpacked to disk."""

from typing import ClassVar

from filemill.processors.archive import library
from filemill.processors.archive.bounds import Bounds
from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.extras import lacking


class ArchiveProcessor(Processor):
    """Reads archives of all common formats, and files that are just compressed."""

    name = "archive"
    accepts = (
        "application/gzip",
        "application/java-archive",
        "application/vnd.android.package-archive",
        "application/vnd.debian.binary-package",
        "application/vnd.google-earth.kmz",
        "application/vnd.ms-cab-compressed",
        "application/x-7z-compressed",
        "application/x-archive",
        "application/x-bzip2",
        "application/x-compress",
        "application/x-cpio",
        "application/x-iso9660-image",
        "application/x-lz4",
        "application/x-lzh-compressed",
        "application/x-lzip",
        "application/x-lzma",
        "application/x-rar",
        "application/x-rpm",
        "application/x-tar",
        "application/x-xpinstall",
        "application/x-xz",
        "application/zip",
        "application/zstd",
    )
    libraries = ("archi", "libarchive-c")
    bounds: ClassVar[Bounds] = Bounds()
    limits: ClassVar[Limits] = Limits(wall_seconds=300, cpu_seconds=240, memory_bytes=512 * MIB, output_bytes=128 * MIB)

    @classmethod
    def missing(cls) -> list[str]:
        """Name the packages, or the library of the system, without which no archive can be read."""
        if lacks := lacking(["libarchive", "archi"], extra="archives"):
            return lacks
        return [fault] if (fault := library.fault()) else []

    @classmethod
    def warm(cls) -> None:
        """Load libarchive."""
        library.load()
        from filemill.processors.archive import reading  # noqa: F401 -- for what its import loads

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return what is in the archive, and a listing of it."""
        library.load()
        from filemill.processors.archive.reading import read

        return read(source, workspace, self.bounds)
