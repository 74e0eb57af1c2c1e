"""Runs on bytes of our own: what the sandbox's server has done once, each child finds loaded and adapted."""

import contextlib
from pathlib import Path
from tempfile import TemporaryDirectory

from filemill.identify import deep
from filemill.processors.base import Processor, Source, Workspace


def rehearse(processor: type[Processor], name: str, media_type: str, content: bytes) -> None:
    """Identify and process these bytes in a folder that is removed again; without one, children start cold."""
    with contextlib.suppress(OSError), TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        deep.identify(path, name)
        source = Source(path=path, name=name, media_type=media_type, size=len(content))
        processor().process(source, Workspace(path=path.parent, report=lambda _fraction, _words: None))
