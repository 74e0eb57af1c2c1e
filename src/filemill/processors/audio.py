"""Recordings: how long, in what form and by whom they are, how loud they are when, and what is on the cover."""

from typing import ClassVar

from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.extras import lacking
from filemill.processors.media import formats


class AudioProcessor(Processor):
    """Reads sound with FFmpeg, and its tags with tinytag."""

    name = "audio"
    accepts = tuple(formats.AUDIO)
    heavy = True
    large = True
    libraries = ("av", "pillow", "tinytag")
    limits: ClassVar[Limits] = Limits(wall_seconds=600, cpu_seconds=480, memory_bytes=1024 * MIB, output_bytes=16 * MIB)
    bounds: ClassVar[formats.AudioBounds] = formats.AudioBounds()

    @classmethod
    def missing(cls) -> list[str]:
        """Name the libraries that are not installed."""
        return lacking(["av", "tinytag"], extra="media")

    @classmethod
    def warm(cls) -> None:
        """Load the libraries, and read a recording of our own."""
        from filemill.processors.media import sound

        sound.warm(cls)

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return facts and tags, a waveform, and the cover where there is one."""
        from filemill.processors.media import sound

        return sound.read(source, workspace, self.bounds)
