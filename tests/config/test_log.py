"""What the log does with words that others chose."""

import io
import json
import logging

import pytest
import structlog

from filemill.core import log

HOSTILE = "a\x1b[2J\x1b]0;owned\x07\r\n2026-01-01 [info] all is well\u202e\udcff"


@pytest.fixture
def said(monkeypatch):
    """Log a hostile name in a format and return what was written: said("console")."""
    root = logging.getLogger()
    before, level = root.handlers, root.level

    def write(line_format: str) -> str:
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        log.configure(line_format)
        structlog.get_logger("filemill.tests").warning("refused", name=HOSTILE)
        logging.getLogger("filemill.tests").warning("refused %s", HOSTILE)
        return stream.getvalue()

    yield write
    monkeypatch.undo()
    root.handlers, root.level = before, level
    log.configure("console")


def test_a_hostile_name_stays_one_line_that_no_terminal_obeys(said):
    lines = said("console").splitlines()

    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)
    assert all("x1b[2J" in line for line in lines)


def test_a_line_for_a_program_is_json_whatever_the_name(said):
    first, _ = (json.loads(line) for line in said("json").splitlines())

    assert first["name"].startswith("a\\x1b[2J")


def test_a_refused_request_has_one_line(client, db, caplog):
    with caplog.at_level(logging.INFO):
        assert client.post("/upload/").status_code == 400
        assert client.get("/nothing/").status_code == 404
    assert [each.name for each in caplog.records] == ["filemill.requests"] * 2


def test_a_request_that_meets_a_fault_has_a_line_with_a_traceback(client, db, caplog, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("filemill.web.views.page", None)
    assert client.get("/").status_code == 500
    assert [each.name for each in caplog.records if each.exc_info] == ["django.request"]
