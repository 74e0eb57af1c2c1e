"""Films: how long, how large and in what form they are, and a picture out of each."""

from typing import ClassVar

from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.extras import lacking
from filemill.processors.media import formats


class VideoProcessor(Processor):
    """Reads films with FFmpeg; of their pictures it decodes a few."""

    name = "video"
    accepts = tuple(formats.VIDEO)
    large = True
    libraries = ("av", "pillow", "tinytag")
    limits: ClassVar[Limits] = Limits(wall_seconds=120, cpu_seconds=90, memory_bytes=2048 * MIB, output_bytes=16 * MIB)
    bounds: ClassVar[formats.VideoBounds] = formats.VideoBounds()

    @classmethod
    def missing(cls) -> list[str]:
        """Name the libraries that are not installed."""
        return lacking(["av", "tinytag"], extra="media")

    @classmethod
    def warm(cls) -> None:
        """Load the libraries."""
        from filemill.processors.media import film  # noqa: F401

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return facts, streams and tags, and a poster."""
        from filemill.processors.media import film

        return film.read(source, workspace, self.bounds)
