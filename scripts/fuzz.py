# ruff: noqa: E501, SIM105  # seeds are long; a plain except is what is fuzzed
"""`make fuzz`: atheris on our own readers of bytes; what breaks one is kept in fuzz/ and printed.

Each target runs in a process of its own, for it ends at the first finding: ARGS="--seconds 300 --only multipart".
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
FOUND = ROOT / "fuzz"

with atheris.instrument_imports(include=["filemill"]):
    os.environ["DJANGO_SETTINGS_MODULE"] = "filemill.config.settings"
    os.environ["FILEMILL_DATA_DIR"] = tempfile.mkdtemp(prefix="filemill-fuzz-")
    os.environ["FILEMILL_DISK_RESERVE_BYTES"] = "0"
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIRequest
    from django.http import QueryDict
    from django.test import RequestFactory

    from filemill.core.errors import Refused
    from filemill.files import keep, listing, serve
    from filemill.identify.quick import identify
    from filemill.uploads.body import Body
    from filemill.uploads.multipart import read_multipart
    from filemill.uploads.rules import clean_name, declared_type, name_of_raw_body

SIZE = 1000
CONTENT = serve.Content("none", "a.txt", "text/plain", SIZE, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC))
FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n'


def head(data: bytes) -> None:
    """Identify by the first bytes."""
    identify(data[: keep.HEAD_BYTES])


def ranges(data: bytes) -> None:
    """Read Range and If-Range: the span lies in the file."""
    text = data.decode("latin-1")
    request = RequestFactory().get("/", headers={"Range": text, "If-Modified-Since": text, "If-None-Match": text})
    serve._is_known(request, CONTENT.sha256, CONTENT.modified)
    span = serve._span(request, CONTENT, CONTENT.sha256)
    assert span is None or 0 <= span[0] < span[1] <= SIZE


def multipart(data: bytes) -> None:
    """Read a form: one file comes out, or the form is refused."""
    with keep.Incoming() as incoming:
        name, _claimed, _metadata = read_multipart(
            _post(data, "multipart/form-data; boundary=b"), _body(data), incoming
        )
        assert name
        assert incoming.size <= len(data)


def names(data: bytes) -> None:
    """Read a name from a header and from an address: it can be stored and shown."""
    text = data.decode("utf-8", "surrogateescape")
    request = _post(b"", "text/plain", HTTP_CONTENT_DISPOSITION=data.decode("latin-1"), HTTP_CONTENT_DIGEST=text)
    for read in (lambda: clean_name(text), lambda: name_of_raw_body(request)):
        name = read()
        assert name.encode()
        assert not {"/", "\\", "\0", "\n"} & set(name)
    declared_type(text).encode()
    Body(request, SIZE)


def cursors(data: bytes) -> None:
    """Read a cursor and filters: a list comes out, or the parameters are refused."""
    parameters = QueryDict(data)
    filters = listing.FileFilter(parameters)
    listing._check(parameters, filters)
    str(filters.qs.query)
    listing._page_size(parameters)


TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "head": (head, [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\0\0\0\0WEBP", b"\0\0\0 ftypavif", b"PK\3\4", b"\xff\xd8\xff\xe0", b"MZ"]),
    "ranges": (ranges, [b"bytes=0-9", b"bytes=-5", b"bytes=5-", b"Sun, 22 Nov 2026 05:00:00 GMT", b'W/"a", *']),
    "multipart": (multipart, [FORM, FORM[:-6], FORM.replace(b"a.txt", b"%00;\\"), b"--b--\r\n"]),
    "names": (names, [b"attachment; filename*=UTF-8''%D0%96.txt", b'a; filename="..\\a"', b"sha-256=:YQ==:"]),
    "cursors": (cursors, [b"cursor=eyJ&ordering=-size", b"size_min=1&uploaded_at_before=2026-01-01", b"name=%00&kind=a"]),
}  # fmt: skip


def _post(data: bytes, media_type: str, **meta: str) -> WSGIRequest:
    return RequestFactory().generic("POST", "/upload/", data, media_type, **meta)


def _body(data: bytes) -> Body:
    request = _post(data, "multipart/form-data; boundary=b")
    request._stream = io.BytesIO(data)
    return Body(request, SIZE * 1000)


def _fuzz(name: str, seconds: int, corpus: list[str]) -> None:
    run, _seeds = TARGETS[name]

    def one(data: bytes) -> None:
        try:
            run(data)
        except Refused:
            pass

    options = [f"-max_total_time={seconds}", f"-artifact_prefix={FOUND / name}-", "-print_final_stats=1", "-timeout=10"]
    atheris.Setup([sys.argv[0], *options, *corpus], one)
    atheris.Fuzz()


def main() -> int:
    """Fuzz each target; the exit status is 1 if any broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", choices=TARGETS)
    parser.add_argument("--corpus", action="append", default=[], help="a folder with more inputs to start from")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    FOUND.mkdir(exist_ok=True)
    if chosen.child:
        _fuzz(chosen.only, chosen.seconds, chosen.corpus)
        return 0
    broken = []
    for name in [chosen.only] if chosen.only else TARGETS:
        corpus = FOUND / f"corpus-{name}"
        corpus.mkdir(exist_ok=True)
        for number, seed in enumerate(TARGETS[name][1]):
            (corpus / f"seed-{number}").write_bytes(seed)
        more = [part for folder in (str(corpus), *chosen.corpus) for part in ("--corpus", folder)]
        command = [sys.executable, __file__, "--child", "--only", name, "--seconds", str(chosen.seconds), *more]
        if subprocess.run(command, check=False).returncode:
            broken.append(name)
    print("broken:", ", ".join(broken) or "none", f"(inputs in {FOUND.name}/)")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
