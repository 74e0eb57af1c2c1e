"""`filemill uploads`."""

import uuid

import pytest
from click.testing import CliRunner

from filemill.cli.main import main
from filemill.core.ids import new_id
from filemill.files import unfinished
from filemill.uploads.models import Protocol, Upload


@pytest.fixture
def run(transactional_db, monkeypatch):
    monkeypatch.setattr("filemill.cli.uploads.check_data_is_there", lambda: None)
    return lambda *arguments: CliRunner().invoke(main, ["uploads", *arguments])


@pytest.fixture
def begin(transactional_db):
    def begin(content=b"", **columns):
        upload = Upload.objects.create(id=new_id(), protocol=Protocol.TUS, name="a.txt", **columns)
        unfinished.create(upload.id)
        with unfinished.Turn(upload.id) as turn:
            turn.write(content)
        return upload

    return begin


def test_the_list_shows_how_far_each_is(run, begin, django_user_model):
    anna = django_user_model.objects.create(username="anna")
    known, unknown = begin(b"x" * 2000, length=3000, owner=anna), begin()
    answer = run("list")
    assert answer.exit_code == 0, answer.output
    _head, first, second = answer.output.splitlines()
    assert first.split()[:4] == [str(known.id), "anna", "2,000", "3,000"]
    assert second.split()[:4] == [str(unknown.id), "-", "0", "?"]


def test_bytes_that_are_gone_are_said_to_be(run, begin, kept, storage):
    begin(b"x")
    for path in (storage / "unfinished").iterdir():
        path.unlink()
    assert " gone " in run("list").output


def test_named_uploads_end(run, begin, kept):
    one, other = begin(b"x"), begin(b"y")
    assert run("expire", str(one.id), str(uuid.uuid4())).output == "1 uploads ended.\n"
    assert {name.split("/")[1].removesuffix(".note") for name in kept()} == {str(other.id)}
    assert Upload.objects.get() == other


def test_without_names_only_those_end_whose_time_is_over(run, begin):
    begin(b"x")
    assert run("expire").output == "0 uploads ended.\n"
    assert Upload.objects.count() == 1
