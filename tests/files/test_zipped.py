"""Originals as one ZIP: unpacked by what everybody has, whole or visibly broken, in constant memory."""

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from processors.archives import libarchive

from filemill.files.zipped import Names, Original, Zipped

NOW = datetime(2026, 11, 23, 5, 30, 12, tzinfo=UTC)
LARGE = 64 * 2**20


@pytest.fixture
def seat():
    left = []
    return SimpleNamespace(leave=lambda: left.append(True), left=left)


@pytest.fixture
def original(storage):
    def make(name, content=b"hello, mill", size=None):
        stored = f"originals/{len(list(storage.rglob('*')))}"
        (storage / stored).parent.mkdir(parents=True, exist_ok=True)
        (storage / stored).write_bytes(content)
        return Original(stored, name, len(content) if size is None else size, NOW)

    return make


def unpacked(originals, seat):
    zipped = Zipped(originals, seat)
    sent = b"".join(zipped)
    assert len(sent) == zipped.size
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_originals_are_in_it_under_their_names(original, seat):
    originals = [original("Мельница.txt", b"flour"), original("empty.bin", b"")]
    assert unpacked(originals, seat) == {"Мельница.txt": b"flour", "empty.bin": b""}


def test_another_program_unpacks_it(original, seat, tmp_path):
    (tmp_path / "it.zip").write_bytes(b"".join(Zipped([original("Мельница.txt", b"flour")], seat)))
    with libarchive.file_reader(str(tmp_path / "it.zip")) as archive:
        assert [(entry.name, b"".join(entry.get_blocks())) for entry in archive] == [("Мельница.txt", b"flour")]


def test_two_of_one_name_get_numbers_whatever_their_case(original, seat):
    names = ["a.txt", "A.txt", "a.txt", "a (2).txt", "tar.tar.gz", "tar.tar.gz"]
    found = list(unpacked([original(name) for name in names], seat))
    assert found == ["a.txt", "A (2).txt", "a (3).txt", "a (2) (2).txt", "tar.tar.gz", "tar (2).tar.gz"]


@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("../../etc/passwd", "_.._.._etc_passwd"), ("C:\\x.txt", "C__x.txt"), (".bashrc", "_.bashrc"),
        ("con.txt", "_con.txt"), ("what?.txt ", "what_.txt"), ("...", "_"), ("notes 1.txt", "notes 1.txt"),
        ("ж" * 300 + ".txt", "ж" * 98 + ".txt"),
    ],
)  # fmt: skip
def test_names_are_fit_for_any_system(name, fit):
    assert Names().fresh(name) == fit


@pytest.mark.parametrize("limit", [0, 4, 5, 60, 120, 180, 250])
def test_its_size_is_told_beforehand_also_beyond_what_plain_zip_holds(original, seat, monkeypatch, limit):
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    unpacked([original(name, b"x" * size) for name, size in [("a", 0), ("ж", 5), ("c.txt", 100), ("d", 3)]], seat)


def test_a_file_that_is_gone_is_named_in_the_last_entry(original, seat, storage):
    gone = original("gone.txt")
    (storage / gone.stored).unlink()
    assert unpacked([gone, original("there.txt")], seat) == {
        "there.txt": b"hello, mill",
        "MISSING.txt": b"gone.txt\r\n",
    }


def test_a_file_that_goes_meanwhile_breaks_the_whole(original, seat, storage):
    there, gone = original("there.txt"), original("gone.txt")
    zipped = Zipped([there, gone], seat)
    (storage / gone.stored).unlink()
    with pytest.raises(FileNotFoundError):
        list(zipped)


def test_a_file_that_ends_early_breaks_the_whole(original, seat):
    sent = []
    with pytest.raises(OSError, match="early"):
        sent.extend(Zipped([original("cut.bin", b"123", size=5)], seat))
    assert not zipfile.is_zipfile(io.BytesIO(b"".join(sent)))


def test_a_client_that_goes_leaves_its_seat(original, seat):
    zipped = Zipped([original("a.txt")], seat)
    next(iter(zipped))
    zipped.close()
    assert seat.left


def test_a_large_file_takes_little_memory(original, seat, storage):
    large = original("large.bin", b"")
    with (storage / large.stored).open("wb") as stream:
        stream.truncate(LARGE)
    tracemalloc.start()
    size = sum(map(len, Zipped([Original(large.stored, "large.bin", LARGE, NOW)], seat)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > LARGE
    assert peak < 4 * 2**20


def test_sizes_beyond_four_gigabytes_are_told_in_zip64(original, seat):
    blocks = iter(Zipped([original("huge.bin", b"12", size=5 * 2**30)], seat))
    assert next(blocks)[4:6] == (45).to_bytes(2, "little")  # the version that is needed to unpack it
