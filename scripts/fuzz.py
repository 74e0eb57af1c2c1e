"""`make fuzz`: atheris on our own readers of bytes; what breaks one is kept in fuzz/ and printed.

Each target runs in a process of its own, for it ends at the first finding: ARGS="--seconds 300 --only multipart".
"""

import argparse
import base64
import contextlib
import io
import logging
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

# Beside our own code, what it reads foreign text with: coverage leads the fuzzer through it.
READERS = ["filemill", "multipart", "django.utils.http", "http_sf", "rest_framework.negotiation"]
with atheris.instrument_imports(include=READERS):
    os.environ["DJANGO_SETTINGS_MODULE"] = "filemill.config.settings"
    os.environ["FILEMILL_DATA_DIR"] = tempfile.mkdtemp(prefix="filemill-fuzz-")
    os.environ["FILEMILL_DISK_RESERVE_BYTES"] = "0"
    os.environ["DATABASE_URL"] = "sqlite://:memory:"
    import django

    django.setup()
    from django.core.handlers.wsgi import WSGIRequest
    from django.core.management import call_command
    from django.http import QueryDict
    from django.test import RequestFactory

    from filemill.config.wsgi import application
    from filemill.core.errors import Refused
    from filemill.files import keep, listing, serve
    from filemill.identify.quick import identify
    from filemill.uploads.body import Body
    from filemill.uploads.multipart import read_multipart
    from filemill.uploads.rules import clean_name, declared_type, name_of_raw_body

SIZE = 1000
CONTENT = serve.Content("none", "a.txt", "text/plain", SIZE, "0" * 64, datetime(2026, 1, 1, tzinfo=UTC))
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx'
    b"\r\n--b--\r\n"
)
ETAG = f'"{CONTENT.sha256}"'


def head(data: bytes) -> None:
    """Identify by the first bytes."""
    identify(data[: keep.HEAD_BYTES])


def ranges(data: bytes) -> None:
    """Read Range and If-Range: the span lies in the file."""
    text = data.decode("latin-1")
    request = RequestFactory().get("/", headers={"Range": text, "If-Modified-Since": text, "If-None-Match": text})
    serve._is_known(request, ETAG, CONTENT.modified)
    span = serve._span(request, CONTENT, ETAG)
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
        assert clean_name(name) == name
    declared_type(text).encode()
    Body(request, SIZE)


def cursors(data: bytes) -> None:
    """Read what a cursor holds: a place in the list that encodes to itself."""
    text = base64.urlsafe_b64encode(data).decode()
    for ordering in listing.ORDERINGS:
        with contextlib.suppress(Refused):
            cursor = listing.Cursor.decode(text, ordering)
            assert listing.Cursor.decode(cursor.encode(), ordering) == cursor
            listing.page(_query(ordering=ordering, cursor=text))


def filters(data: bytes) -> None:
    """Read filters and paging: a list comes out, or the parameters are refused."""
    listing.page(QueryDict(data))


def headers(data: bytes) -> None:
    """Answer a whole request with odd headers: never an error of ours."""
    lines = data.decode("latin-1").split("\n")
    meta = dict(zip(HEADERS, lines, strict=False))
    factory = RequestFactory(SERVER_NAME="localhost")
    environ = factory._base_environ(PATH_INFO="/files/", QUERY_STRING="name=a", **meta)
    statuses: list[int] = []

    def start(status: str, _headers: list[tuple[str, str]]) -> None:
        statuses.append(int(status[:3]))

    b"".join(application(environ, start))
    assert statuses[0] < 500, statuses


HEADERS = ["HTTP_ACCEPT", "CONTENT_TYPE", "HTTP_COOKIE", "HTTP_RANGE", "HTTP_X_REQUEST_ID", "HTTP_ORIGIN"]
ID = b"01a20138-e006-751b-9632-8729d0c15428"
TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "head": (
        head,
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\0\0\0\0WEBP", b"\0\0\0 ftypavif", b"PK\3\4", b"\xff\xd8", b"MZ"],
    ),
    "ranges": (ranges, [b"bytes=0-9", b"bytes=-5", b"bytes=5-", b"Sun, 22 Nov 2026 05:00:00 GMT", b'W/"a", *']),
    "multipart": (multipart, [FORM, FORM[:-6], FORM.replace(b"a.txt", b"%00;\\"), b"--b--\r\n"]),
    "names": (names, [b"attachment; filename*=UTF-8''%D0%96.txt", b'a; filename="..\\a"', b"sha-256=:YQ==:"]),
    "cursors": (
        cursors,
        [b'["name","a","%s",false]' % ID, b'["size",7,"%s",true]' % ID, b'["uploaded_at","2026-01-01"]'],
    ),
    "filters": (
        filters,
        [b"size_min=1&uploaded_at_before=2026-01-01", b"name=%00&kind=text", b"page_size=2&ordering=-size"],
    ),
    "headers": (
        headers,
        [b"text/html; a=b, */*\ntext/plain; charset=utf-8\nsessionid=a", b"a/b; c*0=d; c*1*=utf-8''%00"],
    ),
}


def _post(data: bytes, media_type: str, **meta: str) -> WSGIRequest:
    return RequestFactory().generic("POST", "/upload/", data, media_type, **meta)


def _query(**parameters: str) -> QueryDict:
    query = QueryDict(mutable=True)
    query.update(parameters)
    return query


def _body(data: bytes) -> Body:
    request = _post(data, "multipart/form-data; boundary=b")
    request._stream = io.BytesIO(data)
    return Body(request, SIZE * 1000)


def _fuzz(name: str, seconds: int, corpus: list[str]) -> None:
    run, _seeds = TARGETS[name]

    def one(data: bytes) -> None:
        with contextlib.suppress(Refused):
            run(data)

    call_command("migrate", verbosity=0)
    logging.disable()

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
