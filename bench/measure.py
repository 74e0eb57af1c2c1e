"""The measurements of one configuration; each gives rounds of named figures."""

import http.client
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles

import load
import orjson
import procs
import samples
from service import Service

Figures = dict[str, float]
Rounds = list[Figures]

MIB = 1024 * 1024
_PROGRAMS = ("web", "worker", "database", "broker")
_UNDER_WAY = "status IN ('queued', 'processing')"
_POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Size:
    """How long and how much to measure."""

    rounds: int
    seconds: float  #: of one round of load
    backlog: int  #: files
    singles: int  #: files whose latency is taken
    rows: int  #: of the long list
    upload_bytes: int  #: of the large upload
    patience_seconds: float  #: for a backlog


FULL = Size(3, 3.0, 1000, 40, 100_000, 1024 * MIB, 75.0)
QUICK = Size(1, 1.0, 60, 6, 5_000, 64 * MIB, 30.0)


class Bench:
    """Measures one running service."""

    def __init__(self, service: Service, size: Size, say: Callable[[str], None]) -> None:
        self.service = service
        self.size = size
        self.say = say
        self.results: dict[str, Rounds] = {}

    def run(self) -> dict[str, Rounds]:
        """Measure everything; the order keeps the queue empty wherever it has to be."""
        self._reads()
        self._backlog("mix", _mixed)
        self._backlog("text", _texts)
        self._uploads("upload_draining")
        self._uploads("upload_idle")
        self._large_uploads()
        self._long_list()
        return self.results

    def _reads(self) -> None:
        """GET on a list of 100 files, on one of them, and on two contents."""
        names = {"30k": os.urandom(30 * 1024), "1m": os.urandom(MIB)}
        ids = {name: self._upload(f"content-{name}.bin", content) for name, content in names.items()}
        self.service.fill(100)
        files = f"{self.service.url}/files/"
        newest = orjson.loads(load.ask(load.connect(files), f"{files}?page_size=1&processed=true"))["results"][0]["id"]
        self._interleaved(
            {
                "list_100": files,
                "detail": f"{files}{newest}/",
                "content_30k": f"{files}{ids['30k']}/content/",
                "content_1m": f"{files}{ids['1m']}/content/",
            }
        )

    def _long_list(self) -> None:
        """GET the first page of a long list, and one far down."""
        self.service.fill(self.size.rows)
        files = f"{self.service.url}/files/"
        self._interleaved({"list_long": files, "list_long_deep": self._far_down(files)})

    def _far_down(self, files: str) -> str:
        moment = self.service.database.ask(
            f"SELECT uploaded_at FROM files_file ORDER BY uploaded_at LIMIT 1 OFFSET {self.size.rows // 10}"
        )[0][0]
        before = str(moment).replace(" ", "T").removesuffix("+00:00")
        page = orjson.loads(load.ask(load.connect(files), f"{files}?page_size=1&uploaded_at_before={before}Z"))
        following: str = page["next"].replace("page_size=1&", "")
        return following

    def _uploads(self, name: str) -> None:
        """POST 4 KiB forms, with a worker that has more to do than it can, or with none."""
        form = samples.multipart("bench.txt", samples.text(0))
        url = f"{self.service.url}/upload/"
        if name == "upload_idle":
            self._interleaved({name: url}, form)
            return
        load.send_all(url, [(f"ahead-{seed}.txt", samples.text(seed)) for seed in range(50)])
        with self.service.worker():
            self._await(f"SELECT COUNT(*) FROM files_file WHERE name LIKE 'ahead-%' AND NOT {_UNDER_WAY}", above=0)
            self._interleaved({name: url}, form)
        self._drop_queue()

    def _interleaved(self, addresses: dict[str, str], form: bytes | None = None) -> None:
        for name, url in addresses.items():
            load.run(url, 1, form)
            self.results[name] = []
        for _ in range(self.size.rounds):
            for name, url in addresses.items():
                with self._spending() as spent:
                    outcome = load.run(url, self.size.seconds, form)
                figures = {"rps": outcome.rps, "p50_ms": outcome.p50_ms, "p99_ms": outcome.p99_ms}
                self.results[name].append(figures | {key: value / outcome.requests for key, value in spent.items()})
        for name in addresses:
            self.say(f"{name}: " + ", ".join(f"{each['rps']:.0f} RPS" for each in self.results[name]))

    def _large_uploads(self) -> None:
        """Send one large file, in a form and raw."""
        for _ in range(2):
            for name in ("large_form", "large_raw"):
                self.results.setdefault(name, []).append(self._large_upload(is_form=name == "large_form"))
        self.say(f"large_form: {self.results['large_form'][-1]['mb_per_s']:.0f} MB/s")

    def _large_upload(self, *, is_form: bool) -> Figures:
        pids = self.service.pids("web")
        before = procs.resident_mib(*pids)
        procs.forget_peak(*pids)
        began = time.monotonic()
        with self._spending() as spent:
            file_id = self._stream(is_form=is_form)
        seconds = time.monotonic() - began
        peak = procs.resident_mib(*pids, peak=True)
        self._delete(file_id)
        return {
            "mb_per_s": self.size.upload_bytes / 1e6 / seconds,
            "seconds": seconds,
            "cpu_s_per_gib": spent["web_cpu_ms"] / 1000 / self.size.upload_bytes * 1024 * MIB,
            "rss_before_mib": before,
            "rss_peak_mib": peak,
        }

    def _stream(self, *, is_form: bool) -> str:
        head, tail = (samples.multipart_start("large.bin"), samples.multipart_end()) if is_form else (b"", b"")
        content_type = f"multipart/form-data; boundary={samples.BOUNDARY}" if is_form else "application/octet-stream"
        piece = os.urandom(MIB)
        connection = load.connect(self.service.url)
        connection.putrequest("POST", "/upload/" if is_form else "/upload/?name=large.bin")
        connection.putheader("Content-Type", content_type)
        connection.putheader("Content-Length", str(len(head) + self.size.upload_bytes + len(tail)))
        connection.endheaders(head or None)
        for _ in range(self.size.upload_bytes // MIB):
            connection.send(piece)
        connection.send(tail)
        return _created(connection)

    def _backlog(self, name: str, make: Callable[[int], list[tuple[str, bytes]]]) -> None:
        """Process files that all wait when the worker starts, then single files one after the other."""
        load.send_all(f"{self.service.url}/upload/", make(self.size.backlog))
        with self.service.worker():
            database = self.service.database
            self._await(f"SELECT COUNT(*) FROM files_file WHERE name LIKE '{name}-%' AND NOT {_UNDER_WAY}", above=0)
            writes, done = self._writes(), self._done(name)
            with self._spending() as spent:
                self._await(f"SELECT COUNT(*) FROM files_file WHERE {_UNDER_WAY}", above=None)
                spent["files"] = self._done(name) - done
            files = max(spent.pop("files"), 1)
            ends = database.ask(
                f"SELECT MAX({database.seconds('j.finished_at')}), MIN({database.seconds('j.started_at')}) "
                "FROM processing_job j JOIN files_file f ON f.id = j.file_id "
                f"WHERE f.name LIKE '{name}-%' AND f.processed GROUP BY f.id ORDER BY 1"
            )
            costs = {key: value / files for key, value in spent.items()}
            written = {key: (value - writes[key]) / files for key, value in self._writes().items()}
            self.results[f"backlog_{name}"] = [{"files_per_s": rate} | costs | written for rate in _rates(ends)]
            self.say(f"backlog_{name}: {len(ends)} files, " + ", ".join(f"{rate:.1f}/s" for rate in _rates(ends)))
            if name == "mix":
                self._singles()
        self._drop_queue()

    def _singles(self) -> None:
        for name, make in (("text", samples.text), ("jpeg", samples.jpeg)):
            times = [self._single(f"single.{name}", make(seed)) for seed in range(self.size.singles)]
            cuts = quantiles(times, n=20)
            self.results[f"latency_{name}"] = [{"p50_ms": cuts[9] * 1000, "p95_ms": cuts[18] * 1000}]
            self.say(f"latency_{name}: p50 {cuts[9] * 1000:.0f} ms, p95 {cuts[18] * 1000:.0f} ms")

    def _single(self, name: str, content: bytes) -> float:
        """Return the seconds from the answer 201 until the database says that the file is processed."""
        self._upload(name, content)
        answered = time.monotonic()
        self._await(f"SELECT COUNT(*) FROM files_file WHERE {_UNDER_WAY}", above=None, pause=_POLL_SECONDS)
        took = time.monotonic() - answered
        time.sleep(0.05)
        return took

    @contextmanager
    def _spending(self) -> Iterator[Figures]:
        """Take the CPU milliseconds that each part of the service spends inside the block."""
        spent: Figures = {}
        before = self._cpu()
        yield spent
        after = self._cpu()
        spent |= {f"{part}_cpu_ms": (after[part] - before[part]) * 1000 for part in after if part in before}

    def _cpu(self) -> Figures:
        cpu = {part: procs.cpu_seconds(*self.service.pids(part)) for part in _PROGRAMS if self.service.pids(part)}
        if "worker" in cpu:
            worker, *sandbox = self.service.pids("worker")
            cpu |= {"worker": procs.cpu_seconds(worker), "sandbox": procs.cpu_seconds(*sandbox)}
        return cpu

    def _writes(self) -> Figures:
        """Return what the database has logged so far, where it can be asked."""
        database = self.service.database
        return {"wal_bytes": database.number("SELECT pg_current_wal_lsn() - '0/0'")} if database.is_postgres else {}

    def _done(self, name: str) -> float:
        return self.service.database.number(
            f"SELECT COUNT(*) FROM files_file WHERE name LIKE '{name}-%' AND NOT {_UNDER_WAY}"
        )

    def _await(self, statement: str, *, above: float | None, pause: float = 0.05) -> None:
        """Wait until a count is above a number, or 0 where none is given; give up when patience ends."""
        until = time.monotonic() + self.size.patience_seconds
        while time.monotonic() < until:
            count = self.service.database.number(statement)
            if (count == 0) if above is None else (count > above):
                return
            time.sleep(pause)
        self.say(f"patience ended: {statement}")

    def _drop_queue(self) -> None:
        """Cancel what no worker will get to, without the rules of the service: nobody is there to mind."""
        end = "state = 'cancelled', token = NULL, lease_until = NULL"
        self.service.database.ask(f"UPDATE processing_job SET {end} WHERE state IN ('queued', 'running')")
        self.service.database.ask(f"UPDATE files_file SET status = 'cancelled' WHERE {_UNDER_WAY}")

    def _upload(self, name: str, content: bytes) -> str:
        url = f"{self.service.url}/upload/"
        file_id: str = orjson.loads(load.ask(load.connect(url), url, samples.multipart(name, content)))["id"]
        return file_id

    def _delete(self, file_id: str) -> None:
        connection = load.connect(self.service.url)
        connection.request("DELETE", f"/files/{file_id}/")
        connection.getresponse().read()


def _created(connection: http.client.HTTPConnection) -> str:
    response = connection.getresponse()
    body = response.read()
    if response.status != http.client.CREATED:
        raise load.LoadFailed(f"{response.status}: {body[:500]!r}")
    file_id: str = orjson.loads(body)["id"]
    return file_id


def _rates(ends: list[tuple[float, float]]) -> list[float]:
    """Return files per second in each quarter of a backlog, by when the files were done."""
    times = [float(end) for end, _ in ends]
    times.insert(0, min(float(start) for _, start in ends))
    step = (len(times) - 1) // 4
    quarters = [(times[number * step], times[(number + 1) * step]) for number in range(4)]
    return [step / (end - start) for start, end in quarters]


def _mixed(count: int) -> list[tuple[str, bytes]]:
    pictures = [samples.jpeg(seed) for seed in range(10)]
    return [
        (f"mix-{number}.jpg", pictures[number % 10]) if number % 2 else (f"mix-{number}.txt", samples.text(number))
        for number in range(count)
    ]


def _texts(count: int) -> list[tuple[str, bytes]]:
    return [(f"text-{number}.txt", samples.text(number)) for number in range(count)]
