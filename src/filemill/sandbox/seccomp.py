"""Which calls to the kernel are refused: a filter for the server and all that it forks, a second one for each child.

A processor computes, reads its file and writes to its workspace. What it has no use for is refused with an error that
libraries know how to take. Calls that are younger than this list do not exist for it.
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Sequence

from filemill.sandbox import kernel

_PR_SET_SECCOMP = 22
_MODE_FILTER = 2

# The fields of what a filter looks at: the call's number, its architecture, the low halves of its arguments.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_LOAD, _AND, _EQUAL, _GREATER, _RETURN = 0x20, 0x54, 0x15, 0x25, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_ALL_BITS = 0xFFFFFFFF

#: By machine: its number in the kernel, and which column of the tables below counts.
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
_YOUNGEST_KNOWN = 451

#: Calls with their numbers on x86_64 and aarch64, which lacks some of the oldest.
_REFUSED_TO_ALL = """
socket 41 198, socketpair 53 199, connect 42 203, bind 49 200, listen 50 201, accept 43 202, accept4 288 242,
execve 59 221, execveat 322 281, uselib 134 -,
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440, process_mrelease 448 448,
kcmp 312 272, pidfd_getfd 438 438, pidfd_send_signal 424 424, move_pages 279 239, migrate_pages 256 238,
mount 165 40, umount2 166 39, pivot_root 155 41, chroot 161 51, unshare 272 97, setns 308 268, open_tree 428 428,
move_mount 429 429, fsopen 430 430, fsconfig 431 431, fsmount 432 432, fspick 433 433, mount_setattr 442 442,
name_to_handle_at 303 264, open_by_handle_at 304 265,
bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, io_uring_setup 425 425, io_uring_enter 426 426,
io_uring_register 427 427, keyctl 250 219, add_key 248 217, request_key 249 218, syslog 103 116, personality 135 92,
init_module 175 105, finit_module 313 273, delete_module 176 106, kexec_load 246 104, kexec_file_load 320 294,
reboot 169 142, swapon 167 224, swapoff 168 225, acct 163 89, quotactl 179 60, quotactl_fd 443 443, vhangup 153 58,
settimeofday 164 170, clock_settime 227 112, clock_adjtime 305 266, adjtimex 159 171, sethostname 170 161,
setdomainname 171 162, iopl 172 -, ioperm 173 -, modify_ldt 154 -, lookup_dcookie 212 18, nfsservctl 180 42,
setuid 105 146, setgid 106 144, setreuid 113 145, setregid 114 143, setresuid 117 147, setresgid 119 149,
setfsuid 122 151, setfsgid 123 152, setgroups 116 159, capset 126 91
"""
#: What Landlock has no say in, though it reaches files of others, and what outlives a child or escapes its limits.
_REFUSED_BESIDE_LANDLOCK = """
chmod 90 -, fchmod 91 52, fchmodat 268 53, chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, truncate 76 45,
utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7,
removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16,
inotify_init 253 -, inotify_init1 294 26, fanotify_init 300 262, sync 162 81, syncfs 306 267,
shmget 29 194, shmat 30 196, shmctl 31 195, semget 64 190, semop 65 193, semctl 66 191, semtimedop 220 192,
msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187, mq_open 240 180, mq_unlink 241 181,
memfd_create 319 279, memfd_secret 447 447,
setpriority 141 140, ioprio_set 251 30, sched_setaffinity 203 122, sched_setscheduler 144 119, sched_setparam 142 118,
sched_setattr 314 274
"""
_REFUSED_TO_CHILDREN = "fork 57 -, vfork 58 -, tkill 200 130, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240"
#: Their arguments lie in memory, where no filter can look; libraries fall back to the older forms.
_UNREADABLE = "openat2 437 437"
_UNREADABLE_TO_CHILDREN = "clone3 435 435"
_WITH_ARGUMENTS = """
open 2 -, openat 257 56, fcntl 72 25, ioctl 16 29, fallocate 285 47, clone 56 220, kill 62 129, tgkill 234 131,
prlimit64 302 261, prctl 157 167, close_range 436 436
"""

# Opening a file for reading can still empty it. The fourth mode asks for no right, so Landlock grants it for any file.
_EMPTYING = os.O_ACCMODE | os.O_TRUNC
_NEITHER_READ_NOR_WRITE = 3
# Who is told of what happens to a descriptor, and by which signal: a way to kill any process of the same user.
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _F_SETLEASE, _F_NOTIFY = 8, 10, 15, 1024, 1026
# Is it a terminal, how wide, how much waits to be read, wait or not, pass it on or not; others set attributes, reserve
# space, or name whom to signal.
_HARMLESS_ORDERS = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_CLOSE_RANGE_UNSHARE = 2
# A thread, as every library starts them: CLONE_VM, _FS, _FILES, _SIGHAND and _THREAD.
_OF_A_THREAD = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000

#: Stands for the number of the process that puts a program on; larger than any process number.
_ITSELF = 0x7E57_AB1E

Program = list[bytes]


def reason_against() -> str | None:
    """Say why no filter can be made for this machine, if none can."""
    machine = os.uname().machine
    if machine not in _MACHINES or sys.maxsize < 2**32:
        return f"no filter is written for {machine} with {sys.maxsize.bit_length() + 1} bits"
    return None


def for_all() -> Program:
    """Make the filter that the server puts on itself once it has loaded everything."""
    number = _numbers(_WITH_ARGUMENTS)
    return [
        *_refuse(_REFUSED_TO_ALL + "," + _REFUSED_BESIDE_LANDLOCK, errno.EPERM),
        *_refuse(_UNREADABLE, errno.ENOSYS),
        *_never(number.get("open"), 1, _EMPTYING, [os.O_TRUNC]),
        *_never(number.get("open"), 1, os.O_ACCMODE, [_NEITHER_READ_NOR_WRITE]),
        *_never(number["openat"], 2, _EMPTYING, [os.O_TRUNC]),
        *_never(number["openat"], 2, os.O_ACCMODE, [_NEITHER_READ_NOR_WRITE]),
        *_never(number["fcntl"], 1, _ALL_BITS, [_F_SETOWN, _F_SETSIG, _F_SETOWN_EX, _F_SETLEASE, _F_NOTIFY]),
        *_only(number["ioctl"], 1, _ALL_BITS, _HARMLESS_ORDERS),
        # Space beyond a file's end is in no file's size.
        *_only(number["fallocate"], 1, _ALL_BITS, [0], errno.EOPNOTSUPP),
    ]


def for_children() -> Program:
    """Make the filter of a child: it starts threads only, and means only itself where it names a process."""
    number = _numbers(_WITH_ARGUMENTS)
    return [
        *_refuse(_REFUSED_TO_CHILDREN, errno.EPERM),
        *_refuse(_UNREADABLE_TO_CHILDREN, errno.ENOSYS),
        *_only(number["clone"], 0, _OF_A_THREAD, [_OF_A_THREAD]),
        *_only(number["kill"], 0, _ALL_BITS, [_ITSELF]),
        *_only(number["tgkill"], 0, _ALL_BITS, [_ITSELF]),
        *_only(number["prlimit64"], 0, _ALL_BITS, [0, _ITSELF]),
        # It dies with its server, and does not hide from the worker what it holds open.
        *_never(number["prctl"], 0, _ALL_BITS, [_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE]),
        *_never(number["close_range"], 2, _CLOSE_RANGE_UNSHARE, [_CLOSE_RANGE_UNSHARE]),
    ]


def whole(program: Program) -> bytes:
    """Make a program complete: other architectures end the process, unknown calls do not exist, the rest is allowed."""
    architecture, _ = _MACHINES[os.uname().machine]
    return b"".join(
        [
            _step(_LOAD, _ARCHITECTURE),
            _step(_EQUAL, architecture, 1, 0),
            _step(_RETURN, _KILL),
            _step(_LOAD, _NUMBER),
            # The numbers of the x32 convention are above it, too.
            _step(_GREATER, _YOUNGEST_KNOWN, 0, 1),
            _step(_RETURN, _ERRNO | errno.ENOSYS),
            *program,
            _step(_RETURN, _ALLOW),
        ]
    )


def put_on(program: bytes) -> None:
    """Put a whole program on this process for good; raises OSError where the kernel has none."""
    own = program.replace(struct.pack("=I", _ITSELF), struct.pack("=I", os.getpid()))
    kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(_Filter(len(own) // 8, own)))


class _Filter(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _numbers(table: str) -> dict[str, int]:
    _, column = _MACHINES[os.uname().machine]
    rows = [row.split() for row in table.split(",")]
    return {name: int(numbers[column]) for name, *numbers in rows if numbers[column] != "-"}


def _refuse(table: str, error: int) -> Program:
    return [
        step
        for number in _numbers(table).values()
        for step in (_step(_EQUAL, number, 0, 1), _step(_RETURN, _ERRNO | error))
    ]


def _never(number: int | None, argument: int, mask: int, values: Sequence[int]) -> Program:
    """Refuse a call whose masked argument has one of the values."""
    checks = [step for value in values for step in (_step(_EQUAL, value, 0, 1), _step(_RETURN, _ERRNO | errno.EPERM))]
    return [] if number is None else _on(number, argument, mask, checks)


def _only(number: int, argument: int, mask: int, values: Sequence[int], error: int = errno.EPERM) -> Program:
    """Refuse a call unless its masked argument has one of the values."""
    checks = [_step(_EQUAL, value, len(values) - place, 0) for place, value in enumerate(values)]
    return _on(number, argument, mask, [*checks, _step(_RETURN, _ERRNO | error)])


def _on(number: int, argument: int, mask: int, checks: Program) -> Program:
    inner = [_step(_LOAD, _ARGUMENTS + 8 * argument), _step(_AND, mask), *checks, _step(_LOAD, _NUMBER)]
    return [_step(_EQUAL, number, 0, len(inner)), *inner]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value & _ALL_BITS)
