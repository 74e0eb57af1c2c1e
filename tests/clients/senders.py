"""Clients of uploads that nobody here wrote, each behind the same call: send(url, token, samples, at_once)."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from services import programs
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

HERE = Path(__file__).parent
_PIECES, _LEAST_BYTES = 8, 10_000
_SECONDS = 600
_PAUSE_SECONDS = 0.02
_TRIES = 30


@dataclass(frozen=True)
class Sample:
    """A file to send, under a name that no other has."""

    number: int
    path: Path
    size: int
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def piece(self) -> int:
        """How much of it a request takes where it is sent in some."""
        return max(self.size // _PIECES, _LEAST_BYTES)


Send = Callable[[str, str, Sequence[Sample], int], None]


def by_curl(url: str, token: str, samples: Sequence[Sample], at_once: int) -> None:
    """Send files with curl: as forms, as bytes alone, and in pieces of both dialects."""
    programs.curl()

    def send(sample: Sample) -> None:
        dialect = ("tus", "raw", "ietf", "form", "deferred")[sample.number % 5]
        command = [HERE / "curl.sh", dialect, url, sample.path]
        _run(command, env={**os.environ, "TOKEN": token, "PIECE": str(sample.piece)})

    _for_each(send, samples, at_once)


def by_tuspy(url: str, token: str, samples: Sequence[Sample], at_once: int) -> None:
    """Send files with tuspy, in one piece or in some, with checksums or without."""
    client = TusClient(f"{url}/upload/", headers={"Authorization": f"Bearer {token}"})

    def send(sample: Sample) -> None:
        options: dict[str, Any] = {"upload_checksum": sample.number % 2 == 0}
        if sample.number % 3:
            options["chunk_size"] = sample.piece
        with sample.path.open("rb") as stream:
            uploader = client.uploader(
                file_stream=stream, metadata={"filename": sample.name}, retries=_TRIES, retry_delay=_PAUSE_SECONDS,
                **options,
            )  # fmt: skip
            _insist(uploader)

    _for_each(send, samples, at_once)


def _insist(uploader: Any) -> None:
    """Go on where tuspy gives up: it tries no creation again, and takes a head that broke off for a whole one."""
    for _ in range(_TRIES):
        try:
            return uploader.upload()
        except (TusCommunicationError, TusUploadFailed, TypeError, ValueError) as error:
            if getattr(error, "status_code", None) == HTTPStatus.NOT_FOUND:  # half an address
                uploader.url = None
            time.sleep(_PAUSE_SECONDS)
    raise AssertionError("tuspy did not manage it")


def by_tus_js_client(url: str, token: str, samples: Sequence[Sample], at_once: int) -> None:
    """Send files with tus-js-client on node: in one piece, in some, side by side, and with the creation."""
    programs.node_modules()
    files = [{"path": str(each.path), "name": each.name, "options": _options(each)} for each in samples]
    asked = {"endpoint": f"{url}/upload/", "headers": {"Authorization": f"Bearer {token}"}, "atOnce": at_once}
    said = _run(["node", HERE / "tus.js"], input=json.dumps({**asked, "files": files}))
    assert said == f"{len(samples)} sent\n"  # it may end well without


def _options(sample: Sample) -> dict[str, Any]:
    ways: list[dict[str, Any]] = [
        {"chunkSize": sample.piece},
        {},
        {"chunkSize": sample.piece, "uploadDataDuringCreation": True},
        {"chunkSize": sample.piece, "parallelUploads": 3},
        {"parallelUploads": 2},
    ]
    # On node a file with fewer bytes than parts is a RangeError of its own.
    return ways[sample.number % len(ways) if sample.size > _LEAST_BYTES else 0]


def by_uppy(page: Any) -> Send:
    """Return what sends files with Uppy, in a page of another origin."""

    def send(url: str, token: str, samples: Sequence[Sample], at_once: int) -> None:
        page.locator("input").set_input_files([each.path for each in samples])
        options = {"endpoint": f"{url}/upload/", "headers": {"Authorization": f"Bearer {token}"}, "limit": at_once}
        if samples[0].number % 2:
            options["chunkSize"] = max(each.piece for each in samples)
        done = page.evaluate("options => send(options)", options)
        assert done == {"sent": len(samples), "failed": []}

    return send


def uppy() -> str:
    """Return Uppy as one script for a browser."""
    bundle = [programs.node_modules() / ".bin/esbuild", HERE / "uppy.js", "--bundle", "--format=iife"]
    return subprocess.run(bundle, check=True, stdout=subprocess.PIPE, text=True).stdout


def _for_each(send: Callable[[Sample], None], samples: Sequence[Sample], at_once: int) -> None:
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(send, samples))


def _run(command: Sequence[str | Path], **options: Any) -> str:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": _SECONDS}
    done = subprocess.run(command, **streams, **options)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return str(done.stdout)
