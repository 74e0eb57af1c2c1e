"""Runs every file of a corpus through a service of its own, and compares what comes back with the corpus's manifest.

.venv/bin/python scripts/corpus.py [FOLDER]     the folder, else $FILEMILL_CORPUS, else ../shared/corpus
.venv/bin/python scripts/corpus.py --stack production [FOLDER]     on PostgreSQL and Redis, which it starts

Ends with status 1 where a file is not as the manifest tells, or its page in Chromium is not as it should be.
"""

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from corpus_pages import Pages, pages
from corpus_truths import Json, wrong_truth

ROOT = Path(__file__).resolve().parent.parent
UNDER_WAY = ("queued", "processing")
BUGS = ("internal", "worker_lost", "server_lost")  # reasons that are our fault, never a file's
PROCESSES, FAILS, HOSTILE = "processes", "must fail cleanly", "hostile"
# Where the manifest asks for more than the bytes hold; shown each time, but not counted.
ACCEPTED = {
    "data/132-n_string_single_string_no_double_quotes.json": "three letters: only the name says JSON",
    "image/135-crash-4fb027452e6988530aa5dabee76eecacb3b79f8a.j2k": "a JP2 file by its bytes, not a bare codestream",
    "image/164-fixture.nef": "128 bytes of a TIFF header, cut off before the maker's name: only the name says NEF",
    "text/128-cp865.txt": "85 bytes with one letter beyond ASCII, which a dozen encodings explain equally well",
    "office/155-testEXCEL_protected_passtika_2.xlsx": "an encrypted package: only its name says what is in it",
    "office/156-protected_upper_case.docx": "an encrypted package: only its name says what is in it",
    "office/170-pass_protected.xlsb": "an encrypted package: only its name says what is in it",
    "text/118-_ude_euc-tw1.txt": "EUC-TW, which Python cannot decode: named and refused, not read as something else",
}
PATIENCE_SECONDS = 180
START_SECONDS = 120
GOOD = b"The next good file works.\n"


def main() -> int:
    """Run the corpus; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", default=os.environ.get("FILEMILL_CORPUS"))
    parser.add_argument("--stack", choices=["embedded", "production"], default="embedded")
    options = parser.parse_args()
    given = options.folder
    folder = Path(given) if given else ROOT.parent / "shared" / "corpus"
    if not (folder / "manifest.jsonl").exists():
        print(f"There is no corpus (no manifest.jsonl in {folder}); nothing was tried.")
        return 1 if given else 0
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # so that the service is ended, too
    entries = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    with (
        tempfile.TemporaryDirectory(prefix="filemill-corpus-") as home,
        servers(options.stack) as urls,
        served(Path(home), urls) as service,
        pages(f"http://127.0.0.1:{service.port}") as browser,
    ):
        verdicts = [examine(service, browser, folder, entry) for entry in entries]
        leftovers = service.leftovers()
    return report(verdicts, leftovers)


class Service:
    """A running `filemill serve`, as its clients see it, and the folder behind it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, home: Path) -> None:
        self.process = process
        self.port = port
        self.home = home
        self.workers: set[int] = set()

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Send a request and return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {} if body is None else {"Content-Type": "application/octet-stream"}
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer

    def process_file(self, name: str, content: bytes) -> tuple[int, Json]:
        """Upload a file and wait until its processing is over; return the upload's status, and the file or problem."""
        status, body = self.ask("POST", f"/upload/?name={urllib.parse.quote(name)}", content)
        answer: Json = json.loads(body)
        until = time.monotonic() + PATIENCE_SECONDS
        while status == http.client.CREATED and answer["status"] in UNDER_WAY and time.monotonic() < until:
            answer = json.loads(self.ask("GET", f"/files/{answer['id']}/?wait=10")[1])
        self.workers |= self.living_workers()
        return status, answer

    def living_workers(self) -> set[int]:
        """Return the process ids of the supervisor's workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return {int(child) for child in children if "worker" in Path(f"/proc/{child}/comm").read_text()}

    def leftovers(self) -> list[str]:
        """Return what should not be there when all files are done."""
        found = [str(path) for folder in ("work", "files/incoming") for path in (self.home / folder).glob("*")]
        if len(self.workers) != 1:
            found.append(f"the worker should have been one and the same all along; {len(self.workers)} were seen")
        if "is started again" in (self.home / "log").read_text(errors="replace"):
            found.append("a service ended and was started again")
        return found


@contextmanager
def servers(stack: str) -> Iterator[dict[str, str]]:
    """Start what a stack needs, and yield what a service's environment says of it."""
    if stack == "embedded":
        yield {}
        return
    sys.path.insert(0, str(ROOT / "tests"))
    import services

    with services.postgres() as database, services.redis() as broker:
        yield {"DATABASE_URL": database.url, "CELERY_BROKER_URL": broker.url}


@contextmanager
def served(home: Path, urls: dict[str, str]) -> Iterator[Service]:
    """Start a service with its data in a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ours = ("FILEMILL_", "DATABASE_", "CELERY_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"FILEMILL_DATA_DIR": str(home), "FILEMILL_PORT": str(port), **urls}
    command = [Path(sys.executable).with_name("filemill"), "serve"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        await_ready(home / "log")
        yield Service(process, port, home)
    finally:
        process.terminate()
        process.wait()


def await_ready(log: Path) -> None:
    """Return once the service says that it is ready."""
    until = time.monotonic() + START_SECONDS
    while "is ready" not in log.read_text(errors="replace"):
        if time.monotonic() > until:
            sys.exit(f"Filemill does not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.1)


@dataclass
class Verdict:
    """What came of one file."""

    path: str
    kind: str
    expectation: str
    outcome: str = ""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether the file is none of the accepted ones."""
        return self.path not in ACCEPTED


def examine(service: Service, browser: Pages, folder: Path, entry: Json) -> Verdict:
    """Send one file and judge what became of it."""
    verdict = Verdict(entry["path"], entry["kind"], entry["expectation"])
    path = folder / entry["path"]
    began = time.monotonic()
    status, file = service.process_file(path.name, path.read_bytes())
    verdict.seconds = time.monotonic() - began
    if status != http.client.CREATED:
        verdict.outcome = f"refused {status}"
        verdict.faults = [] if entry["expectation"] == HOSTILE else [f"refused: {file.get('detail')}"]
    else:
        verdict.outcome = file["status"]
        verdict.faults = [
            *wrong_type(entry, file),
            *wrong_end(entry, file),
            *wrong_truth(service.ask, path, entry, file),
            *browser.wrong(file),
        ]
    if entry["expectation"] == HOSTILE:
        _status, good = service.process_file("good.txt", GOOD)
        verdict.faults += [] if good.get("processed") else [f"the next good file ended {good.get('status')}"]
    return verdict


def wrong_type(entry: Json, file: Json) -> list[str]:
    """Say where the detected media type is another than the manifest's."""
    found = (file["media_type"] or "none").partition(";")[0]
    return [] if found == entry["media_type"] else [f"type {found}, not {entry['media_type']}"]


def wrong_end(entry: Json, file: Json) -> list[str]:
    """Say where the file did not end as it should have."""
    error = file["error"] or {}
    if file["status"] in UNDER_WAY:
        return [f"still {file['status']} after {PATIENCE_SECONDS} s"]
    if error.get("code") in BUGS:
        return [f"failed by our fault: {error['code']}: {error['detail']}"]
    if file["status"] == "failed" and not (error.get("title") and error.get("detail")):
        return ["failed without a sentence"]
    if entry["expectation"] == PROCESSES and not file["processed"]:
        return [f"failed: {error.get('code')}: {error.get('detail')}"]
    return []


def report(verdicts: list[Verdict], leftovers: list[str]) -> int:
    """Print a table by kind and every deviation; return the exit status."""
    print(f"{'kind':10} {'expectation':18} {'files':>5} {'as told':>8} {'deviate':>8}   outcomes")
    groups = sorted({(not each.counts, each.kind, each.expectation) for each in verdicts})
    for _, kind, expectation in groups:
        group = [each for each in verdicts if (each.kind, each.expectation) == (kind, expectation)]
        bad = sum(bool(each.faults) for each in group)
        outcomes = ", ".join(f"{count} {name}" for name, count in Counter(each.outcome for each in group).most_common())
        print(f"{kind:10} {expectation:18} {len(group):5} {len(group) - bad:8} {bad:8}   {outcomes}")
    for each in sorted(verdicts, key=lambda each: (not each.counts, each.kind, each.path)):
        if each.faults:
            label = "DEVIATES" if each.counts else "reported"
            print(f"{label}  {each.path} ({each.expectation}, {each.seconds:.1f} s): {'; '.join(each.faults)}")
            if each.path in ACCEPTED:
                print(f"          accepted: {ACCEPTED[each.path]}")
    for leftover in leftovers:
        print(f"DEVIATES  {leftover}")
    failed = sum(bool(each.faults) and each.counts for each in verdicts) + len(leftovers)
    print(f"{len(verdicts)} files, {failed} deviations.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
