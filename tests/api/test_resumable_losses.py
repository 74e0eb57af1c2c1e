"""What a disk loses is never vouched for: bytes it could not write, bytes a power failure took."""

import errno
import os
from pathlib import Path

import pytest

from filemill.files.models import File

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
