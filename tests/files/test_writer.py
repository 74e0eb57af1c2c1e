"""Bytes are written in their order, by whichever thread, and no thread stays."""

import errno
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from filemill.files import writer
from filemill.files.writer import Writer

pytestmark = pytest.mark.once

PIECE = 64 * 1024


@pytest.fixture(autouse=True)
def threads() -> Iterator[Callable[[], int]]:
    """Count the threads that write; none is left after a test."""

    def count() -> int:
        return sum(thread.name == "writer" for thread in threading.enumerate())

    yield count
    assert count() == 0
    for _ in range(writer._MOST_THREADS):
        assert writer._threads.acquire(blocking=False)
    writer._threads.release(writer._MOST_THREADS)


@pytest.fixture
def begin(tmp_path: Path) -> Callable[..., Writer]:
    return lambda path=tmp_path / "file": Writer(os.open(path, os.O_WRONLY | os.O_CREAT))


def pieces(count: int) -> list[bytes]:
    return [os.urandom(PIECE) for _ in range(count)]


def write_all(file: Writer, sent: list[bytes]) -> None:
    for piece in sent:
        file.write(piece)
    file.sync()
    file.close()


LARGE = writer.ASIDE_BYTES // PIECE


def test_a_small_file_needs_no_thread(begin, threads, tmp_path):
    sent = pieces(LARGE)
    file = begin()
    for piece in sent:
        file.write(piece)
        assert threads() == 0
    file.sync()
    file.close()
    assert (tmp_path / "file").read_bytes() == b"".join(sent)


def test_a_large_file_is_whole_and_its_thread_gone_once_it_is_synced(begin, threads, tmp_path):
    sent = [*pieces(5 * LARGE), *[bytes([number % 256]) for number in range(3 * writer._BATCH_PIECES)]]
    file = begin()
    for piece in sent:
        file.write(piece)
    assert threads() == 1
    file.sync()
    assert threads() == 0
    assert (tmp_path / "file").read_bytes() == b"".join(sent)
    file.close()


def test_what_ends_with_a_batch_is_whole_too(begin, tmp_path):
    sent = pieces(LARGE + 2 * writer._BATCH_BYTES // PIECE)
    write_all(begin(), sent)
    assert (tmp_path / "file").read_bytes() == b"".join(sent)


def test_files_beyond_the_threads_are_written_without(begin, threads, tmp_path):
    names = [str(number) for number in range(writer._MOST_THREADS + 2)]
    files, sent = {name: begin(tmp_path / name) for name in names}, pieces(2 * LARGE)
    for piece in sent:
        for file in files.values():
            file.write(piece)
    assert threads() == writer._MOST_THREADS
    for name, file in files.items():
        file.sync()
        file.close()
        assert (tmp_path / name).read_bytes() == b"".join(sent)


def test_a_disk_takes_a_part_and_then_the_rest(begin, tmp_path, monkeypatch):
    def write_a_little(descriptor: int, given: list[bytes]) -> int:
        return os.write(descriptor, b"".join(given)[:1000])

    monkeypatch.setattr(os, "writev", write_a_little)
    sent = pieces(2 * LARGE)
    write_all(begin(), sent)
    assert (tmp_path / "file").read_bytes() == b"".join(sent)


def fails_with_no_space(act: Callable[[], object]) -> None:
    with pytest.raises(OSError, match="No space") as raised:
        act()
    assert raised.value.errno == errno.ENOSPC


@pytest.fixture
def full(begin, monkeypatch) -> Iterator[Writer]:
    """A file on a disk that is full, of which already the first byte is written aside."""
    monkeypatch.setattr(writer, "ASIDE_BYTES", 0)
    file = begin("/dev/full")
    yield file
    file.close()


def test_a_disk_that_is_full_ends_the_writing_before_long(full):
    def write_on() -> None:
        for piece in pieces(100):
            full.write(piece)

    fails_with_no_space(write_on)
    fails_with_no_space(full.sync)


def test_a_disk_that_is_full_is_seen_at_the_latest_by_the_sync(full):
    full.write(b"a few bytes")
    fails_with_no_space(full.sync)


def test_a_file_that_is_given_up_leaves_no_thread(begin, threads):
    file = begin()
    for piece in pieces(2 * LARGE + 1):
        file.write(piece)
    assert threads() == 1
    file.close()


def test_where_the_system_has_no_thread_left_the_bytes_are_written_without(begin, threads, tmp_path, monkeypatch):
    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    sent = pieces(2 * LARGE)
    file = begin()
    for piece in sent:
        file.write(piece)
    assert threads() == 0
    file.close()
    assert (tmp_path / "file").read_bytes() == b"".join(sent)
