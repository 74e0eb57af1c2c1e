"""Every page under axe-core: both themes, wide and on a phone, both languages; and nothing scrolls sideways there."""

import io
import subprocess
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
#: Runs by the debugger's protocol, so the pages' policy stays what it is.
RUN = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
    ({id, help, nodes}) => `${id}: ${help}: ${nodes.map(each => each.html.slice(0, 160)).slice(0, 3).join(" ")}`)"""
WORK_WITHIN_MS = 60_000
OPEN = ["/", "/?name=nothing-is-called-so", "/app/activity/", "/app/account/", "/docs/problems/not_found/", "/nothing/"]
SIGNED_IN = ["/app/account/", "/app/sign-out/"]


@pytest.fixture(scope="session")
def axe():
    program = ROOT / "browser/node_modules/axe-core/axe.min.js"
    if not program.exists():  # what only checks need comes with the check
        subprocess.run([ROOT / "scripts/build-pages", "--check"], check=True, timeout=600)
    return program.read_text()


def faults(page, axe, path):
    """Return what is wrong with a page, each thing with where; the two languages see each theme at the other width."""
    found = []
    page.evaluate(axe)
    themes = ("light", "dark") if page.evaluate("document.documentElement.lang") == "ru" else ("dark", "light")
    for size, scheme in zip((WIDE, PHONE), themes, strict=True):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        if (over := page.evaluate("document.documentElement.scrollWidth - innerWidth")) > 0:
            found.append(f"{path} {size['width']}: {over} px too wide")
        found += [f"{path} {size['width']} {scheme}: {each}" for each in page.evaluate(RUN)]
    return found


def samples():
    from PIL import Image

    picture, packed = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (320, 200), "goldenrod").save(picture, "PNG")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("folder/a.txt", "hello")
    table = "имя,лет,город\n" + "Анна,30,Самара\n" * 30
    return {
        "axe.png": picture.getvalue(),
        "axe.zip": packed.getvalue(),
        "axe.csv": table.encode(),
        "axe.json": b'{"a": [1, 2, {"b": null}]}',
        "axe.md": b"# Title\n\nSome *words* and [a link](https://example.org/).\n",
        "axe cut off.png": picture.getvalue()[:60],
    }


@pytest.fixture(scope="module")
def files(browser, service):
    """Send files of several kinds; return the addresses of their pages."""
    with closing(browser.new_context(base_url=service)) as context:
        page = context.new_page()
        page.goto("/")
        sent = [{"name": name, "mimeType": "", "buffer": content} for name, content in samples().items()]
        page.locator("#file").set_input_files(sent)
        row = page.locator(".row", has_text="axe ").or_(page.locator(".row", has_text="axe."))
        ended = row.locator(".word", has_text="Processed").or_(row.locator(".word", has_text="Failed"))
        expect(ended).to_have_count(len(sent), timeout=WORK_WITHIN_MS)
        return [each.get_attribute("href") for each in row.locator("a[href]").all()]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_axe_finds_nothing_on_any_page(browser, service, files, axe, language):
    found = []
    with closing(browser.new_context(base_url=service, locale=language)) as context:
        page = context.new_page()
        for path in [*OPEN, *files]:
            page.set_viewport_size(WIDE)
            page.goto(path)
            expect(page.locator(f"html[lang={language}].script")).to_have_count(1)
            found += faults(page, axe, path)
    assert found == []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_axe_finds_nothing_for_who_signs_in(browser, closed_service, axe, language):
    address, name, password, _token = closed_service
    with closing(browser.new_context(base_url=address, locale=language)) as context:
        page = context.new_page()
        page.goto("/app/sign-in/")
        found = faults(page, axe, "/app/sign-in/")
        page.locator("#name").fill(name)
        page.locator("#password").fill(password)
        page.locator("main button").click()
        expect(page.locator("#choose")).to_be_visible()
        for path in SIGNED_IN:
            page.goto(path)
            found += faults(page, axe, path)
        page.goto("/app/account/")
        page.locator("#token-name").fill(f"for axe, {language}")
        page.locator("form:has(#token-name) button").click()
        page.locator("details.sure summary").first.click()
        page.locator("details.password summary").click()
        found += faults(page, axe, "a new token")
    assert found == []


def test_the_page_speaks_russian_while_files_are_on_their_way_and_the_choice_of_a_language_stays(browser, service):
    with closing(browser.new_context(base_url=service, locale="ru-RU")) as context:
        page = context.new_page()
        page.goto("/")
        sent = [{"name": f"по-русски {n}.txt", "mimeType": "", "buffer": b"hello, mill"} for n in range(3)]
        page.locator("#file").set_input_files(sent)
        expect(page.locator("#under-way p").first).to_have_text("3 файла получены.")
        row = page.locator(".row", has_text="по-русски 1.txt")
        expect(row.locator(".word")).to_have_text("Обработан", timeout=WORK_WITHIN_MS)
        page.get_by_role("button", name="English").click()
        expect(page.locator("html[lang=en]")).to_have_count(1)
        expect(row.locator(".word")).to_have_text("Processed")


def test_nothing_sticks_out_on_a_phone_while_files_are_on_their_way_in_russian(browser, service):
    with closing(browser.new_context(base_url=service, locale="ru-RU", viewport=PHONE)) as context:
        page = context.new_page()
        page.goto("/")
        page.route("**/upload/**", lambda route: None)  # none ever arrives
        sent = [{"name": f"в пути {n}.bin", "mimeType": "", "buffer": bytes(3_000_000)} for n in range(2)]
        page.locator("#file").set_input_files(sent)
        expect(page.get_by_role("button", name="Отменить все")).to_be_visible()
        right = "each => each.getBoundingClientRect().right"
        ends = page.locator("#under-way .acts button:visible").all()
        assert max(each.evaluate(right) for each in ends) <= page.locator("#under-way").evaluate(right)


def test_a_token_is_made_and_copied_by_the_keyboard_alone(browser, closed_service):
    address, name, password, _token = closed_service
    with closing(browser.new_context(base_url=address, permissions=["clipboard-read", "clipboard-write"])) as context:
        page = context.new_page()
        page.goto("/app/sign-in/?next=/app/account/")
        expect(page.locator("[autofocus]")).to_be_focused()
        page.keyboard.type(name)
        page.keyboard.press("Tab")
        page.keyboard.type(password)
        page.keyboard.press("Enter")
        page.locator("#token-name").focus()
        page.keyboard.type("by the keyboard")
        page.keyboard.press("Enter")
        secret = page.locator("#secret").inner_text()
        page.locator("[data-copies=secret]").focus()
        page.keyboard.press("Enter")
        expect(page.locator("[data-copies=secret]")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == secret
        assert secret.startswith("fm_")
        page.goto("/app/activity/")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
