"""Requests: reads, small and large uploads, the long list."""

import base64
import http.client
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import load
import orjson
import peer
import procs
import samples
from measure import MIB, Bench
from programs import Programs
from service import Service

_LARGE_ROUNDS = 2
_AHEAD = 50  # files that a worker has to do before a round beside it begins
_FROM_THE_END = 1000  # after all rows but one in so many, a page is far down


class ListsDiffer(Exception):
    """The two lists that are compared do not say the same."""


def reads(bench: Bench, service: Service) -> None:
    """GET a list of 100 files, one of them, and two contents."""
    ids = {}
    for name, content in {"30k": os.urandom(30 * 1024), "1m": os.urandom(MIB)}.items():
        ids[name] = orjson.loads(load.ask(service.form(f"content-{name}.bin", content)))["id"]
    service.fill(100)
    newest = orjson.loads(load.ask(service.get("/files/?page_size=1&processed=true")))["results"][0]["id"]
    paths = {
        "list_100": "/files/",
        "detail": f"/files/{newest}/",
        "content_30k": f"/files/{ids['30k']}/content/",
        "content_1m": f"/files/{ids['1m']}/content/",
    }
    bench.take_turns({name: (service, service.get(path)) for name, path in paths.items()})


def small_uploads(bench: Bench, service: Service) -> None:
    """POST 4 KiB while no worker runs, and while one has more to do than it can, in turn."""
    form = service.form("bench.txt", samples.text(0))
    for _ in range(bench.size.rounds):
        bench.take_turns({"upload_idle": (service, form)}, 1)
        load.ask_all([service.form(f"ahead-{seed}.txt", samples.text(seed)) for seed in range(_AHEAD)])
        with service.worker():
            _until_it_works(service)
            bench.take_turns({"upload_draining": (service, form)}, 1, may_fail=True)
        service.drop_queue()


def small_uploads_beside_peers(bench: Bench, service: Service) -> None:
    """POST 4 KiB in a form and alone to Filemill, to the plain view and to the textbook, in turn; no worker runs."""
    name, content = "bench.txt", samples.text(0)
    with peer.plain(service) as plain, peer.textbook(service) as textbook:
        bench.take_turns(
            {
                "turn_form": (service, service.form(name, content)),
                "plain_form": (plain, load.form(f"{plain.url}/form/", name, content)),
                "textbook_form": (textbook, load.form(f"{textbook.url}/files/", name, content)),
                "turn_raw": (service, service.raw(name, content)),
                "plain_raw": (plain, load.raw(f"{plain.url}/raw/?name={name}", content)),
            }
        )
    service.drop_queue()


def large_uploads(bench: Bench, service: Service) -> None:
    """Send one large file in a form, alone, and to nginx by PUT, in turn."""
    with peer.nginx() as nginx:
        for _ in range(_LARGE_ROUNDS):
            for name in ("large_form", "large_raw"):
                _large_upload(bench, service, name)
            kept = nginx.folder / "kept" / "large.bin"
            with _timed(bench, nginx, "nginx_put") as times:
                _stream(load.Request(f"{nginx.url}/large.bin"), "PUT", bench.size.upload_bytes)
                times.append(time.monotonic())
                _sync(kept)
                times.append(time.monotonic())
            kept.unlink()
    service.drop_queue()
    bench.say(f"large_raw: {bench.results['large_raw'][-1]['mb_per_s']:.0f} MB/s")


def long_list(bench: Bench, service: Service, rows: int) -> None:
    """GET the first page of a long list and one far down."""
    service.fill(rows)
    bench.take_turns({name: (service, service.get(path)) for name, path in _pages(service).items()})


def long_list_beside_peer(bench: Bench, service: Service, rows: int) -> None:
    """GET the same pages from Filemill and from REST framework's own list, in turn."""
    service.fill(rows)
    with peer.cursor(service) as rest:
        pages = {name: service.get(path) for name, path in _pages(service).items()}
        theirs = {"cursor_first": "/files/", "cursor_deep": f"/files/?{_position(service)}"}
        others = {name: load.Request(rest.url + path) for name, path in theirs.items()}
        for mine, other in zip(pages.values(), others.values(), strict=True):
            _check_alike(mine, other)
        bench.take_turns(
            {name: (service, request) for name, request in pages.items()}
            | {name: (rest, request) for name, request in others.items()}
        )


def _pages(service: Service) -> dict[str, str]:
    """Return the paths of the first page and of one far down."""
    row = orjson.loads(load.ask(service.get(f"/files/?page_size=1&uploaded_at_before={_moment(service)}")))
    parameters = dict(part.split("=", 1) for part in urlsplit(row["next"]).query.split("&"))
    return {"list_long": "/files/", "list_long_deep": f"/files/?cursor={parameters['cursor']}"}


def _moment(service: Service) -> str:
    """Return when the row was uploaded that stands before the page far down."""
    left = int(service.database.number("SELECT COUNT(*) FROM files_file")) // _FROM_THE_END
    found = service.database.ask(f"SELECT uploaded_at FROM files_file ORDER BY uploaded_at, id LIMIT 1 OFFSET {left}")[
        0
    ][0]
    return str(found).replace(" ", "T").removesuffix("+00:00") + "Z"


def _position(service: Service) -> str:
    """Return the parameter by which REST framework's list goes on after the same row."""
    position = _moment(service).replace("T", " ").replace("Z", "+00:00")
    return urlencode({"cursor": base64.b64encode(urlencode({"p": position}).encode()).decode()})


def _check_alike(ours: load.Request, theirs: load.Request) -> None:
    """Raise ListsDiffer unless both answer with the same files, but for their own addresses."""
    pages = []
    for request in (ours, theirs):
        text = load.ask(request).decode().replace(f"//{urlsplit(request.url).netloc}/", "//host/")
        pages.append(orjson.loads(text)["results"])
    if pages[0] != pages[1]:
        raise ListsDiffer(f"{pages[0][:1]} is not {pages[1][:1]}")


def _until_it_works(service: Service) -> None:
    until = time.monotonic() + 60
    while service.waiting() == _AHEAD and time.monotonic() < until:
        time.sleep(0.05)


def _large_upload(bench: Bench, service: Service, name: str) -> None:
    size, is_form = bench.size.upload_bytes, name == "large_form"
    pids = service.pids("web")
    before = procs.resident_mib(*pids)
    procs.forget_peak(*pids)
    with _timed(bench, service, name) as times:
        request = service.form("large.bin", b"") if is_form else service.raw("large.bin", b"")
        file_id = orjson.loads(_stream(request, "POST", size, is_form=is_form))["id"]
        times.append(time.monotonic())
    bench.results[name][-1] |= {
        "rss_before_mib": before,
        "rss_peak_mib": procs.resident_mib(*pids, peak=True),
        "rss_of_one_mib": max(procs.resident_mib(pid, peak=True) for pid in pids),
    }
    connection = load.connect(service.url)
    connection.request("DELETE", f"/files/{file_id}/", headers=service.get("/").headers)
    connection.getresponse().read()


@contextmanager
def _timed(bench: Bench, programs: Programs, name: str) -> Iterator[list[float]]:
    """Take the moments at which an upload was answered and, where they come apart, was safe on the disk."""
    times: list[float] = []
    began = time.monotonic()
    with programs.spending() as spent:
        yield times
    size = bench.size.upload_bytes
    figures = {
        "mb_per_s": size / 1e6 / (times[0] - began),
        "synced_mb_per_s": size / 1e6 / (times[-1] - began),
        "cpu_s_per_gib": spent["web_cpu_ms"] / 1000 / size * 1024 * MIB,
    }
    bench.add(name, figures)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _stream(request: load.Request, method: str, size: int, *, is_form: bool = False) -> bytes:
    """Send so many bytes in pieces of 1 MiB; return the answer's body."""
    head, tail = (samples.multipart_start("large.bin"), samples.multipart_end()) if is_form else (b"", b"")
    piece, where = os.urandom(MIB), urlsplit(request.url)
    connection = load.connect(request.url)
    connection.putrequest(method, f"{where.path}?{where.query}")
    headers = request.headers | {"Content-Length": str(len(head) + size + len(tail))}
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(head or None)
    for _ in range(size // MIB):
        connection.send(piece)
    connection.send(tail)
    response = connection.getresponse()
    body = response.read()
    if response.status != http.client.CREATED:
        raise load.LoadFailed(f"{response.status}: {body[:500]!r}")
    return body
