"""What people do in a preview: sort, fold, turn to another pane, look closer, play."""

import io
import json
import math
import struct
import wave
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import expect

ACCESSIBILITY = (Path(__file__).parent / "accessibility.js").read_text()


def _sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(n / 9))) for n in range(8000 * 20)))
    return out.getvalue()


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1600, 900), "teal").save(out, "PNG")
    return out.getvalue()


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("src/mill/grind.py", b"x" * 2000)
        archive.writestr("long" * 100, b"x")
    return out.getvalue()


FILES = {
    "grain.csv": b"id,what,weight,with a long name\n2,rye,10.5,x\n10,,9,x\n1,oat,,x\n",
    "mill.json": json.dumps({"mill": {"stones": [1, 2], "open": True}}).encode(),
    "mill.md": b"# Mill\n\nIt *grinds* [here](https://elsewhere.example/).\n",
    "tone.wav": _sound(),
    "teal.png": _picture(),
    "mill.zip": _archive(),
    "letter.eml": b"From: a@example.org\r\nTo: b@example.org\r\nSubject: Grain\r\n\r\nOn its way.\r\n",
    "cut.png": _picture()[:60],
}


@pytest.fixture(scope="module")
def sent(service) -> dict[str, str]:
    """Send the files, wait until all are done, and return the address of each one's page."""
    found = {}
    with httpx.Client(base_url=service, timeout=60) as client:
        for name, content in FILES.items():
            kind = {"Content-Type": "application/octet-stream"}
            found[name] = client.post("/upload/", params={"name": name}, content=content, headers=kind).json()["id"]
        for file_id in found.values():
            while client.get(f"/files/{file_id}/?wait=30").json()["status"] in {"queued", "processing"}:
                pass
    return {name: f"/app/files/{file_id}/" for name, file_id in found.items()}


def column(page, number: int) -> list[str]:
    return page.locator(f"#panes .grid tbody tr td:nth-child({number})").all_inner_texts()


def test_a_grid_sorts_by_numbers_and_words_with_empty_cells_last(open_page, sent):
    page = open_page(sent["grain.csv"])
    page.get_by_role("button", name="id", exact=True).click()
    assert column(page, 1) == ["1", "2", "10"]
    expect(page.get_by_role("columnheader", name="id", exact=True)).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="id", exact=True).press("Enter")
    assert column(page, 1) == ["10", "2", "1"]
    page.get_by_role("button", name="weight").click()
    assert column(page, 3) == ["9.0", "10.5", ""]
    page.get_by_role("button", name="weight").click()
    assert column(page, 3) == ["10.5", "9.0", ""]


def test_what_was_sorted_and_folded_stays_while_the_page_keeps_itself_fresh(open_page, sent):
    page = open_page(sent["grain.csv"])
    page.get_by_role("button", name="id", exact=True).click()
    page.get_by_role("tab", name="Text").click()
    with page.expect_response(lambda response: "/live/" in response.url) as answer:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    answer.value.finished()
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.get_by_role("tab", name="Text")).to_have_attribute("aria-selected", "true")
    assert page.locator("#panes .grid tbody tr td:first-child").all_text_contents() == ["1", "2", "10"]


def test_panes_are_tabs_by_keyboard(open_page, sent):
    page = open_page(sent["mill.md"])
    page.get_by_role("tab", name="Reading").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Source")).to_be_focused()
    expect(page.get_by_role("tabpanel", name="Source").locator("pre.code")).to_be_visible()
    expect(page.locator(".prose")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".prose em")).to_be_visible()


def test_without_a_script_all_panes_are_there_and_trees_fold(open_page, sent):
    page = open_page(sent["mill.json"], java_script_enabled=False)
    expect(page.get_by_role("heading", name="Tree")).to_be_visible()
    expect(page.get_by_role("heading", name="Source")).to_be_visible()
    stones = page.locator("summary", has_text='"stones"')
    below = page.locator("summary:has-text('\"stones\"') + ul")
    expect(below).to_be_visible()
    stones.press("Enter")
    expect(below).to_be_hidden()


def test_a_picture_is_looked_at_closely_by_keyboard(open_page, sent):
    page = open_page(sent["teal.png"])
    page.get_by_role("link", name="Preview of teal.png").press("Enter")
    told = page.locator(".zoom output")
    expect(told).to_have_text("72%")  # the window is narrower than the picture
    page.keyboard.press("+")
    expect(told).to_have_text("107%")
    expect(page.locator(".zoom img")).to_have_js_property("naturalWidth", 1600)
    page.keyboard.press("0")
    expect(told).to_have_text("72%")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Preview of teal.png")).to_be_focused()


def test_a_recording_plays_and_seeks_by_ranges(open_page, sent):
    page = open_page(sent["tone.wav"])
    ranges = []
    page.on("request", lambda request: ranges.append(request.headers.get("range")))
    box = page.locator(".waveform").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + 20)
    reached = page.evaluate(
        """() => new Promise(done => { const player = document.getElementById("player");
        player.addEventListener("timeupdate", () => player.currentTime > 17.5 && done(true)); })"""
    )
    assert reached
    assert page.evaluate("document.getElementById('player').duration") == 20
    assert any(ranges)
    page.evaluate("document.getElementById('player').pause()")


def test_one_processor_runs_again_from_the_page(open_page, sent):
    page = open_page(sent["cut.png"])
    expect(page.locator("#error .advice")).to_be_visible()
    page.get_by_role("button", name="Run again: Picture").click()
    expect(page.get_by_text("Picture: it runs again.")).to_be_visible()


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 700}}])
def test_every_kind_of_preview_fits_and_is_accessible(open_page, sent, options):
    page = open_page("/", **options)
    for name, address in sent.items():
        page.goto(address)
        expect(page.locator("#preview")).to_be_visible()
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) == 0, name
        assert page.evaluate(ACCESSIBILITY) == [], name
