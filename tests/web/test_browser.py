"""The pages in a real browser, on a really running service; nothing here may complain in the console."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

HOSTILE = "<img src=x onerror=document.title='taken'> & \"Мельница\".txt"
WORK_WITHIN_MS = 60_000
PHONE = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture
def a_file(tmp_path):
    def make(name="notes.txt", content="hello, mill\n"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return make


@pytest.fixture
def a_picture(tmp_path):
    from PIL import Image

    path = tmp_path / "Жёлтое поле.png"
    Image.new("RGB", (320, 200), "goldenrod").save(path)
    return path


def row_of(page, name):
    return page.locator(".row", has=page.get_by_text(name, exact=True)).first


def send(page, *paths: Path):
    page.locator("#file").set_input_files([str(path) for path in paths])


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_with_a_script_rows_become_processed_by_themselves(open_page, a_file, a_picture):
    page = open_page()
    text = a_file("two at once.txt")
    send(page, text, a_picture)
    for path in (text, a_picture):
        expect(row_of(page, path.name).locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    expect(row_of(page, a_picture.name).locator("img")).to_have_js_property("naturalWidth", 256)
    expect(page.locator("[data-local]:not(template *)")).to_have_count(0)
    row_of(page, text.name).locator("a").click()
    expect(page.locator("h1")).to_have_text(text.name)
    expect(page.locator("pre.text")).to_have_text("hello, mill\n")


def test_a_row_keeps_its_place_in_the_page_from_upload_to_result(open_page, a_file):
    page = open_page()
    path = a_file("the same row.txt")
    send(page, path)
    row = row_of(page, path.name)
    row.evaluate("row => { window.first = row }")
    expect(row.locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    assert row.evaluate("row => row === window.first")


def test_dropped_files_are_sent(open_page):
    page = open_page()
    data = page.evaluate_handle(
        """() => { const data = new DataTransfer();
        data.items.add(new File(["dropped"], "dropped.txt", {type: "text/plain"})); return data; }"""
    )
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    expect(row_of(page, "dropped.txt").locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)


def test_without_a_script_the_form_works_and_the_page_reloads_itself(open_page, a_file):
    page = open_page(java_script_enabled=False)
    path = a_file("no script.txt")
    send(page, path)
    page.get_by_role("button", name="Upload").click()
    expect(row_of(page, path.name).locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    expect(page.get_by_role("button", name="Choose files")).to_be_hidden()


def test_a_hostile_name_is_only_text(open_page, a_file):
    page = open_page()
    send(page, a_file(HOSTILE.replace("/", "_")))
    expect(row_of(page, HOSTILE).locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    row_of(page, HOSTILE).locator("a").click()
    expect(page.locator("h1")).to_have_text(HOSTILE)
    assert page.title() == f"{HOSTILE} · Filemill"
    assert page.locator("img[src=x]").count() == 0


def test_a_failed_file_tells_its_reason_in_words_in_the_row(open_page, tmp_path):
    path = tmp_path / "cut off.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x02\0\0\0")
    page = open_page()
    send(page, path)
    row = row_of(page, path.name)
    expect(row.locator(".word")).to_have_text("Failed", timeout=WORK_WITHIN_MS)
    expect(row.locator(".note")).to_have_text(re.compile(r"\w+ \w+.*\."))


def test_reprocess_and_delete_work_from_the_page(open_page, a_file):
    page = open_page()
    path = a_file("short life.txt")
    send(page, path)
    expect(row_of(page, path.name).locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    row_of(page, path.name).locator("a").click()
    page.get_by_role("button", name="Process again").click()
    expect(page.get_by_role("status")).to_contain_text("All processors run again")
    expect(page.locator("#summary .word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_role("status").first).to_contain_text("Deleted: short life.txt")
    expect(page.get_by_text(path.name, exact=True)).to_have_count(0)


def test_the_page_asks_for_nothing_while_it_is_hidden(open_page):
    page = open_page()
    settle = "fetch('/healthz').then(() => {})"  # what was asked for before it has been seen then
    page.evaluate("() => Object.defineProperty(document, 'hidden', {value: true, configurable: true}) && " + settle)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("() => new Promise(done => setTimeout(done, 500)).then(() => " + settle + ")")
    assert [url for url in asked if "/events/" in url or "/app/list/" in url] == []
    assert any("/healthz" in url for url in asked)
    with page.expect_request("**/events/*"):
        page.evaluate(
            """() => { Object.defineProperty(document, "hidden", {value: false, configurable: true});
            document.dispatchEvent(new Event("visibilitychange")); }"""
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_small_phone(open_page, a_file, scheme):
    page = open_page(color_scheme=scheme, **PHONE)
    path = a_file(f"{'Длинноеимябезпробелов' * 5} {scheme}.txt", "x" * 2000)
    send(page, path)
    expect(row_of(page, path.name).locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    assert overflow(page) == 0
    page.get_by_text("All kinds").first.click()
    assert overflow(page) == 0
    page.keyboard.press("Escape")
    row_of(page, path.name).locator("a").click()
    expect(page.locator("h1")).to_have_text(path.name)
    assert overflow(page) == 0


@pytest.mark.parametrize("path", ["/", "/?name=nothing-is-called-so", "/app/sign-in/", "/app/sign-out/", "file"])
def test_the_basics_of_accessibility_hold(open_page, a_file, path):
    page = open_page("/")
    send(page, a_file("basics.txt"))
    expect(row_of(page, "basics.txt").locator(".word")).to_have_text("Processed", timeout=WORK_WITHIN_MS)
    if path == "file":
        row_of(page, "basics.txt").locator("a").click()
        expect(page.locator("h1")).to_be_visible()
    else:
        page.goto(path)
    assert page.evaluate((Path(__file__).parent / "accessibility.js").read_text()) == []


def test_every_control_is_reached_by_the_keyboard_and_shows_it(open_page):
    page = open_page()
    expected = page.evaluate(
        """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary")]
        .filter(each => each.checkVisibility() && each.tabIndex >= 0 && each.id !== "file").length"""
    )
    reached = set()
    for _ in range(expected):
        page.keyboard.press("Tab")
        where, outline = page.evaluate(
            """() => { const at = document.activeElement; const all = [...document.querySelectorAll("*")];
            const shown = at.closest(".row") ?? at; return [all.indexOf(at), getComputedStyle(shown).outlineStyle]; }"""
        )
        reached.add(where)
        assert outline != "none"
    assert len(reached) == expected


def test_the_admin_lives_with_the_same_content_policy(open_page):
    page = open_page("/admin/login/")
    expect(page.get_by_label("Username:")).to_be_visible()
