"""What the figures were taken on, and how quiet it was."""

import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, gettempdir

import load
from service import Service

_PACKAGES = ("Django", "djangorestframework", "celery", "kombu", "granian", "psycopg", "pillow")
_SYNCS = 50


def date() -> str:
    """Return the time in words."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def describe() -> dict[str, str | int]:
    """Return the machine and the versions in words."""
    cpu = next((line.split(":")[1] for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = int(next(line for line in _lines("/proc/meminfo") if line.startswith("MemTotal")).split()[1])
    return {
        "date": date(),
        "cores": os.cpu_count() or 1,
        "cpu": f"{os.cpu_count()} x {cpu.strip()}",
        "memory_gib": f"{memory / 1024 / 1024:.0f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "file_system": _file_system(gettempdir()),
        "load_generator": load.generator(),
    }


def servers(service: Service) -> dict[str, str]:
    """Return the versions of the database and the broker."""
    from services import programs

    redis = subprocess.run([programs.redis(), "--version"], capture_output=True, text=True, check=True).stdout
    return {
        "postgres": str(service.database.ask("SHOW server_version")[0][0]).split()[0],
        "redis": redis.partition("v=")[2].split()[0],
    }


def sync_ms() -> float:
    """Return how long the disk takes to keep 4 KiB for good."""
    times = []
    with TemporaryDirectory() as folder, (Path(folder) / "sync").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            file.write(os.urandom(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return median(times) * 1000


def speed_ms() -> float:
    """Return the CPU milliseconds of a fixed loop: the machine's speed at this moment."""
    times = []
    for _ in range(5):
        began = time.process_time()
        total = 0
        for number in range(1_000_000):
            total += number
        times.append(time.process_time() - began)
    return median(times) * 1000


def load_average() -> float:
    """Return how many processes wanted a core in the last minute."""
    return os.getloadavg()[0]


def _file_system(folder: str) -> str:
    mounts = [line.split() for line in _lines("/proc/mounts")]
    over = [mount for mount in mounts if f"{folder}/".startswith(mount[1].rstrip("/") + "/")]
    return max(over, key=lambda mount: len(mount[1]))[2]


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
