"""The input of a request as the watchdog sees it."""

import gc
import io
import weakref
from typing import Any

from filemill.cli.watchdog import Input


def test_what_a_request_brought_is_let_go_when_the_request_is_forgotten():
    class Source(io.BytesIO):
        pass  # unlike its parent, it can be referred to weakly

    environ: dict[str, Any] = {"wsgi.input": Source(b"a body")}
    brought = weakref.ref(environ["wsgi.input"])
    environ["wsgi.input"] = Input(environ)
    assert environ["wsgi.input"].read(4) == b"a bo"

    gc.disable()
    try:
        del environ
        assert brought() is None
    finally:
        gc.enable()
