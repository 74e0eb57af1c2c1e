"""An upload that is completed while another request to it waits."""

import fcntl
from uuid import UUID

import pytest

from filemill.api import unfinished as view
from filemill.files import keep
from filemill.files.models import File


@pytest.fixture
def once_found(monkeypatch):
    """Let something happen once a request has read the row of its upload: once_found(act)."""

    def prepare(act):
        def find(*given):
            found = real(*given)
            monkeypatch.setattr(view, "find", real)
            act()
            return found

        real = view.find
        monkeypatch.setattr(view, "find", find)

    return prepare


def test_a_head_that_waited_for_the_completion_sees_the_whole_upload(tus, once_found):
    address = tus.create(None)
    once_found(lambda: tus.patch(address, 0, b"hello", Upload_Length=5))
    head = tus.head(address)
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (200, "5", "5")
    assert head.headers["Content-Location"] == f"/files/{File.objects.get().id}/"


def test_a_head_of_the_ietfs_that_waited_sees_the_whole_upload_as_well(ask, once_found):
    address = ask("POST", "/upload/?name=a", Upload_Complete="?0").headers["Location"]
    last = {"Content_Type": "application/partial-upload", "Upload_Complete": "?1", "Upload_Offset": "0"}
    once_found(lambda: ask("PATCH", address, b"hello", **last))
    head = ask("HEAD", address)
    assert (head.status_code, head.headers["Upload-Complete"], head.headers["Upload-Offset"]) == (204, "?1", "5")


def test_an_empty_patch_that_waited_gets_the_answer_of_the_completion(tus, once_found):
    address = tus.create(None)
    tus.patch(address, 0, b"hello")
    once_found(lambda: tus.patch(address, 5, b"", Upload_Length=5))
    answer = tus.patch(address, 5, b"")
    assert (answer.status_code, answer.headers["Content-Location"]) == (204, f"/files/{File.objects.get().id}/")
    assert "Upload-Expires" not in answer.headers


def test_a_length_that_another_told_meanwhile_bounds_the_bytes(tus, once_found):
    address = tus.create(None)
    once_found(lambda: tus.patch(address, 0, b"he", Upload_Length=3))
    assert tus.patch(address, 2, b"llo").json()["code"] == "too_large"
    assert tus.head(address).headers["Upload-Offset"] == "2"


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
def test_who_finds_another_at_work_is_told_to_ask_again(tus, method):
    address = tus.create(5)
    with (keep.root() / "unfinished" / f"{UUID(address.split('/')[2])}.note").open("r+b") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        answer = tus.ask(method, address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (423, "5")


def test_a_head_says_that_all_bytes_are_here_where_their_type_is_refused(tus, configure):
    address = tus.create(5)
    configure(accepted_types=("image/png",))
    assert tus.patch(address, 0, b"hello").status_code == 415
    head = tus.head(address)
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "5")
    assert tus.patch(address, 5, b"").json()["code"] == "type_not_accepted"
