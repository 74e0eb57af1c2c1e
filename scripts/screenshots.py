"""Draws every page of a service of its own, in both themes, wide and narrow, into docs/screenshots.

PYTHONPATH=tests .venv/bin/python scripts/screenshots.py [FOLDER]
"""

import io
import math
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import uuid
import wave
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import sync_playwright
from processors import pdfs
from services.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
THEMES = ("light", "dark")
WIDTHS = {"wide": (1280, 820), "narrow": (390, 844)}
PATIENCE_SECONDS = 120
QUALITY = 82
PASSWORD = "twelve sacks of rye"  # of a service that lasts as long as this script

NOTES = """# The mill at the ford

Flour is ground on **Tuesdays** and *Fridays*. Bring your own sacks.

| grain | sacks | price |
| --- | --- | --- |
| rye | 12 | 4.20 |
| oats | 7 | 3.10 |

1. Weigh the grain
2. Grind it
3. Weigh the flour
"""
MAIL = (
    b"From: Anna <anna@example.org>\r\nTo: Boris <boris@example.org>\r\nSubject: Flour for Friday\r\n"
    b"Date: Fri, 20 Nov 2026 09:30:00 +0000\r\n\r\nThe mill runs again.\r\nTwelve sacks of rye are ready.\r\n"
)


def main() -> None:
    """Start a service, send it a file of each kind, and draw; then a closed one, for the pages about who one is."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshots"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        with _service() as (address, _):
            ids = _send(address)
            pages = {"library": "/", "grid": "/?view=grid", "activity": "/app/activity/", "open": "/app/account/"}
            pages |= {name.partition(".")[0]: f"/app/files/{ids[name]}/" for name in OPENED}
            pages["missing"] = f"/app/files/{uuid.uuid4()}/"
            _draw(browser, address, pages, folder)
        with _service(FILEMILL_ACCESS="token") as (address, manage):
            manage("csu")
            pages_of_nobody = {"sign-in": "/app/sign-in/"}
            _draw(browser, address, pages_of_nobody, folder)
            pages_of_one = {"account": "/app/account/", "sign-out": "/app/sign-out/"}
            _draw(browser, address, pages_of_one, folder, storage_state=_sign_in(browser, address))
        browser.close()
    count = len(pages) + len(pages_of_nobody) + len(pages_of_one)
    print(f"{count} pages, {len(THEMES)} themes, {len(WIDTHS)} widths: {folder}")


def _draw(browser: Any, address: str, pages: dict[str, str], folder: Path, **state: Any) -> None:  # noqa: ANN401
    for theme in THEMES:
        for width, (across, down) in WIDTHS.items():
            size = {"width": across, "height": down}
            context = browser.new_context(base_url=address, color_scheme=theme, viewport=size, **state)
            for name, path in pages.items():
                page = context.new_page()
                page.goto(path, wait_until="networkidle")
                _keep(page.screenshot(), folder / f"{name}-{theme}-{width}.webp")
                page.close()
            context.close()


def _sign_in(browser: Any, address: str) -> Any:  # noqa: ANN401
    """Sign the administrator in, make a token; return what a browser keeps of that."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/app/sign-in/?next=/app/account/")
    page.get_by_label("Name", exact=True).fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("What it is for").fill("the mill's own scripts")
    page.get_by_role("button", name="Make a token").click()
    page.locator("#secret").wait_for()
    state = context.storage_state()
    context.close()
    return state


@contextmanager
def _service(**chosen: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Run a service; yield its address, and what runs a command of Django on it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        program = str(Path(sys.executable).with_name("filemill"))
        environment = {"PATH": "/usr/bin:/bin", "FILEMILL_DATA_DIR": data, "FILEMILL_PORT": str(port), **chosen}
        environment["FILEMILL_ADMIN_PASSWORD"] = PASSWORD
        silent: Any = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = subprocess.Popen([program, "serve"], **silent)
        address = f"http://127.0.0.1:{port}"
        try:
            _await(lambda: _is_ready(address))
            yield address, lambda *command: subprocess.run([program, "manage", *command], check=True, **silent)
        finally:
            running.terminate()
            running.wait(30)


def _is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").json()["status"] == "ok"
    except (httpx.HTTPError, ValueError):
        return False


def _send(address: str) -> dict[str, str]:
    ids = {}
    for name, content in _samples().items():
        answer = httpx.post(f"{address}/upload/", files={"file": (name, content)}, timeout=60).raise_for_status()
        ids[name] = answer.json()["id"]
    _await(lambda: not any(_has(address, status) for status in ("queued", "processing")))
    return ids


def _has(address: str, status: str) -> bool:
    return bool(httpx.get(f"{address}/files/?status={status}", timeout=60).raise_for_status().json()["results"])


def _await(is_so: Any) -> None:  # noqa: ANN401  # any question
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > until:
            sys.exit("the service did not get there")
        time.sleep(0.2)


def _samples() -> dict[str, bytes]:
    return {
        "broken.pdf": b"%PDF-1.7\nno more came",
        "notes.md": NOTES.encode(),
        "letter.eml": MAIL,
        "sources.zip": _zipped({"mill/README.md": NOTES, "mill/wheel.py": "turns = 12\n", "mill/sacks.csv": _sacks()}),
        "report.pdf": pdfs.pages(),
        "settings.json": b'{"mill": {"stones": 2, "open": true, "grains": ["rye", "oats", "wheat"]}}',
        "bell.wav": _bell(),
        "sacks.csv": _sacks().encode(),
        "evening.jpg": _landscape((1600, 1067), (250, 200, 150), (70, 60, 110)),
        "morning.jpg": _landscape((1600, 1067), (190, 215, 235), (60, 100, 90)),
    }


OPENED = {"morning.jpg", "sacks.csv", "bell.wav", "notes.md", "sources.zip", "broken.pdf", "letter.eml"}


def _sacks() -> str:
    rows = ["month,grain,sacks,price"]
    for n in range(60):
        rows.append(f"2026-{1 + n % 12:02},{('rye', 'oats', 'wheat')[n % 3]},{3 + n * 7 % 20},{4.2 + n % 5 / 10:.2f}")
    return "\n".join(rows) + "\n"


def _zipped(files: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _bell() -> bytes:
    rate, out = 22_050, io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        for at in range(4 * rate):
            moment = at % rate / rate
            level = math.exp(-4 * moment) * math.sin(2 * math.pi * 440 * moment)
            sound.writeframesraw(struct.pack("<h", int(30_000 * level)))
    return out.getvalue()


def _landscape(size: tuple[int, int], sky: tuple[int, int, int], ground: tuple[int, int, int]) -> bytes:
    """Return a JPEG of hills under a sky."""
    across, down = size
    picture = Image.linear_gradient("L").resize(size)
    painted = Image.composite(Image.new("RGB", size, sky), Image.new("RGB", size, (255, 250, 240)), picture)
    pencil = ImageDraw.Draw(painted)
    for depth in range(4):
        shade = tuple(int(low + (high - low) * (3 - depth) / 5) for low, high in zip(ground, sky, strict=True))
        height = down * (0.45 + 0.12 * depth)
        wave_length, shift = 4 + 2 * depth, 2 * depth
        line = [(x, height + down * 0.07 * math.sin(x / across * wave_length + shift)) for x in range(0, across + 8, 8)]
        pencil.polygon([(0, down), *line, (across, down)], fill=shade)
    out = io.BytesIO()
    painted.filter(ImageFilter.GaussianBlur(1)).save(out, "JPEG", quality=85)
    return out.getvalue()


def _keep(drawn: bytes, path: Path) -> None:
    Image.open(io.BytesIO(drawn)).save(path, "WEBP", quality=QUALITY, method=6)


if __name__ == "__main__":
    main()
