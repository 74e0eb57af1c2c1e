"""A person in a real browser, on a service that is not open: signs in, sends files, signs out."""

from contextlib import closing

import pytest
from playwright.sync_api import expect

WORK_WITHIN_MS = 60_000


@pytest.fixture(params=[True, False], ids=["script", "plain"])
def signed_in(request, browser, closed_service):
    address, name, password, _token = closed_service
    complaints = []
    context = browser.new_context(base_url=address, java_script_enabled=request.param)
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.goto("/?kind=text")
    _sign_in(page, name, password)
    expect(page).to_have_url(f"{address}/?kind=text")
    yield page
    context.close()
    # Chromium tells what it was asked to forget.
    assert [said for said in complaints if not said.startswith("Clear-Site-Data header on")] == []


def _sign_in(page, name, password):
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_person_signs_in_sends_a_file_deletes_it_and_signs_out(signed_in, tmp_path, request):
    page, path = signed_in, tmp_path / f"{request.node.callspec.id}.txt"
    path.write_text("hello, mill\n" * 200_000)  # so large that it takes more than one request
    page.goto("/")
    page.locator("#file").set_input_files(str(path))
    if request.node.callspec.id == "plain":
        page.get_by_role("button", name="Upload").click()
    row = page.locator(".row", has=page.get_by_text(path.name, exact=True)).first
    expect(row.locator("a[href]")).to_be_visible(timeout=WORK_WITHIN_MS)
    row.locator("a").click()
    expect(page.locator("h1")).to_have_text(path.name)
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"Deleted: {path.name}")).to_be_visible()
    page.get_by_role("link", name="Sign out").click()
    expect(page.get_by_text("You are signed in as admin")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.fixture
def two_tabs(browser, closed_service):
    """Two pages of one browser; the first has the list open."""
    address, name, password, _token = closed_service
    with closing(browser.new_context(base_url=address)) as context:
        page, other = context.new_page(), context.new_page()
        page.goto("/")
        _sign_in(page, name, password)
        expect(page.locator("#choose")).to_be_visible()
        yield page, other


def _sign_out(page):
    page.goto("/app/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def _sign_in_anew(page, name, password):
    """After this, a form token that another tab had from before is refused.

    There is no moment without a session: the cookies come from another browser.
    """
    address = page.context.pages[0].evaluate("location.origin")
    with closing(page.context.browser.new_context(base_url=address)) as context:
        elsewhere = context.new_page()
        elsewhere.goto("/app/sign-in/")
        _sign_in(elsewhere, name, password)
        expect(elsewhere.locator("#choose")).to_be_visible()
        page.context.add_cookies(context.cookies())


def test_a_filter_that_is_followed_after_signing_out_elsewhere_asks_who_one_is(two_tabs, closed_service):
    _, name, password, _token = closed_service
    page, other = two_tabs
    page.route("**/events/**", lambda route: route.abort())  # else it would see to it before
    _sign_out(other)
    page.get_by_role("link", name="Failed", exact=True).click()
    _sign_in(page, name, password)
    expect(page.get_by_role("link", name="Failed", exact=True)).to_have_attribute("aria-current", "true")


def _send_many(page, folder, name):
    folder.mkdir()
    for number in range(12):
        (folder / f"{name}-{number}.txt").write_text("hello, mill")
    page.locator("#file").set_input_files([str(path) for path in folder.iterdir()])


def _send_held(page, path, requests):
    """Send a file; return where its first requests are held, of which the first is there."""
    held = []
    page.route("**/upload/", lambda route: held.append(route), times=requests)
    path.write_text("hello, mill")
    page.locator("#file").set_input_files(str(path))
    while not held:
        page.wait_for_timeout(10)
    return held


def test_an_upload_outlives_a_session_that_ends_and_goes_on_once_somebody_has_signed_in_again(
    two_tabs, closed_service, tmp_path
):
    _, name, password, _token = closed_service
    page, other = two_tabs
    held = _send_held(page, tmp_path / "outlives.txt", requests=1)
    page.context.clear_cookies()
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(look)
    expect(page.locator("p.notice")).to_have_text("You are signed out. Sign in in another tab.")
    with page.expect_response("**/app/sign-in/**"):
        page.get_by_role("link", name="Failed", exact=True).click()
    assert page.evaluate("location.pathname") == "/"
    _sign_in_anew(other, name, password)
    page.evaluate(look)
    expect(page.locator("p.notice")).to_have_count(0)
    held[0].fulfill(status=503)
    expect(page.locator(".row", has_text="outlives.txt").locator(".word")).to_have_text("Processed")


def test_files_go_on_when_another_tab_has_signed_in_anew_meanwhile(two_tabs, closed_service, tmp_path):
    _, name, password, _token = closed_service
    page, other = two_tabs
    page.goto("/?name=renewed")
    _sign_in_anew(other, name, password)
    _send_many(page, tmp_path / "many", "renewed")
    expect(page.locator(".word", has_text="Processed")).to_have_count(12, timeout=WORK_WITHIN_MS)
    expect(page.locator("p.notice")).to_have_count(0)


def test_an_upload_goes_on_when_another_tab_has_signed_in_anew_twice(two_tabs, closed_service, tmp_path):
    _, name, password, _token = closed_service
    page, other = two_tabs
    page.clock.install()
    held = _send_held(page, tmp_path / "twice.txt", requests=2)
    for time in (1, 2):
        while len(held) < time:
            page.wait_for_timeout(10)
        _sign_in_anew(other, name, password)
        page.clock.fast_forward("02:00")
        held[-1].continue_()
    expect(page.locator(".row", has_text="twice.txt").locator(".word")).to_have_text("Processed")


def test_files_that_are_chosen_while_nobody_is_signed_in_wait_for_the_next_session(two_tabs, closed_service, tmp_path):
    _, name, password, _token = closed_service
    page, other = two_tabs
    page.goto("/?name=patient")
    page.route("**/events/**", lambda route: route.abort())  # else it would see to it before the files come
    _sign_out(other)
    _send_many(page, tmp_path / "many", "patient")
    expect(page.locator("p.notice")).to_have_text("You are signed out. Sign in in another tab.")
    expect(page.get_by_text("It goes on by itself.").first).to_be_visible()
    expect(page.locator(".word", has_text="Not sent")).to_have_count(0)
    page.unroute_all()
    _sign_in_anew(other, name, password)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".word", has_text="Processed")).to_have_count(12, timeout=WORK_WITHIN_MS)
    expect(page.locator("p.notice")).to_have_count(0)


def test_the_chosen_are_fetched_and_deleted_after_another_tab_has_signed_in_anew(two_tabs, closed_service, tmp_path):
    _, name, password, _token = closed_service
    page, other = two_tabs
    page.goto("/?name=renounced")
    _send_many(page, tmp_path / "many", "renounced")
    expect(page.locator(".word", has_text="Processed")).to_have_count(12, timeout=WORK_WITHIN_MS)
    _sign_in_anew(other, name, password)
    page.locator("#choose-all").check()
    with page.expect_download():
        page.get_by_role("button", name="Download as ZIP").click()
    _sign_in_anew(other, name, password)
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("12 files deleted.").first).to_be_visible()


def test_who_may_not_send_is_told_so_even_with_a_fresh_token(two_tabs, tmp_path):
    page, _ = two_tabs
    page.route("**/upload/", lambda route: route.fulfill(status=403))
    (tmp_path / "forbidden.txt").write_text("hello, mill")
    page.locator("#file").set_input_files(str(tmp_path / "forbidden.txt"))
    expect(page.locator(".row", has_text="forbidden.txt").locator(".word")).to_have_text("Not sent")


def test_a_double_click_makes_one_token_and_shows_it(two_tabs):
    page, _ = two_tabs
    page.goto("/app/account/")
    page.get_by_label("What it is for").fill("pressed twice")
    page.get_by_role("button", name="Make a token").dblclick()
    expect(page.locator("#secret")).to_contain_text("fm_")
    expect(page.locator(".tokens li", has_text="pressed twice")).to_have_count(1)


def test_a_token_can_be_copied_where_the_browser_gives_no_clipboard(two_tabs):
    page, _ = two_tabs
    page.add_init_script("delete Navigator.prototype.clipboard")  # as on a page without https
    page.goto("/app/account/")
    page.get_by_label("What it is for").fill("copied")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == page.locator("#secret").text_content()
