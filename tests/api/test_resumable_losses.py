"""What a disk loses is never vouched for: bytes it could not write, bytes a power failure took."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from filemill.files import notes, unfinished
from filemill.files.models import File
from filemill.uploads.models import Upload

CONTENT = b"hello world"


@pytest.mark.parametrize(("number", "status"), [(errno.EIO, 503), (errno.ENOSPC, 507)])
def test_bytes_that_the_disk_could_not_write_have_to_come_again(tus, kept, monkeypatch, number, status, content_of):
    def fsync(descriptor):
        real(descriptor)
        if address.split("/")[2] in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            monkeypatch.setattr(os, "fsync", real)  # Linux says it once
            raise OSError(number, os.strerror(number))

    real = os.fsync
    address = tus.create(len(CONTENT))
    monkeypatch.setattr(os, "fsync", fsync)
    assert tus.patch(address, 0, CONTENT).status_code == status
    assert tus.head(address).headers["Upload-Offset"] == "0"
    assert {name.split("/")[0] for name in kept()} == {"unfinished"}
    assert tus.patch(address, 0, CONTENT).status_code == 204
    assert content_of(File.objects.get()) == CONTENT


def test_a_head_tells_of_bytes_that_its_completion_lost(tus, monkeypatch):
    def fsync(descriptor):
        real(descriptor)
        if address.split("/")[2] in str(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(errno.EIO, "the disk is broken")

    real = os.fsync
    address = tus.create(len(CONTENT))
    with unfinished.Turn(Upload.objects.get().id) as turn:
        turn.write(CONTENT)  # and here the process dies
    monkeypatch.setattr(os, "fsync", fsync)
    head = tus.head(address)
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "0")


def test_a_digest_of_before_the_machine_stopped_is_not_trusted(tus, storage, monkeypatch, content_of):
    address = tus.create(len(CONTENT))
    tus.patch(address, 0, CONTENT[:6])
    with (storage / "unfinished" / address.split("/")[2]).open("r+b") as file:
        file.write(bytes(3))  # a hole
    monkeypatch.setattr(notes, "_this_boot", lambda: b"another machine!")
    tus.patch(address, 6, CONTENT[6:])
    file = File.objects.get()
    assert content_of(file) == bytes(3) + CONTENT[3:]
    assert file.sha256 == hashlib.sha256(content_of(file)).hexdigest()
