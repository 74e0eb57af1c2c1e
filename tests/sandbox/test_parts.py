"""The sandbox's small parts, where a whole child would be too much to ask for."""

import contextlib
import os
import re
import socket
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.core.errors import FilemillError
from filemill.processors.base import Limits, Made, Source
from filemill.sandbox import walls
from filemill.sandbox.answers import Bug, Progress, amount, error_from, identity_from, progress_from, result_from
from filemill.sandbox.child import Child
from filemill.sandbox.errors import ChildFailed
from filemill.sandbox.facts import tidy
from filemill.sandbox.wire import Exit, GarbledError, Meter, Step, Talk, decode
from filemill.sandbox.workspace import RefusedArtifact, open_artifact, outgrown

STEP = Step(path="/file", name="file", size=1, workspace="/workspace", limits=Limits())

#: How fast an example runs says nothing about it.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=50)

keys = st.text(max_size=5)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
json_values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=8
)
named = st.fixed_dictionaries(
    {},
    optional={
        name: json_values | st.sampled_from(["unprocessable", "internal", "try_again"])
        for name in ("kind", "code", "title", "detail", "traceback", "facts", "artifacts")
    },
)


@unhurried
@given(json_values | named)
def test_whatever_json_comes_it_is_read_or_refused(tmp_path_factory, value):
    workspace = tmp_path_factory.getbasetemp()
    readers = [
        (progress_from, Progress),
        (identity_from, object),
        (lambda body: result_from(body, workspace, 1000), object),
        (lambda body: error_from(body, STEP), FilemillError | Bug),
    ]
    for read, kind in readers:
        try:
            assert isinstance(read(value), kind)
        except GarbledError:
            continue


@pytest.mark.parametrize(("length", "passes"), [(255, True), (256, False)])
def test_a_media_type_is_no_longer_than_its_column(tmp_path, length, passes):
    (tmp_path / "made").touch()
    # Each name may have 127 characters, so only a parameter makes a type this long.
    media_type = f"{'x' * 110}/{'y' * 110}; charset=".ljust(length, "z")
    readers = [
        lambda: identity_from([media_type, "words"]),
        lambda: result_from({"facts": {}, "artifacts": [["made", "made", media_type]]}, tmp_path, 1),
    ]
    for read in readers:
        with contextlib.nullcontext() if passes else pytest.raises(GarbledError, match="column"):
            read()


@unhurried
@given(st.binary())
def test_whatever_bytes_come_they_are_a_message_or_refused(data):
    with contextlib.suppress(GarbledError):
        assert isinstance(decode(data), dict)


@unhurried
@given(st.dictionaries(st.text(max_size=5), json_values, max_size=3))
def test_tidy_facts_stay_as_they_are(facts):
    try:
        tidied = tidy(facts)
    except ValueError:
        return
    assert tidy(tidied) == tidied


@unhurried
@given(st.lists(st.dictionaries(st.text(max_size=5), st.integers(0, 9)), max_size=8), st.data())
def test_messages_arrive_whole_however_the_stream_is_cut(messages, data):
    left, right = socket.socketpair()
    with left, right:
        writer, reader = Talk(left), Talk(right)
        for message in messages:
            writer.send(message)
        writer.hang_up()
        received, going = [], True
        while going:
            going = reader.receive()
            while taken := reader.take():
                received.append(taken[1])
    assert received == messages


def test_a_frame_that_comes_in_pieces_is_put_together():
    left, right = socket.socketpair()
    with left, right:
        talk = Talk(right)
        for byte in b"\0\0\0\x07" + b'{"a":1}':
            assert talk.take() is None
            left.sendall(bytes([byte]))
            assert talk.receive()
        assert talk.take() == (7, {"a": 1})


def test_the_servers_last_word_counts_even_if_it_missed_our_last(tmp_path):
    talk, far_talk = socket.socketpair()
    lifeline, far_lifeline = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    child = Child(Source(tmp_path, "name", "", 1), tmp_path, talk, lifeline, lambda: None)

    def die_unheard(_progress):
        far_lifeline.send(Exit(code=0, signal=11, timed_out=False, cpu_seconds=0, peak_memory_bytes=0).to_wire())
        far_talk.close()
        # Our word on the wall time is still unread: that makes the end of the stream a reset.
        far_lifeline.close()

    with pytest.raises(ChildFailed, match="SIGSEGV"):
        child.process("any", "", Limits(), die_unheard)
    child.close()


def test_an_honest_reporter_never_floods(monkeypatch):
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    meter = Meter()
    for _ in range(36_000):
        now += 0.1
        meter.count(900)


def test_a_few_large_messages_at_once_are_a_flood():
    meter = Meter()
    for _ in range(3):
        meter.count(1024 * 1024)
    with pytest.raises(GarbledError):
        meter.count(1024 * 1024)


@pytest.mark.parametrize(
    ("count", "words"), [(5, "5 bytes"), (2048, "2 KiB"), (64 * 1024**2, "64 MiB"), (3 * 1024**3 // 2, "1.5 GiB")]
)
def test_amounts_are_said_as_a_person_would(count, words):
    assert amount(count) == words


@pytest.mark.parametrize("file_name", ["", "..", "inner/file", "/etc/passwd", "nul\0", "missing"])
def test_an_artifact_is_opened_only_directly_in_its_workspace(tmp_path, file_name):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").touch()
    with pytest.raises(RefusedArtifact):
        open_artifact(tmp_path, Made("a", tmp_path / file_name, "text/plain"))


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_an_artifact_with_a_second_name_elsewhere_is_refused(tmp_path, link):
    (tmp_path / "workspace").mkdir()
    (tmp_path / "secret").touch()
    link(tmp_path / "secret", tmp_path / "workspace" / "odd")
    with pytest.raises(RefusedArtifact):
        open_artifact(tmp_path / "workspace", Made("a", tmp_path / "workspace" / "odd", "text/plain"))


def test_a_workspace_that_became_a_link_is_not_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(RefusedArtifact):
        open_artifact(tmp_path / "link", Made("a", tmp_path / "link" / "file", "text/plain"))


def test_links_out_of_the_workspace_are_not_counted(tmp_path):
    (tmp_path / "workspace").mkdir()
    (tmp_path / "large").write_bytes(bytes(5000))
    (tmp_path / "workspace" / "link").symlink_to(tmp_path / "large")
    (tmp_path / "workspace" / "folder").symlink_to(tmp_path)
    assert not outgrown(tmp_path / "workspace", 1000)


def test_more_entries_than_anybody_needs_are_too_much(tmp_path):
    for number in range(10_001):
        (tmp_path / str(number)).touch()
    assert outgrown(tmp_path, 1000)


def test_a_workspace_that_cannot_be_counted_is_too_much(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("x" * 200, dir_fd=folder)
        inner = os.open("x" * 200, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    assert outgrown(tmp_path, 1000)


def test_a_workspace_that_is_gone_holds_nothing(tmp_path):
    assert not outgrown(tmp_path / "gone", 1000)


def test_a_child_may_read_how_much_of_the_machine_its_own_groups_may_use():
    """DuckDB aborts where it sees these files, but may not read them."""
    named = re.findall(r"^\d+:([^:]*):(.*)$", Path("/proc/self/cgroup").read_text(), re.MULTILINE)
    places = [(trees, place) for trees, group in named for place in (group, "/")]  # the latter in a container
    folders = [f"/sys/fs/cgroup/{tree}/{place}" for trees, place in places for tree in trees.split(",")]
    quotas = [
        Path(folder, file).resolve()
        for folder in folders
        for file in ("cpu.max", "memory.max", "cpu.cfs_quota_us", "cpu.cfs_period_us", "memory.limit_in_bytes")
        if Path(folder, file).exists()
    ]
    assert {str(quota) for quota in quotas} <= set(walls.readable())
    assert "/sys/fs/cgroup" not in walls.readable()
