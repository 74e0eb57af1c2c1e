"""The list in a real browser: on and on as one scrolls, chosen from, used by keys, and the same in every window."""

import io
import json
import re
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

MANY = 50
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
WITHIN_MS = 60_000
ROWS = "#rows .row"
#: The place that the history remembers is the one in the window.
NOTED = """() => {
  const { top } = document.getElementById(`file-${history.state?.row}`)?.getBoundingClientRect() ?? {};
  return top > -100 && top < innerHeight;
}"""


@pytest.fixture
def put(service):
    """Send a file without a page: put("a.txt") returns its id."""

    def send(name, content=b"hello, mill"):
        request = urllib.request.Request(f"{service}/upload/?name={quote(name)}", content, method="POST")
        request.add_header("Content-Type", "text/plain")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["id"]

    return send


@pytest.fixture
def remove(service):
    def send(file_id):
        request = urllib.request.Request(f"{service}/files/{file_id}/", method="DELETE")
        urllib.request.urlopen(request, timeout=60).close()

    return send


@pytest.fixture(scope="session")
def many(service):
    """Send files of which the list has several pages; return their query."""
    for number in range(MANY):
        request = urllib.request.Request(f"{service}/upload/?name=many-{number:02}.txt", b"many", method="POST")
        request.add_header("Content-Type", "text/plain")
        urllib.request.urlopen(request, timeout=60).close()
    return "/?name=many-&page_size=20&ordering=name"


@pytest.fixture
def three(put, request):
    """Send three files; return the query of these, and their ids, the newest first."""
    names = [f"{request.node.name[-40:]}-{number}" for number in (1, 2, 3)]
    ids = [put(f"{name}.txt") for name in names]
    return f"/?name={quote(request.node.name[-40:])}", ids[::-1]


def names(page):
    return page.locator(f"{ROWS} .name").all_text_contents()


def to_the_end(page):
    expect(page.locator(ROWS)).to_have_count(40)  # the second page was near already
    page.keyboard.press("End")
    expect(page.locator(ROWS)).to_have_count(MANY)


def box(page, number):
    return page.locator(f"{ROWS} input[type=checkbox]").nth(number)


def focused(page):
    return page.evaluate("document.activeElement.closest('.row')?.id ?? document.activeElement.id")


def test_the_next_pages_come_as_one_scrolls_and_are_announced(open_page, many):
    page = open_page(many)
    to_the_end(page)
    assert names(page) == [f"many-{number:02}.txt" for number in range(MANY)]
    expect(page.locator("#said")).to_have_text("10 more, 50 files shown.")
    expect(page.get_by_role("link", name="Next")).to_have_count(0)


@pytest.fixture(scope="session")
def grown(service):
    """Send files of which the list has many pages; return the beginning of their names."""
    for number in range(252):
        request = urllib.request.Request(f"{service}/upload/?name=grown-{number:03}.txt", b"grown", method="POST")
        request.add_header("Content-Type", "text/plain")
        urllib.request.urlopen(request, timeout=60).close()
    return "grown-"


def test_going_back_again_and_again_loses_no_rows(open_page, put, grown):
    page = open_page(f"/?name={grown}1&ordering=name")
    for number in ("180", "160"):
        row = page.get_by_text(f"grown-{number}.txt", exact=True)
        while not row.count():
            page.mouse.wheel(0, 2000 if number == "180" else -2000)
            page.wait_for_timeout(20)
        row.evaluate("name => name.closest('.row').scrollIntoView()")
        page.wait_for_function(NOTED)
        row.click()
        expect(page.locator("h1")).to_have_text(f"grown-{number}.txt")
        page.go_back()
        expect(row).to_be_in_viewport()
    put(f"{grown}1-new.txt")
    with page.expect_response(lambda answer: "/app/list/?" in answer.url):
        page.evaluate(LOOK)
    page.wait_for_timeout(100)
    shown = [int(name[6:9]) for name in names(page)]
    assert 160 in shown
    assert shown == list(range(shown[0], shown[0] + len(shown)))


def test_all_files_leads_back_to_where_one_was(open_page, grown):
    page = open_page(f"/?name={grown}&ordering=name")
    row = page.get_by_text("grown-030.txt", exact=True)
    row.scroll_into_view_if_needed()
    page.wait_for_function(NOTED)
    there = row.bounding_box()
    row.click()
    expect(page.locator("h1")).to_have_text("grown-030.txt")
    page.get_by_role("link", name="All files").click()
    expect(row).to_be_in_viewport()
    assert abs(row.bounding_box()["y"] - there["y"]) < 2


def test_rows_above_come_by_the_wheel_alone(open_page, grown):
    page = open_page(f"/?name={grown}&ordering=name&page_size=20")
    page.goto(page.locator("#after a").evaluate("link => link.href"))
    first = page.locator(ROWS).first
    name = first.locator(".name").inner_text()
    page.mouse.move(600, 500)
    page.mouse.wheel(0, -300)
    expect(first.locator(".name")).not_to_have_text(name)


def test_menus_lie_above_what_can_be_done_with_chosen_files(open_page, three):
    page = open_page(three[0])
    box(page, 0).check()
    page.locator("details.menu summary", has_text="Newest first").click()
    page.get_by_role("link", name="Oldest first").click()  # which takes care that nothing lies above it
    expect(page).to_have_url(re.compile("ordering=uploaded_at"))


def test_a_menu_closes_when_the_keyboard_leaves_it(open_page):
    page = open_page("/")
    page.locator("details.menu summary", has_text="Newest first").press("Enter")
    page.get_by_role("link", name="Smallest first").press("Tab")
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_a_long_list_is_short_again_when_more_comes_in_while_one_is_at_its_top(open_page, put, grown):
    page = open_page(f"/?name={grown}&page_size=200")
    expect(page.locator(ROWS)).to_have_count(200)
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelectorAll('.row[id]').length > 250")
    box(page, 0).check()
    first = put("grown-first.txt")
    page.evaluate(LOOK)
    expect(page.locator(ROWS).first).to_have_id(f"file-{first}")
    assert page.locator(ROWS).count() > 250  # something is chosen of it
    box(page, 1).uncheck()
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    fresh = put("grown-second.txt")
    page.evaluate(LOOK)
    expect(page.locator(ROWS)).to_have_count(200)
    expect(page.locator(ROWS).first).to_have_id(f"file-{fresh}")


def test_without_a_script_the_same_link_leads_to_the_next_page(open_page, many):
    page = open_page(many, java_script_enabled=False)
    assert len(names(page)) == 20
    page.get_by_role("link", name="Next").click()
    expect(page.locator(f"{ROWS} .name").first).to_have_text("many-20.txt")
    page.get_by_role("link", name="Previous").click()
    expect(page.locator(f"{ROWS} .name").first).to_have_text("many-00.txt")


@pytest.mark.parametrize("way", ["reload", "back"])
def test_going_on_later_leads_to_the_same_place_and_what_is_above_comes_back(open_page, many, way):
    page = open_page(many)
    to_the_end(page)
    page.get_by_text("many-35.txt", exact=True).evaluate("name => name.closest('.row').scrollIntoView()")
    page.wait_for_function(NOTED)
    if way == "reload":
        page.reload()
    else:
        page.get_by_text("many-37.txt", exact=True).click()
        expect(page.locator("h1")).to_have_text("many-37.txt")
        page.go_back()
    expect(page.get_by_text("many-35.txt", exact=True)).to_be_in_viewport()
    page.evaluate("scrollTo(0, 0)")
    page.mouse.wheel(0, 10)
    expect(page.locator(ROWS)).to_have_count(MANY)
    assert names(page) == [f"many-{number:02}.txt" for number in range(MANY)]


def test_what_another_sends_and_deletes_shows_here(open_page, put, remove, three):
    query, ids = three
    page = open_page(query)
    expect(page.locator(ROWS)).to_have_count(3)
    remove(ids[1])
    fresh = put(f"{query.split('=')[1]}-new.txt")
    page.evaluate(LOOK)
    expect(page.locator(ROWS)).to_have_count(3)
    expect(page.locator(ROWS).first).to_have_id(f"file-{fresh}")
    expect(page.locator(ROWS).first.locator(".word")).to_have_text("Processed", timeout=WITHIN_MS)
    assert page.locator(f"#file-{ids[1]}").count() == 0


def test_once_all_is_done_only_events_are_asked_for(open_page, three):
    page = open_page(three[0])
    expect(page.locator(".word", has_text="Processed")).to_have_count(3, timeout=WITHIN_MS)
    page.evaluate(f"{LOOK}; new Promise(done => setTimeout(done, 50))")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/events/*"):
        page.evaluate(LOOK)
    page.evaluate("fetch('/healthz').then(() => {})")
    assert [url for url in asked if "/app/list/" in url] == []


def test_who_was_away_for_too_long_gets_the_list_anew(open_page, three, remove):
    query, ids = three
    page = open_page(query)
    page.evaluate(
        """() => { const real = fetch; window.fetch = (...asked) => { window.fetch = real;
        return Promise.resolve(new Response("{}", {status: 410})); }; }"""
    )
    remove(ids[0])
    page.evaluate(LOOK)
    expect(page.locator(ROWS)).to_have_count(2)


def test_files_are_chosen_one_by_one_in_ranges_and_all(open_page, three):
    page = open_page(three[0])
    words = page.locator("#how-many")
    expect(page.get_by_role("button", name="Delete…")).to_be_hidden()
    box(page, 0).check()
    expect(words).to_have_text("1 file chosen")
    box(page, 2).click(modifiers=["Shift"])
    expect(words).to_have_text("3 files chosen")
    expect(page.locator("#choose-all")).to_be_checked()
    page.keyboard.press("Escape")
    expect(words).to_have_text("Choose all")
    page.locator("#choose-all").check()
    expect(page.locator("#said")).to_have_text("3 files chosen")
    assert page.evaluate((Path(__file__).parent / "accessibility.js").read_text()) == []


def test_who_chooses_all_of_a_long_list_learns_that_there_are_more(open_page, many):
    page = open_page(many)
    words = page.locator("#how-many")
    expect(page.locator(ROWS)).to_have_count(40)  # of 50: the second page of 20 comes in advance
    page.locator("#choose-all").check()
    expect(words).to_have_text("40 files chosen, all that are loaded: more come as you scroll")
    box(page, 0).uncheck()
    expect(words).to_have_text("39 files chosen")


def test_the_chosen_are_deleted_once_one_is_sure_and_go_from_other_windows(open_page, three):
    page, other = open_page(three[0]), open_page(three[0])
    box(page, 0).check()
    box(page, 1).check()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Keep them").click()
    expect(page.locator(ROWS)).to_have_count(3)
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("heading", name="Delete 2 files?")).to_be_visible()
    assert page.locator("#sure li").all_text_contents() == names(page)[:2]
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("2 files deleted.").first).to_be_visible()
    for each in (page, other):
        each.evaluate(LOOK)
        expect(each.locator(ROWS)).to_have_count(1)


def test_one_file_is_asked_for_as_one(open_page, three):
    page = open_page(three[0])
    box(page, 0).check()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_text("It goes for good, with all that was made of it.")).to_be_visible()
    expect(page.get_by_text("They go for good")).to_be_hidden()
    page.get_by_role("button", name="Keep it").click()
    box(page, 1).check()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_text("They go for good, with all that was made of them.")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it")).to_have_count(0)
    page.get_by_role("button", name="Keep them").click()


def test_a_file_s_page_leads_back_to_the_list_as_it_was(open_page, three):
    page = open_page(f"{three[0]}&kind=text&ordering=name")
    here = page.url
    page.locator(f"{ROWS} .name").nth(1).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_role("link", name="All files").click()
    expect(page).to_have_url(here)
    page.goto("/app/activity/")
    page.evaluate("id => { location.href = `/app/files/${id}/` }", three[1][0])
    expect(page.get_by_role("link", name="All files")).to_have_attribute("href", "/")


def test_who_does_not_delete_a_file_after_all_folds_the_question(open_page, three):
    page = open_page(f"/app/files/{three[1][0]}/")
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name="Delete for good")).to_be_hidden()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_of_many_that_are_to_be_deleted_some_are_named(open_page, many):
    page = open_page(many)
    for number in range(7):
        box(page, number).check()
    page.keyboard.press("Delete")
    assert page.locator("#sure li").all_text_contents() == [*names(page)[:5], "2 more"]


def test_the_chosen_are_processed_again(open_page, three):
    page = open_page(three[0])
    page.locator("#choose-all").check()
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_text("3 files will be processed again.").first).to_be_visible()
    expect(page.locator(".word", has_text="Processed")).to_have_count(3, timeout=WITHIN_MS)


@pytest.mark.parametrize("script", [True, False])
def test_the_chosen_come_as_one_zip(open_page, three, script):
    page = open_page(three[0], java_script_enabled=script)
    box(page, 0).check()
    box(page, 2).check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert len(archive.namelist()) == 2
        assert {archive.read(name) for name in archive.namelist()} == {b"hello, mill"}


def test_without_a_script_deleting_asks_on_a_page(open_page, three):
    page = open_page(three[0], java_script_enabled=False)
    box(page, 1).check()
    page.get_by_role("button", name="Delete…").click()
    expect(page.locator("h1")).to_have_text("Delete 1 file?")
    assert page.evaluate((Path(__file__).parent / "accessibility.js").read_text()) == []
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("1 file deleted.")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(2)


def test_the_list_is_used_by_keys(open_page, three):
    query, ids = three
    page = open_page(query)
    page.keyboard.press("j")
    assert focused(page) == f"file-{ids[0]}"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert focused(page) == f"file-{ids[1]}"
    page.keyboard.press(" ")
    expect(box(page, 1)).to_be_checked()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ ")
    expect(page.locator("#how-many")).to_have_text("2 files chosen")
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="Delete 1 file?")).to_be_visible()
    page.keyboard.press("Enter")  # to press it twice keeps the file
    expect(page.get_by_role("heading", name="Delete 1 file?")).to_be_hidden()
    expect(page.locator(ROWS)).to_have_count(3)
    page.keyboard.press("Delete")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(ROWS)).to_have_count(2)
    assert focused(page) == f"file-{ids[1]}"
    page.keyboard.press("/")
    assert focused(page) == "find"
    page.keyboard.press("j")  # is typed
    expect(page.locator("#find")).to_have_value("j")
    page.locator(f"#file-{ids[0]} .name").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(re.compile("-3.txt$"))


def test_the_keys_are_told_and_letters_can_be_turned_off(open_page, three):
    page = open_page(three[0])
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.get_by_label("Letters and signs are keys").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(page.get_by_role("heading", name="Keys")).to_be_hidden()
    assert focused(page) == ""
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_grid_is_a_list_with_larger_pictures(open_page, three, scheme):
    page = open_page(three[0], color_scheme=scheme, viewport={"width": 360, "height": 740})
    page.get_by_role("link", name="Grid").click()
    page.wait_for_url("**view=grid**")
    tops = page.locator(ROWS).evaluate_all("rows => rows.map(row => row.offsetTop)")
    assert tops[0] == tops[1] < tops[2]
    box(page, 0).check()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert page.evaluate((Path(__file__).parent / "accessibility.js").read_text()) == []
    page.locator(f"{ROWS} .name").first.focus()
    page.keyboard.press("ArrowRight")
    assert focused(page) == page.locator(ROWS).nth(1).get_attribute("id")
    page.get_by_role("link", name="Failed").click()
    page.wait_for_url("**view=grid**")


def test_what_is_chosen_stays_so_to_see_when_the_list_comes_anew(browser, service, three):
    query, _ = three
    page = browser.new_page(base_url=service)
    page.goto(query)
    box(page, 0).check()
    events = re.compile(r"/events/\?after=(?!now)")
    page.route(events, lambda route: route.fulfill(status=410))
    with page.expect_response(lambda answer: "/app/list/" in answer.url):
        page.evaluate(LOOK)
    expect(page.locator("#how-many")).to_have_text("1 file chosen")
    expect(box(page, 0)).to_be_checked()
    page.close()
