"""Reads e-mail: messages, mailboxes and Outlook's items.

The class is light, for every process of the service loads it; what reads is imported where a message is.
"""

from typing import ClassVar

from filemill.processors.base import MIB, Limits, Processor, Result, Source, Workspace
from filemill.processors.mail.bounds import Bounds
from filemill.processors.rehearsal import rehearse


class EmailProcessor(Processor):
    """Reads who wrote to whom, when and what, and lists what is attached; attachments are not opened."""

    name = "email"
    accepts = ("message/rfc822", "application/mbox", "application/vnd.ms-outlook")
    libraries = ("olefile",)
    limits: ClassVar[Limits] = Limits(wall_seconds=300, cpu_seconds=240, memory_bytes=512 * MIB, output_bytes=256 * MIB)

    bounds: ClassVar[Bounds] = Bounds()

    @classmethod
    def warm(cls) -> None:
        """Import what reads messages, by reading one."""
        rehearse(cls, "letter.eml", "message/rfc822", b"From: a@example.org\nSubject: A house\n\nBeside the mill.\n")

    def process(self, source: Source, workspace: Workspace) -> Result:
        """Return what the header says, the text of the body, and the list of attachments."""
        from filemill.processors.mail import reading

        return reading.read(source, workspace, self.bounds)
