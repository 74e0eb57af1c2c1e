"""What a file that took over its parser finds in its way, as root and as an ordinary user, wall by wall."""

import contextlib
import os
import shutil
import socket
import tempfile
import threading
from pathlib import Path

import pytest
from sandbox.labs import Lab
from sandbox.processes import alive, children_of, eventually, processes_with

ALL = ("seccomp", "landlock", "network")
REFUSED = {"EPERM", "EACCES"}


@contextlib.contextmanager
def lab_of(**how):
    # pytest's own folders are closed to an ordinary user.
    folder = Path(tempfile.mkdtemp(prefix="filemill-lab-"))
    lab = Lab(folder, **how)
    try:
        yield lab
    finally:
        lab.close()
        shutil.rmtree(folder)


@pytest.fixture(scope="module", params=["root", "ordinary"] if os.getuid() == 0 else ["ordinary"])
def lab(request):
    with lab_of(ordinary=request.param == "ordinary") as lab:
        yield lab


@pytest.fixture(scope="module")
def open_lab():
    """No walls at all: here every attempt works, which proves that the attempts are real."""
    with lab_of(ordinary=False, forbidden=ALL) as lab:
        yield lab


def only(wall):
    return tuple(other for other in ALL if other != wall)


class Listener:
    """Counts who comes to a port of this machine."""

    def __init__(self):
        self.hits = []
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        for take in (self._tcp.accept, lambda: self._udp.recv(100)):
            threading.Thread(target=self._count, args=(take,), daemon=True).start()

    def _count(self, take):
        while True:
            self.hits.append(take())


@pytest.fixture(scope="module")
def listener():
    return Listener()


def test_all_walls_stand_here(lab):
    assert lab.walls == dict.fromkeys(["no_new_privs", "network", "landlock", "seccomp"], True)
    assert lab.run("behave") == {"pages": 3}


def reading(lab):
    upload = lab.file("upload", "secret")
    database = lab.file("filemill.sqlite3", "secret")
    paths = [str(upload), str(database), "/etc/passwd", f"/proc/{lab.pid}/environ", f"/proc/{lab.server}/maps"]
    return {"paths": paths, "folders": [str(lab.folder), "/etc", "/"]}


def test_a_child_reads_its_own_file_and_no_other(lab):
    assert set(lab.run("look_into", reading(lab)).values()) == {"EACCES"}


def test_without_walls_it_would_read_them_all(open_lab):
    found = open_lab.run("look_into", reading(open_lab))
    assert {how for path, how in found.items() if not path.startswith("/proc/")} == {"done"}


def spoil(lab):
    """Have a child spoil a file that is not its own; returns how each attempt went, having seen that none did harm."""
    other = lab.file("precious")
    before = other.stat()
    found = lab.run("spoil", {"other": str(other), "own": str(lab.folder / "spoil.trial")})
    after = other.stat()
    assert other.read_text() == "of somebody else"
    assert (after.st_mode, after.st_mtime_ns, after.st_nlink) == (before.st_mode, before.st_mtime_ns, 1)
    assert "spoil" in (lab.folder / "spoil.trial").read_text()
    return found


def test_a_child_changes_nothing_but_its_workspace(lab):
    assert set(spoil(lab).values()) <= REFUSED | {"EXDEV"}


@pytest.mark.parametrize("ordinary", [False, True])
@pytest.mark.parametrize("version", ["1", "2"])
def test_nor_where_landlock_knows_nothing_of_emptying_files(version, ordinary):
    with lab_of(ordinary=ordinary, landlock=version) as lab:
        assert set(spoil(lab).values()) <= REFUSED | {"EXDEV"}


@pytest.mark.parametrize(
    ("wall", "refused"),
    [
        (
            "seccomp",
            {
                "empty",
                "empty_by_opening",
                "open_for_nothing",
                "flags",
                "project",
                "mode",
                "own_mode",
                "owner",
                "times",
                "attribute",
            },
        ),
        (
            "landlock",
            {"through_a_link", "write", "append_to_own", "remove", "rename", "hardlink", "make", "empty"},
        ),
    ],
)
def test_seccomp_refuses_what_landlock_has_no_say_in_and_the_other_way_round(wall, refused):
    with lab_of(ordinary=False, forbidden=only(wall)) as lab:
        other = lab.file("precious")
        found = lab.run("spoil", {"other": str(other), "own": str(lab.folder / "spoil.trial")})
    assert {name for name, how in found.items() if how != "done"} >= refused
    assert found["write" if wall == "seccomp" else "times"] == "done"


def test_a_child_reaches_nobody(lab, listener):
    found = lab.run("call_home", listener.port)
    assert found == {"tcp": "EPERM", "udp": "EPERM", "local": "EPERM", "pair": "EPERM"}
    assert listener.hits == []


@pytest.mark.parametrize(
    ("wall", "errors"),
    [
        ("seccomp", {"tcp": "EPERM", "udp": "EPERM"}),
        ("network", {"tcp": "ENETUNREACH", "udp": "ENETUNREACH"}),
        ("landlock", {"tcp": "EACCES"}),
    ],
)
def test_each_wall_alone_keeps_a_child_from_the_network(wall, errors):
    own = Listener()
    with lab_of(ordinary=False, forbidden=only(wall)) as lab:
        assert lab.run("call_home", own.port).items() >= errors.items()
    assert not any(isinstance(hit, tuple) for hit in own.hits)


def test_without_walls_it_would_call_home(open_lab):
    own = Listener()
    assert set(open_lab.run("call_home", own.port).values()) == {"done"}
    assert eventually(lambda: len(own.hits) == 2)


def test_a_child_starts_no_process(lab):
    assert lab.run("start_programs") == {"fork": "EPERM", "program": "EPERM", "replace": "EPERM"}
    assert lab.run("fork_bomb")["failed"] == "internal"
    assert lab.run("behave") == {"pages": 3}
    assert children_of(lab.server) == []


def test_without_walls_it_would_start_them(open_lab):
    assert open_lab.run("start_programs") == {"fork": "done", "program": "done", "replace": "ENOENT"}


def test_threads_are_bounded(lab):
    assert lab.run("thread_bomb", memory_bytes=2**40)["failed"] == "threads_exceeded"
    assert lab.run("behave") == {"pages": 3}


def others(lab):
    return {"worker": lab.pid, "server": lab.server, "stranger": os.getpid()}


def test_a_child_does_nothing_to_other_processes(lab):
    found = lab.run("harm", others(lab))
    assert set(found.values()) <= REFUSED
    assert alive(lab.server)


def test_seccomp_alone_keeps_a_child_from_all_that_but_reading():
    with lab_of(ordinary=False, forbidden=only("seccomp")) as lab:
        found = lab.run("harm", others(lab))
    assert {how for name, how in found.items() if not name.startswith("read")} <= REFUSED


def test_landlock_alone_keeps_a_child_from_signals_and_traces():
    with lab_of(ordinary=False, forbidden=only("landlock")) as lab:
        found = lab.run("harm", others(lab))
    assert {how for name, how in found.items() if name.split()[0] in {"signal", "queue", "trace"}} <= REFUSED


def test_without_walls_it_would_harm_them(open_lab):
    found = open_lab.run("harm", {"worker": open_lab.pid})
    assert {how for name, how in found.items() if name.split()[0] in {"signal", "queue", "own"}} == {"done"}
    # Capabilities are gone even so, and root traces nobody who has more of them.
    assert os.getuid() or found["trace worker"] == "EPERM"


def test_a_child_has_no_capabilities_but_to_read_what_landlock_lets_it(lab):
    cap_dac_read_search = 1 << 2
    assert lab.run("look_around")["capabilities"] in {0, cap_dac_read_search}


def test_a_child_gains_nothing(lab):
    found = lab.run("gain")
    absent = {name for name, how in found.items() if how == "ENOSYS"}
    assert absent == {"hidden_clone", "hidden_open", "unknown_call"}
    assert {how for name, how in found.items() if name not in absent} <= REFUSED


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the other convention is that of 32-bit programs on x86_64")
def test_a_call_by_another_convention_ends_the_child(lab):
    assert "SIGSYS" in lab.run("wrong_convention")["detail"]


def test_space_beyond_the_end_of_a_file_is_refused(lab):
    assert lab.run("fill_the_disk_unseen", "beyond the end") == {"reserve": "ENOTSUP"}


@pytest.mark.parametrize(
    ("what", "how", "limits", "reason"),
    [
        ("fill_the_disk_unseen", "nameless", {}, "output_exceeded"),
        ("fill_the_disk_unseen", "mapped", {}, "output_exceeded"),
        ("fill_the_disk_unseen", "behind a closed door", {}, "output_exceeded"),
        ("fill_the_disk_unseen", "after the first thread", {}, "output_exceeded"),
        ("write_many_files_and_wait", 2000, {}, "output_exceeded"),
        ("write_one_large_file", 2000, {}, "output_exceeded"),
        ("hoard_memory", None, {"memory_bytes": 64 * 1024**2}, "out_of_memory"),
        ("burn_cpu", None, {"cpu_seconds": 1}, "cpu_exceeded"),
        ("burn_cpu_and_ignore_the_warning", None, {"cpu_seconds": 1}, "cpu_exceeded"),
        ("ignore_signals_and_sleep", None, {"wall_seconds": 0.3}, "timed_out"),
        ("segfault", None, {}, "crashed"),
        ("send_a_million_messages", None, {}, "crashed"),
    ],
)
def test_whatever_a_child_does_only_its_job_fails(lab, what, how, limits, reason):
    assert lab.run(what, how, **limits)["failed"] == reason
    assert lab.run("behave") == {"pages": 3}
    assert children_of(lab.server) == []


def test_what_a_child_closes_to_its_worker_counts_as_too_much():
    with lab_of(ordinary=True, forbidden=["seccomp"]) as lab:
        assert lab.run("fill_the_disk_unseen", "behind a closed door")["failed"] == "output_exceeded"


def test_a_million_printed_lines_go_nowhere(lab):
    assert lab.run("print_a_million_lines") == {"said": "all"}


@pytest.mark.parametrize(("what", "how"), [("dig", 3000), ("close_folders", 0o300), ("close_folders", 0)])
def test_nothing_stays_of_a_workspace_however_deep_and_closed_it_is(lab, what, how):
    lab.run(what, how, wall_seconds=600)
    assert not (lab.folder / "workspace").exists()


@pytest.mark.parametrize("how", ["wait", "leave"])
def test_descendants_do_not_outlive_their_job_where_nothing_keeps_a_child_from_having_them(open_lab, how):
    marker = f"descendant-{how}-{open_lab.folder.name}"
    assert open_lab.run("leave_descendants", [marker, how]) == ({"interrupted": True} if how == "wait" else {})
    assert eventually(lambda: not processes_with(marker))
    assert eventually(lambda: children_of(open_lab.server) == [])
