"""`filemill verify` finds what a disk lost or changed, and nothing else."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from filemill.cli.main import main
from filemill.core.ids import new_id
from filemill.files import keep
from filemill.files.models import File
from filemill.processing.forget import forget


@pytest.fixture
def files(upload, work) -> list[File]:
    ids = [upload(b"some words of file %d\n" % n)["id"] for n in range(3)]
    work()
    return list(File.objects.filter(pk__in=ids).order_by("pk"))


@pytest.fixture
def verify(monkeypatch):
    """Run the command in this process, on the database of the tests: verify("--sample", "2")."""
    monkeypatch.setattr("filemill.cli.services.set_up", lambda: None)

    def run(*arguments: str):
        return CliRunner().invoke(main, ["verify", *arguments], catch_exceptions=False)

    return run


def change_a_byte(name: str) -> None:
    path = keep.root() / name
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])


def test_what_is_whole_is_all_read(files, verify):
    done = verify()

    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)
    assert done.stdout.startswith("6 stored files read, ")
    assert "all whole" in done.stdout


def test_a_flipped_bit_a_lost_file_and_an_altered_artifact_are_named(files, verify):
    artifact = files[2].artifacts.get()
    change_a_byte(files[0].file.name)
    (keep.root() / files[1].file.name).unlink()
    change_a_byte(artifact.content.name)

    done = verify()

    assert done.exit_code == 1
    assert "Bring the named files back from a backup" in done.stdout
    assert [" ".join(line.split()) for line in done.stdout.splitlines()[:-1]] == [
        f"altered file {files[0].pk}: {files[0].file.name}",
        f"missing file {files[1].pk}: {files[1].file.name}",
        f"altered artifact text of file {files[2].pk}: {artifact.content.name}",
    ]


def test_what_was_read_leaves_the_memory_to_the_service(files, verify, monkeypatch):
    left = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _stream, *what: left.append(what))

    verify(str(files[0].pk))

    artifact = files[0].artifacts.get()
    assert left == [(0, each.size, os.POSIX_FADV_DONTNEED) for each in (files[0], artifact)]


def test_bytes_that_cannot_be_read_hinder_no_other(files, verify):
    path = keep.root() / files[0].file.name
    path.unlink()
    path.mkdir()

    done = verify()

    assert (done.exit_code, done.stdout.split()[0], done.stdout.count("\n")) == (1, "unreadable", 2)


def test_a_file_that_is_deleted_meanwhile_is_no_breach(files, verify, monkeypatch):
    def forget_first(self, size: int) -> None:
        if File.objects.count() == 3:
            forget(files[1].pk)

    monkeypatch.setattr("filemill.cli.verify.Pace.read", forget_first)

    assert verify().exit_code == 0


def test_named_files_are_verified_with_their_artifacts(files, verify):
    change_a_byte(files[0].file.name)

    assert verify(str(files[1].pk), str(files[2].pk)).stdout.startswith("4 stored files read")
    assert verify(str(files[0].pk)).exit_code == 1


def test_a_sample_has_its_size(files, verify):
    assert verify("--sample", "2").stdout.startswith("4 stored files read")


def test_only_what_is_newer_is_verified(files, verify):
    File.objects.filter(pk=files[0].pk).update(uploaded_at=datetime.now(UTC) - timedelta(days=9))
    since = (datetime.now(UTC) - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")

    assert verify("--since", since).stdout.startswith("4 stored files read")


def test_an_unknown_file_and_two_choices_at_once_end_with_2(files, verify):
    unknown = verify(str(new_id()))

    assert (unknown.exit_code, "There is no file" in unknown.stderr) == (2, True)
    assert verify("--sample", "1", str(files[0].pk)).exit_code == 2


def test_a_speed_is_kept(files, verify, monkeypatch):
    slept = []
    monkeypatch.setattr("filemill.cli.verify.time.sleep", slept.append)

    verify("--mib-per-second", "0.0001")

    total = sum(file.size for file in files)
    assert max(slept) > 0.5 * total / (0.0001 * 1024**2)
