"""Prints, as JSON, the CPU microseconds that each layer of a 4 KiB upload takes, by token and on PostgreSQL.

Requests go to the WSGI application in this process. What a layer calls of another counts there; the least of many
batches is told, for what disturbs a batch only ever adds to it.
"""

import io
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import samples

_EACH = 40
_LAYERS = {
    "request": [("filemill.config.wsgi", "application")],
    "log": [("logging", "Logger.handle"), ("structlog._base", "BoundLoggerBase._proxy_to_logger")],
    "token": [("filemill.accounts.tokens", "check")],
    "view": [("filemill.api.quick", "QuickView.dispatch")],
    "body": [("filemill.uploads.receive", "receive"), ("filemill.api.uploads", "receive")],
    "bytes": [("filemill.files.keep", "Incoming.__init__"), ("filemill.files.keep", "Incoming.write")],
    "place": [("filemill.files.keep", each) for each in ("Incoming.keep", "check_room", "is_kept", "trust")],
    "sync": [("os", "fsync")],
    "rows": [("filemill.files.insertion", "Insertion.run")],
}


class Layers:
    """CPU time by layer; while one calls another, only the other's clock runs."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._open: list[str] = []
        self._since = 0

    def watch(self, layer: str, module: str, name: str) -> None:
        """Count what a function takes as its layer's."""
        *classes, attribute = name.split(".")
        owner: Any = import_module(module)
        for each in classes:
            owner = getattr(owner, each)
        real = getattr(owner, attribute)

        @wraps(real)
        def watched(*given: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever the function takes
            self._turn()
            self._open.append(layer)
            try:
                return real(*given, **named)
            finally:
                self._turn()
                self._open.pop()

        setattr(owner, attribute, watched)

    def _turn(self) -> None:
        now = time.thread_time_ns()
        if self._open:
            self.spent[self._open[-1]] += now - self._since
        self._since = time.thread_time_ns()


def main() -> None:
    """Measure a form and the same bytes alone, in turn."""
    sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
    import services

    with services.postgres(durable=True) as postgres, tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATABASE_URL": postgres.url,
            "FILEMILL_DATA_DIR": folder,
            "FILEMILL_ACCESS": "token",
            "DJANGO_SETTINGS_MODULE": "filemill.config.settings",
        }
        sys.stdout.buffer.write(orjson.dumps(_measure(int(sys.argv[1]))))
        from django.db import connection

        connection.close()


def _measure(batches: int) -> dict[str, dict[str, float]]:
    ways = _ways()
    layers = Layers()
    for layer, places in _LAYERS.items():
        for module, name in places:
            layers.watch(layer, module, name)
    best: dict[str, dict[str, float]] = {}
    for _ in range(batches):
        for way, send in ways.items():
            layers.spent.clear()
            for _ in range(_EACH):
                send()
            found = {layer: nanoseconds / _EACH / 1000 for layer, nanoseconds in layers.spent.items()}
            before = best.setdefault(way, found)
            best[way] = {layer: min(value, before[layer]) for layer, value in found.items()}
    return best


def _ways() -> dict[str, Callable[[], None]]:
    wsgi = import_module("filemill.config.wsgi")  # sets Django up
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from filemill.accounts import tokens
    from filemill.files import keep
    from filemill.processing import ring

    call_command("migrate", verbosity=0)
    keep.prepare()
    ring.ring = lambda: None  # the broker is asked by another thread
    _, secret = tokens.issue(User.objects.create_user("bench"), "bench", ("write",), None, "the bench")
    text = samples.text(0)
    form = samples.multipart("a.txt", text)
    alone = {"QUERY_STRING": "name=a.txt", "CONTENT_TYPE": "text/plain"}
    in_a_form = {"CONTENT_TYPE": f"multipart/form-data; boundary={samples.BOUNDARY}"}

    def way(body: bytes, environ: dict[str, str]) -> Callable[[], None]:
        return lambda: _send(wsgi.application, body, environ | {"HTTP_AUTHORIZATION": f"Bearer {secret}"})

    return {"form": way(form, in_a_form), "raw": way(text, alone)}


def _send(application: Any, body: bytes, environ: dict[str, str]) -> None:  # noqa: ANN401  # a WSGI application
    known: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/upload/", "QUERY_STRING": "", "CONTENT_LENGTH": str(len(body)),
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http", "wsgi.errors": sys.stderr,
    }  # fmt: skip
    statuses: list[str] = []
    response = application(known | environ, lambda status, _headers: statuses.append(status))
    b"".join(response)
    response.close()
    assert statuses[0].startswith("201"), statuses


if __name__ == "__main__":
    main()
