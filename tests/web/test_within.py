"""Links and forms that change the page where it is, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from .sender import HEAR, WITHIN_MS, Sender

STAYS = "window.stays = true"
IS_THE_SAME = "window.stays === true"
NAMES = "[...document.querySelectorAll('#rows .row[id] .name')].map(each => each.textContent)"


@pytest.fixture
def sender(open_page, service, tmp_path):
    page = open_page("/")
    page.evaluate(STAYS)
    page.evaluate(HEAR)
    return Sender(page, service, tmp_path)


@pytest.fixture
def troubled(browser, service, tmp_path):
    """A page whose console may complain."""
    page = browser.new_page(base_url=service)
    page.goto("/")
    page.evaluate(STAYS)
    yield Sender(page, service, tmp_path)
    page.close()


@pytest.fixture
def three(sender):
    """Send three files and look at them alone; return what sends, and their names, by name."""
    sizes = {"within-a.bin": 300, "within-b.bin": 100, "within-c.bin": 200}
    paths = [sender.make(name, size) for name, size in sizes.items()]
    if not sender.got("name=within-a"):
        for path in paths:
            sender.send(path)
            sender.expect_processed(path)
    search(sender, "within-")
    return sender, [path.name for path in paths]


def search(sender, name):
    sender.page.locator("#find").fill(name)
    sender.page.keyboard.press("Enter")
    expect(sender.page).to_have_url(re.compile(f"name={name}"))
    expect(sender.page.locator("#searched strong")).to_have_text(name)


def choose(sender, menu, words):
    summary = sender.page.locator("details.menu summary", has_text=menu)
    summary.click()
    sender.page.get_by_role("link", name=words, exact=True).click()
    return summary


def expect_names(sender, names):
    expect(sender.page.locator("#rows .row[id] .name")).to_have_text(names, timeout=WITHIN_MS)
    assert sender.page.evaluate(IS_THE_SAME)


def test_a_filter_lets_what_is_on_its_way_go_on(sender):
    path = sender.make("on its way.bin", 3_000_000)
    sender.slow_down(500_000)
    sender.send(path)
    expect(sender.word(path.name)).to_have_text("Uploading")
    sender.page.get_by_role("link", name="Failed", exact=True).click()
    expect(sender.page).to_have_url(re.compile("status=failed"))
    expect(sender.page.get_by_role("link", name="Failed", exact=True)).to_have_attribute("aria-current", "true")
    expect(sender.word(path.name)).to_have_text("Uploading")
    sender.slow_down()
    expect(sender.row(path.name)).to_have_count(0, timeout=WITHIN_MS)
    assert sender.has(path)
    sender.page.get_by_role("link", name="All", exact=True).click()
    sender.expect_processed(path)
    assert sender.page.evaluate(IS_THE_SAME)


def test_search_order_and_look_change_the_list_where_it_is(three):
    sender, names = three
    expect_names(sender, names[::-1])
    sender.expect_heard("3 files shown.")
    summary = choose(sender, "Newest first", "Smallest first")
    expect_names(sender, [names[1], names[2], names[0]])
    summary = sender.page.locator("details.menu summary", has_text="Smallest first")
    expect(summary).to_be_focused()
    expect(sender.page.locator("details.menu[open]")).to_have_count(0)
    sender.page.get_by_role("link", name="Grid", exact=True).click()
    expect(sender.page.locator("#rows")).to_have_class("rows tiles")
    expect_names(sender, [names[1], names[2], names[0]])
    search(sender, "within-b")
    expect_names(sender, [names[1]])
    assert "ordering=size" in sender.page.url
    assert "view=grid" in sender.page.url
    search(sender, "within-nothing")
    expect_names(sender, [])
    sender.expect_heard("No file matches.")
    sender.page.locator("#empty").get_by_role("link", name="Show all files").click()
    expect(sender.page.locator("#find")).to_have_value("")
    expect(sender.page.locator("#searched")).to_be_empty()
    assert sender.page.evaluate(IS_THE_SAME)


def test_back_and_forward_lead_through_the_lists(three):
    sender, names = three
    choose(sender, "Newest first", "By name")
    expect_names(sender, names)
    search(sender, "within-c")
    expect_names(sender, names[2:])
    sender.page.go_back()
    expect_names(sender, names)
    expect(sender.page.locator("#find")).to_have_value("within-")
    expect(sender.page.locator("details.menu summary", has_text="By name")).to_have_count(1)
    sender.page.go_back()
    expect_names(sender, names[::-1])
    sender.page.go_forward()
    sender.page.go_forward()
    expect_names(sender, names[2:])
    expect(sender.page).to_have_url(re.compile("name=within-c"))


def test_what_was_chosen_in_another_list_is_not_chosen_any_more(three):
    sender, names = three
    sender.page.get_by_label(f"Choose {names[0]}").check()
    sender.page.get_by_label(f"Choose {names[2]}").check()
    search(sender, "within-a")
    expect_names(sender, names[:1])
    expect(sender.page.locator("#how-many")).to_have_text("1 file chosen")
    expect(sender.page.get_by_label(f"Choose {names[0]}")).to_be_checked()


def test_a_key_beside_the_click_opens_a_filter_in_another_tab(sender):
    with sender.page.context.expect_page() as opened:
        sender.page.get_by_role("link", name="Failed", exact=True).click(modifiers=["Control"])
    expect(opened.value).to_have_url(re.compile("status=failed"))
    assert sender.page.url == f"{sender.address}/"


def test_a_file_that_arrives_while_a_list_is_on_its_way_is_in_it(sender):
    page = sender.page
    search(sender, "nosuch")
    lists, looks = [], []

    def hold_one(route, held, fetch):
        if held:
            route.continue_()
        else:
            held.append((route, fetch()))

    page.route(f"{sender.address}/", lambda route: hold_one(route, lists, route.fetch))
    page.locator("#empty").get_by_role("link", name="Show all files").click()
    sender.until(lambda: lists)
    path = sender.make("meanwhile.bin", 100)
    with page.expect_response(lambda answer: "/events/" in answer.url and "received" in answer.text()):
        sender.send(path)
    # The next look for events, which are no news to the list that comes meanwhile.
    page.route("**/events/**", lambda route: hold_one(route, looks, lambda: None))
    sender.until(lambda: looks)
    lists[0][0].fulfill(response=lists[0][1])
    expect(page.locator("#searched")).to_be_empty()
    looks[0][0].continue_()
    sender.expect_processed(path)
    expect(page.locator("#rows .row[id]", has_text=path.name)).to_have_count(1)
    assert page.evaluate(IS_THE_SAME)


def test_what_is_scrolled_while_one_goes_back_is_not_noted_at_the_wrong_list(three):
    sender, names = three
    page = sender.page
    page.set_viewport_size({"width": 600, "height": 300})
    choose(sender, "Newest first", "By name")
    expect_names(sender, names)
    held = []
    page.route(lambda address: address.endswith("/?name=within-"), lambda route: held.append(route))
    page.evaluate("history.back()")
    while not held:
        page.wait_for_timeout(10)
    page.evaluate("scrollTo(0, 200)")
    page.wait_for_timeout(400)  # a place is noted once nobody scrolls for a fifth of a second
    assert page.url.endswith("/?name=within-")
    held.pop().continue_()
    expect_names(sender, names[::-1])
    assert page.url.endswith("/?name=within-")


def test_who_goes_forward_again_before_the_answer_comes_is_where_the_address_says(three):
    sender, names = three
    page = sender.page
    choose(sender, "Newest first", "By name")
    expect_names(sender, names)
    held = []

    def hold(route):
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(lambda address: address.endswith("/?name=within-"), hold)
    page.evaluate("history.back()")
    while not held:
        page.wait_for_timeout(10)
    with page.expect_response(lambda answer: "ordering=name" in answer.url and "/app/" not in answer.url):
        page.evaluate("history.forward()")
    expect_names(sender, names)
    expect(page.locator("details.menu summary", has_text="By name")).to_have_count(1)
    assert "ordering=name" in page.url


def test_going_back_while_the_server_is_away_ends_once_it_is_back(troubled):
    page = troubled.page
    search(troubled, "within-")
    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page).to_have_url(re.compile("status=failed"))
    page.context.set_offline(True)
    page.evaluate("history.back()")
    expect(page.locator("#messages")).to_have_text("The server does not answer. Try again.")
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="All", exact=True)).to_have_attribute("aria-current", "true")
    assert page.url.endswith("/?name=within-")
    assert page.evaluate(IS_THE_SAME)


def test_a_refusal_of_the_list_is_shown_and_goes_with_the_next_list(troubled):
    page = troubled.page
    page.evaluate("history.pushState(null, '', '/?cursor=rubbish'); history.pushState(null, '', '/?name=x')")
    search(troubled, "nosuch")
    page.go_back()
    page.go_back()
    expect(page.locator("#problem")).to_contain_text("cursor")
    page.get_by_role("link", name="All", exact=True).click()
    expect(page.locator("#problem")).to_have_count(0)
    assert page.evaluate(IS_THE_SAME)


def test_a_server_in_trouble_holds_no_upload_back(troubled):
    page = troubled.page
    path = troubled.make("in trouble.bin", 3_000_000)
    troubled.slow_down(500_000)
    troubled.send(path)
    expect(troubled.word(path.name)).to_have_text("Uploading")
    page.route("**/?status=failed", lambda route: route.fulfill(status=503, body="away"))
    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page.locator("#messages")).to_have_text("The server does not answer. Try again.")
    expect(page.locator("p.notice", has_text="signed out")).to_have_count(0)
    troubled.slow_down()
    troubled.expect_processed(path)
    page.route("**/app/chosen/**", lambda route: route.fulfill(status=503, body="away"))
    page.locator("#rows .row[id] input").first.check()
    page.get_by_role("button", name="Run again").click()
    expect(page.locator(".of-deeds")).to_contain_text("The server does not answer. Try again.")
    expect(page.locator("p.notice")).to_have_count(1)


def test_a_deed_that_is_refused_says_so_and_keeps_the_page(troubled, three):
    sender, names = three
    page = troubled.page
    page.goto(f"/app/files/{sender.got(f'name={names[0]}')[0]['id']}/")
    page.evaluate(STAYS)
    button = page.get_by_role("button", name="Process again")
    page.route("**/app/files/*/reprocess/", lambda route: route.fulfill(status=503, body="<p>away"))
    button.click()
    expect(page.locator("#messages")).to_have_text("The server does not answer. Try again.")
    page.unroute_all()
    page.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(each => each.remove())")
    button.click()
    expect(page.locator("#messages")).to_contain_text("out of date")
    assert page.evaluate(IS_THE_SAME)


def test_words_that_are_typed_while_an_answer_is_on_its_way_stay(three):
    sender, names = three
    page = sender.page
    held = []
    page.route("**/?name=within-a", lambda route: held.append(route))
    page.locator("#find").fill("within-a")
    page.keyboard.press("Enter")
    while not held:
        page.wait_for_timeout(10)
    page.keyboard.type("bc")
    held.pop().continue_()
    expect_names(sender, names[:1])
    expect(page.locator("#find")).to_have_value("within-abc")


def test_the_name_of_the_page_leads_to_the_top_of_the_list(three):
    sender, _names = three
    page = sender.page
    page.set_viewport_size({"width": 600, "height": 300})
    page.locator("#searched").get_by_role("link", name="Show all files").click()
    expect(page.locator("#searched")).to_be_empty()
    page.evaluate("scrollTo(0, 300)")
    page.wait_for_function("() => history.state?.row")
    page.locator("a.mark").click()
    page.wait_for_function("() => scrollY === 0 && !history.state")


def test_a_step_that_runs_again_keeps_the_page_and_says_so(three):
    sender, names = three
    sender.page.get_by_role("link", name=names[0]).click()
    sender.page.wait_for_url("**/app/files/**")
    sender.page.evaluate(STAYS)
    button = sender.page.get_by_role("button", name="Process again")
    button.focus()
    sender.page.keyboard.press("Enter")
    expect(sender.page.locator("#messages")).to_contain_text("All processors run again.")
    expect(button).to_be_focused()
    expect(sender.page.locator("#summary .word")).to_have_text("Processed", timeout=WITHIN_MS)
    step = sender.page.locator(".steps li").nth(1)
    step.get_by_role("button").focus()
    sender.page.keyboard.press("Enter")
    expect(sender.page.locator("#messages")).to_contain_text("it runs again")
    assert step.evaluate("step => step.contains(document.activeElement)")
    assert sender.page.evaluate(IS_THE_SAME)


def test_a_server_that_is_away_is_told_of_and_changes_nothing(troubled):
    page = troubled.page
    search(troubled, "within-")
    page.context.set_offline(True)
    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page.locator("#messages")).to_have_text("The server does not answer. Try again.")
    assert page.url.endswith("/?name=within-")
    page.context.set_offline(False)
    page.get_by_role("link", name="Failed", exact=True).click()
    expect(page).to_have_url(re.compile("status=failed"))
    expect(page.locator("#messages")).to_be_empty()
    assert page.evaluate(IS_THE_SAME)
