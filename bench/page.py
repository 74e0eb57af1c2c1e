"""How quick the page is in Chromium, whose processor is slowed down four times.

.venv/bin/python bench/page.py [PART]     first_load, thumbnail, scroll or drop; else all
"""

import io
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import load
import machine
import procs
import samples
import service
from measure import spread
from PIL import Image
from programs import Figures

SLOWER = 4
_FILES_AT_FIRST, _DROPPED, _DROPPED_BYTES = 50, 10_000, 1024
_ROWS, _SCROLLED_TO = 1_000_000, 5000
_PHOTO = (4000, 3000)
_PATIENCE_SECONDS = 900
_SECONDS_BETWEEN_KEYS = 0.25
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

# Usable: the script has taken over, what it does is in place, and the rows are painted.
_TAKEN_OVER = "() => document.documentElement?.classList.contains('script')"
_USABLE = "() => document.documentElement?.classList.contains('script') && !!document.querySelector('.row[id]')"
_PAINTED = "new Promise(done => requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"
_KEYS = """
window.slowest = 0;
new PerformanceObserver((list) => {
  for (const { name, duration } of list.getEntries())
    if (name === "keydown") window.slowest = Math.max(window.slowest, duration);
}).observe({ type: "event", durationThreshold: 16 });
"""
# How long each page of rows took, from asking for it until it was painted; then on to the end of what is there.
_PAGES = """
window.pages = [];
let asked = [];
const ask = window.fetch;
window.fetch = (address, ...rest) => {
  if (String(address?.url ?? address).includes("cursor=")) asked.push(performance.now());
  return ask(address, ...rest);
};
document.addEventListener("rows", () => {
  const begun = asked.shift();
  if (begun !== undefined)
    requestAnimationFrame(() => setTimeout(() => {
      window.pages.push(performance.now() - begun);
      scrollTo(0, document.documentElement.scrollHeight);
    }));
});
"""
_LOADED = "(count) => document.querySelectorAll('.row[id]').length >= count"
_SHOWN = """
(name) => {
  const row = [...document.querySelectorAll(".row[id]")].find((row) => row.querySelector(".name")?.title === name);
  const picture = row?.querySelector(".thumb img");
  if (!picture?.complete || !picture.naturalWidth) return false;
  const sent = performance.getEntriesByType("resource").filter((entry) => entry.name.includes("/upload/"));
  return performance.now() - Math.max(...sent.map((entry) => entry.responseEnd));
}
"""


def measure(rounds: int) -> dict[str, Any]:
    """Measure all, the embedded configuration behind the page."""
    found = {"date": machine.date(), "speed_ms": machine.speed_ms(), "load": machine.load_average(), "slower": SLOWER}
    return {**found, **{name: part(rounds) for name, part in PARTS.items()}}


def first_load(rounds: int) -> dict[str, Any]:
    """Open the list of 50 files, half of them photographs, with nothing in the browser's cache."""
    found: list[Figures] = []
    with service.embedded() as running, _chromium() as browser:
        with running.worker():
            for name, content in samples.mixed(_FILES_AT_FIRST):  # one by one: every second row in view is a photograph
                load.ask_all([running.form(name, content)])
            _await(lambda: not running.waiting())
        for _ in range(rounds):
            with _page(browser) as (page, line):
                sizes: list[float] = []
                line.send("Network.enable")
                line.on("Network.loadingFinished", lambda event, into=sizes: into.append(event["encodedDataLength"]))
                page.goto(running.url, wait_until="commit")
                page.wait_for_function(_USABLE, polling=5)
                usable = page.evaluate(_PAINTED)
                page.wait_for_load_state("networkidle")
                found.append({"kilobytes": sum(sizes) / 1000, "usable_ms": usable})
    return _spreads(found)


def thumbnail(rounds: int) -> dict[str, Any]:
    """Send photographs of 2 MB one after the other: from the answer to the thumbnail on the screen."""
    taken: list[float] = []
    with service.embedded() as running, _chromium() as browser, _page(browser) as (page, _), running.worker():
        page.goto(running.url)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(5 * rounds + 1):
                path = Path(folder) / f"photo-{number}.jpg"
                path.write_bytes(_photo(number))
                page.set_input_files("#file", path)
                shown = page.wait_for_function(_SHOWN, arg=path.name, polling="raf", timeout=60_000)
                taken.append(float(shown.json_value()))
    return {"p50_ms": spread([median(taken[1:])]), "slowest_ms": spread([max(taken[1:])])}


def drop(_rounds: int) -> dict[str, Any]:
    """Drop a folder of 10,000 files, and press a key four times a second until all have arrived."""
    with service.embedded() as running, _chromium() as browser, _page(browser) as (page, line):
        page.add_init_script(_KEYS)
        page.goto(running.url)
        page.wait_for_function(_TAKEN_OVER)
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            dropped = {"items": [], "files": [str(_small_files(Path(folder)))], "dragOperationsMask": 1}
            for event in ("dragEnter", "dragOver", "drop"):
                line.send("Input.dispatchDragEvent", {"type": event, "x": 300, "y": 300, "data": dropped})
            while running.database.number("SELECT COUNT(*) FROM files_file") < _DROPPED:
                page.keyboard.press("F8")
                page.wait_for_timeout(1000 * _SECONDS_BETWEEN_KEYS)
                if time.monotonic() - began > _PATIENCE_SECONDS:
                    break
            seconds = time.monotonic() - began
            arrived = running.database.number("SELECT COUNT(*) FROM files_file")
        page.wait_for_timeout(1000)
        pid = _renderer(browser)
        found = {
            "arrived": arrived,
            "files_per_s": arrived / seconds,
            "slowest_key_ms": max(16, page.evaluate("window.slowest")),
            "peak_mib": procs.resident_mib(pid, peak=True),
        }
    return _spreads([found])


def scroll(_rounds: int) -> dict[str, Any]:
    """Scroll a list of 1,000,000 files down to row 5,000."""
    with service.embedded() as running, _chromium() as browser, _page(browser) as (page, _):
        running.fill(_ROWS)
        page.add_init_script(_PAGES)
        page.goto(running.url)
        page.wait_for_function(_USABLE)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_function(_LOADED, arg=_SCROLLED_TO, polling=500)
        taken = sorted(page.evaluate("window.pages"))
    return _spreads([{"pages": len(taken), "p50_ms": median(taken), "slowest_ms": taken[-1]}])


PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "first_load": first_load,
    "thumbnail": thumbnail,
    "drop": drop,
    "scroll": scroll,
}


@contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        yield browser
        browser.close()


@contextmanager
def _page(browser: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401  # Playwright is no dependency of the type check
    """Open a page with a cache of its own, slowed down, and a line to its protocol."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(1000 * _PATIENCE_SECONDS)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page, line
    context.close()


def _renderer(browser: Any) -> int:  # noqa: ANN401
    """Return the process that draws the page: of all of them the largest."""
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return max((each["id"] for each in told if each["type"] == "renderer"), key=procs.resident_mib)


def _photo(seed: int) -> bytes:
    """Return a JPEG of 12 megapixels and about 2 MB."""
    coarse = Image.frombytes("RGB", (800, 600), random.Random(seed).randbytes(800 * 600 * 3))
    out = io.BytesIO()
    coarse.resize(_PHOTO, Image.Resampling.BICUBIC).save(out, "JPEG", quality=60)
    return out.getvalue()


def _small_files(folder: Path) -> Path:
    pick = random.Random(1)
    for number in range(_DROPPED):
        (folder / f"small-{number}.txt").write_bytes(pick.randbytes(_DROPPED_BYTES // 2).hex().encode())
    return folder


def _await(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > until:
            sys.exit(f"not there after {_PATIENCE_SECONDS} s")
        time.sleep(0.02)


def _spreads(rounds: list[Figures]) -> dict[str, Any]:
    return {name: spread([each[name] for each in rounds]) for name in rounds[0]}


if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](3) if len(sys.argv) > 1 else measure(3), indent=1))
