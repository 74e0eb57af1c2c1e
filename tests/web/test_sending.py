"""Files on their way in, in a real browser: held up, cut off, left behind by a reload, and whole in the end."""

import fcntl
import json
import os
import re
import shutil
import signal
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from chaos.processes import descendants
from chromium import FLAGS
from playwright.sync_api import Error, expect
from services.cutting import Cut, cutting
from services.ports import free_port
from web.conftest import running, started
from web.sender import HEAR, WITHIN_MS, Sender, sending

MOST_BYTES = 13_000_000
KEPT, LEFT = 2_000_000, 10_600_000  # below and above what a browser keeps for the time after a reload
GIGABYTE = 1_000_000_000
HELD_AT = 1_200_000
SLOW = 400_000


def test_a_folder_is_sent_with_the_paths_of_its_files(sender):
    sender.make("harvest/2026/field.bin", 3)
    sender.make("harvest/list.bin", 0)
    sender.send(sender.folder / "harvest", by="#folder")
    for name in ("field.bin", "list.bin"):
        expect(sender.word(name)).to_have_text("Processed", timeout=WITHIN_MS)
    paths = {each["name"]: each["metadata"] for each in sender.got()}
    assert paths["field.bin"] == {"relative_path": "harvest/2026/field.bin"}
    assert paths["list.bin"] == {"relative_path": "harvest/list.bin"}


def test_pasted_files_are_sent(sender):
    sender.page.evaluate(
        """() => { const data = new DataTransfer(); data.items.add(new File(["pasted"], "pasted.txt"));
        document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true})); }"""
    )
    expect(sender.word("pasted.txt")).to_have_text("Processed", timeout=WITHIN_MS)


def test_that_a_file_has_arrived_is_said_however_quick_it_was(sender):
    sender.send(sender.make("quick.txt", 3))
    expect(sender.page.locator("#said")).to_have_text("1 file to send.")
    expect(sender.page.locator("#said")).to_have_text("1 file arrived.", timeout=WITHIN_MS)


def test_why_a_file_was_not_sent_is_said_whatever_is_said_before_and_after(sender):
    sender.page.evaluate(HEAR)
    refusal = {"title": "Refused", "detail": "By a wall between."}
    sender.page.route("**/upload/", lambda route: route.fulfill(status=400, json=refusal), times=1)
    sender.send(sender.make("refused at once.bin", 3))
    sender.expect_heard("1 file to send.")
    sender.expect_heard("refused at once.bin was not sent. Refused. 1 file could not be sent.")


def test_an_upload_is_paused_resumed_and_cancelled_by_keyboard(sender):
    path, other = sender.make("paused.bin", 3_000_000), sender.make("cancelled.bin", 3_000_000)
    sender.slow_down(SLOW)
    sender.send(path, other)
    expect(sender.row(path.name).locator(".size")).to_contain_text(" of ")
    sender.button("Pause paused.bin").press("Enter")
    expect(sender.word(path.name)).to_have_text("Paused")
    expect(sender.button("Resume paused.bin")).to_be_focused()
    expect(sender.row(other.name).locator(".size")).to_contain_text(" of ")
    with sender.page.expect_response(lambda answer: answer.request.method == "DELETE") as answer:
        sender.button("Cancel cancelled.bin").press("Enter")
    assert answer.value.status == 204
    expect(sender.row(other.name)).to_have_count(0)
    assert sender.page.evaluate("document.activeElement.tagName") != "BODY"
    assert sender.page.evaluate((Path(__file__).parent / "accessibility.js").read_text()) == []
    sender.slow_down()
    sender.button("Resume paused.bin").press("Enter")
    sender.expect_processed(path)
    assert sender.offsets()[-1] > 0
    assert not sender.has(other)


def test_many_files_are_drawn_in_few_rows_and_told_in_one_line(sender):
    for number in range(120):
        sender.make(f"many/{number}.bin", 1)
    sender.send(sender.folder / "many", by="#folder")
    expect(sender.page.locator(".more")).to_be_visible()
    assert sender.page.locator(".row:not([id])").count() < 70
    expect(sender.page.locator("[data-words]")).to_have_text("120 files arrived.", timeout=WITHIN_MS)
    expect(sender.page.locator("#said")).to_have_text("120 files arrived.", timeout=WITHIN_MS)
    assert sum(each["metadata"].get("relative_path", "").startswith("many/") for each in sender.got()) == 120


def test_a_reload_in_the_middle_of_many_files_tells_which_were_on_their_way(sender):
    for number in range(120):
        sender.make(f"left/{number}.bin", 1)
    routes = []

    def hold(route):
        routes.append(route)
        if len(routes) <= 20:
            route.continue_()

    sender.page.route("**/upload/", hold)
    sender.send(sender.folder / "left", by="#folder")
    sender.until(lambda: len(routes) >= 24)
    sender.page.reload()
    expect(sender.page.locator("p.notice")).to_contain_text("files were not begun when the page was left.")
    expect(sender.page.locator("p.notice")).to_contain_text("Look whether these have arrived")


def test_small_files_go_on_after_all_were_paused_and_refused_ones_when_they_are_chosen_again(sender):
    for number in range(30):
        sender.make(f"paused/{number}.bin", 1)
    sender.page.route("**/upload/", lambda route: None)
    sender.send(sender.folder / "paused", by="#folder")
    sender.button("Pause all").click()
    sender.page.unroute_all()
    sender.button("Resume all").click()
    expect(sender.page.locator("[data-words]")).to_have_text("30 files arrived.")
    sender.page.route("**/upload/", lambda route: route.fulfill(status=413), times=2)
    paths = sender.make("refused.bin", 3), sender.make("refused too.bin", 3)
    sender.send(*paths)
    expect(sender.word(paths[1].name)).to_have_text("Not sent")
    sender.send(*paths)
    sender.expect_processed(*paths)


def test_names_that_differ_only_in_case_are_sent_both(sender):
    for name in ("case/A.bin", "case/a.bin"):
        os.utime(sender.make(name, 3), (1, 1))
    sender.send(sender.folder / "case", by="#folder")
    for name in ("A.bin", "a.bin"):
        expect(sender.word(name)).to_have_text("Processed")


def test_what_is_chosen_while_the_page_loads_is_sent_beside_what_the_browser_kept(sender):
    path = sender.make("kept beside.bin", KEPT)
    sender.slow_down(SLOW)
    sender.send(path)
    expect(sender.row(path.name).locator(".size")).to_contain_text(" of ")
    sender.page.add_init_script(
        """addEventListener("DOMContentLoaded", () => { const data = new DataTransfer();
        data.items.add(new File(["early"], "early.txt")); const input = document.getElementById("file");
        input.files = data.files;
        input.dispatchEvent(new Event("change")); })"""
    )
    sender.reload(path)
    sender.slow_down()
    sender.expect_processed(path)
    expect(sender.word("early.txt")).to_have_text("Processed")


def test_an_upload_that_the_server_cannot_tell_of_goes_on_from_where_it_was_and_can_be_tried_again(sender):
    path = sender.make("told late.bin", KEPT)
    sender.slow_down(SLOW)
    sender.send(path)
    expect(sender.row(path.name).locator(".size")).to_contain_text(" of ")
    answers = [503, 401]
    sender.page.route(
        re.compile("/upload/."), lambda route: route.fulfill(status=answers.pop(0)) if answers else route.fallback()
    )
    sender.reload(path)
    expect(sender.row(path.name).locator(".note")).to_have_text("The server answered 401.")
    sender.requests.clear()
    sender.slow_down()
    sender.button(f"Try {path.name} again").click()
    sender.expect_processed(path)
    assert min(sender.offsets()) > 0


def test_a_machine_without_a_network_sends_to_itself(sender):
    path = sender.make("to itself.bin", 5)
    sender.page.evaluate("Object.defineProperty(navigator, 'onLine', {get: () => false})")
    answers = [503, 413]
    sender.page.route("**/upload/", lambda route: route.fulfill(status=answers.pop(0)) if answers else route.fallback())
    sender.send(path)
    expect(sender.row(path.name).locator(".note")).to_have_text("The server answered 413.")
    sender.button(f"Try {path.name} again").click()
    sender.expect_processed(path)


def test_a_file_that_has_changed_since_it_was_chosen_is_told_of(sender):
    path = sender.make("changed.bin", 5)
    sender.page.route("**/upload/", lambda route: route.fulfill(status=503), times=1)
    sender.page.on("response", lambda answer: answer.status == 503 and path.write_bytes(b"another"))
    sender.send(path)
    expect(sender.row(path.name).locator(".note")).to_have_text(re.compile("^The file has changed since it was chosen"))


def test_uploads_that_are_cancelled_while_the_server_is_away_hold_up_no_others_and_leave_nothing(
    browser, service, tmp_path
):
    with cutting(urlsplit(service).port) as line, sending(browser, line.url, service, tmp_path) as sender:
        ended = []
        sender.page.on("requestfinished", lambda each: ended.append(each.url) if each.method == "DELETE" else None)
        paths = [sender.make(f"cancelled-{number}.bin", LEFT) for number in range(4)]
        sender.slow_down(SLOW)
        sender.send(*paths)
        for path in paths:
            expect(sender.row(path.name).locator(".size")).to_contain_text(" of ")
        line.cuts.extend([Cut(up=0)] * 10_000)
        line.cut_all()
        for path in paths:
            expect(sender.word(path.name)).to_have_text("Interrupted")
            sender.button(f"Cancel {path.name}").click()
            expect(sender.row(path.name)).to_have_count(0)
        sender.page.wait_for_timeout(1500)  # tus would try again after 0.3 and 1 s
        line.cuts.clear()
        sender.slow_down()
        others = [sender.make(f"after-{number}.bin", KEPT) for number in range(5)]
        sender.send(*others)
        sender.expect_processed(*others)
        sender.until(lambda: len(set(ended)) == 4)


def test_uploads_go_on_once_something_in_front_of_the_service_lets_them_through_again(sender):
    path = sender.make("behind a wall.bin", KEPT)
    sender.slow_down(SLOW)
    sender.send(path)
    expect(sender.row(path.name).locator(".size")).to_contain_text(" of ")
    sender.page.route("**/events/**", lambda route: route.fulfill(status=401))
    with sender.page.expect_response(lambda answer: answer.status == 401):
        sender.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(sender.page.locator("p.notice")).to_have_count(1)
    sender.page.unroute_all()
    sender.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(sender.page.locator("p.notice")).to_have_count(0)
    sender.slow_down()
    sender.expect_processed(path)


def test_after_too_many_requests_as_many_files_are_sent_at_once_as_before(sender):
    held = []

    def answer(route):
        held.append(route)
        if len(held) == 1:
            route.fulfill(status=429, headers={"Retry-After": "1"})

    sender.page.route("**/upload/", answer)
    paths = [sender.make(f"too many {number}.bin", 3) for number in range(8)]
    sender.send(*paths)
    sender.until(lambda: len(held) == 5)
    sender.page.unroute_all()
    sender.expect_processed(*paths)


def test_each_notice_stays_as_long_as_it_is_true(sender):
    paths = [sender.make(f"noticed/{number}.bin", 2_000_000) for number in range(12)]
    sender.slow_down(SLOW)
    sender.send(sender.folder / "noticed", by="#folder")
    expect(sender.row(paths[0].name).locator(".size")).to_contain_text(" of ")
    sender.reload(paths[0])
    notices = sender.page.locator("p.notice")
    expect(notices).to_have_text(re.compile("^4 files were not begun"))
    sender.page.route("**/events/**", lambda route: route.fulfill(status=401))
    sender.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(notices).to_have_count(2)
    sender.page.unroute_all()
    sender.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(notices).to_have_count(1)
    expect(notices).to_have_text(re.compile("^4 files were not begun"))


def test_a_browser_that_may_store_nothing_sends_all_the_same(browser, service, tmp_path):
    (tmp_path / "Default").mkdir()
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default/Preferences").write_text(json.dumps(blocked))
    options = {"executable_path": shutil.which("chromium"), "args": FLAGS.split(), "base_url": service}
    with closing(browser.browser_type.launch_persistent_context(str(tmp_path), **options)) as context:
        sender, complaints = Sender(context.new_page(), service, tmp_path), []
        sender.page.on("pageerror", lambda error: complaints.append(f"{error}"))
        sender.page.on("console", lambda message: complaints.append(message.text))
        sender.page.goto("/")
        with pytest.raises(Error, match="Access is denied"):
            sender.page.evaluate("localStorage")
        paths = [sender.make(f"{size} not stored.bin", size) for size in (3, KEPT)]
        sender.send(*paths)
        sender.expect_processed(*paths)
    assert complaints == []


def test_without_a_network_an_upload_waits_and_says_so(sender):
    path = sender.make("offline.bin", 5)
    sender.page.context.set_offline(True)
    sender.send(path)
    expect(sender.word(path.name)).to_have_text("Interrupted")
    expect(sender.row(path.name).locator(".note")).to_have_text("You are offline. It goes on by itself.")
    sender.page.context.set_offline(False)
    sender.expect_processed(path)


def test_over_a_line_that_breaks_again_and_again_an_upload_goes_on_from_where_it_was(browser, service, tmp_path):
    with cutting(int(service.rpartition(":")[2])) as line:
        line.cuts.extend([Cut(up=HELD_AT)] * 200)
        with sending(browser, line.url, service, tmp_path) as sender:
            path = sender.make("cut.bin", 3_000_000)
            sender.send(path)
            sender.expect_processed(path)
            assert sender.offsets() == sorted(sender.offsets())
            assert len(set(sender.offsets())) > 2


def test_uploads_go_on_after_a_reload_of_the_page_and_a_restart_of_the_server(browser, tmp_path):
    port = free_port()
    chosen = {"FILEMILL_PORT": str(port), "FILEMILL_MAX_UPLOAD_BYTES": str(MOST_BYTES)}
    with ExitStack() as stack:
        address, server = stack.enter_context(started(tmp_path, **chosen))
        line = stack.enter_context(cutting(port))
        line.cuts.extend([Cut(up=HELD_AT, is_held=True)] * 50)
        sender = stack.enter_context(sending(browser, line.url, address, tmp_path))
        kept, left = sender.make("kept.bin", KEPT), sender.make("left.bin", LEFT)
        sender.send(kept, left, sender.make("refused.bin", MOST_BYTES + 1))
        _is_refused(sender)
        for path in (kept, left):
            expect(sender.row(path.name).locator(".size")).to_contain_text(" of ")
        sender.reload(kept, left)
        sender.requests.clear()
        sender.expect_processed(kept)
        _is_chosen_again(sender, left, kept)
        _kill(server, tmp_path / "data")
        line.cuts.clear()
        line.release()
        expect(sender.row(left.name).locator(".note")).to_have_text("The server does not answer. It goes on by itself.")
        expect(sender.word(left.name)).to_have_text("Interrupted")
        stack.enter_context(running(tmp_path, **chosen))
        sender.expect_processed(left)
        assert min(sender.offsets()) > 0
        assert len(sender.got()) == 2


def test_a_gigabyte_outlives_a_restart_of_the_server_and_a_reload_of_the_page(browser, tmp_path):
    chosen = {"FILEMILL_PORT": str(free_port()), "FILEMILL_MAX_UPLOAD_BYTES": str(GIGABYTE)}
    with ExitStack() as stack:
        address, server = stack.enter_context(started(tmp_path, **chosen))
        sender = stack.enter_context(sending(browser, address, address, tmp_path))
        path = sender.make("gigabyte.bin", GIGABYTE)
        sender.slow_down(GIGABYTE // 15)
        sender.send(path)
        _has_sent(sender, path, 0.2)
        _kill(server, tmp_path / "data")
        expect(sender.word(path.name)).to_have_text("Interrupted")
        stack.enter_context(running(tmp_path, **chosen))
        _has_sent(sender, path, 0.4)
        sender.reload(path)
        with sender.page.expect_file_chooser() as chooser:
            sender.button(f"Choose {path.name} again").click()
        sender.requests.clear()
        sender.slow_down()
        chooser.value.set_files(str(path))
        sender.expect_processed(path)
        assert min(sender.offsets()) > 0.4 * GIGABYTE
        assert len(sender.got()) == 1


def _has_sent(sender, path, share):
    track = sender.row(path.name).locator(".track").element_handle()
    sender.page.wait_for_function("([track, share]) => track.value > share", arg=[track, share])


def _kill(server, data):
    for pid in [server.pid, *descendants(server.pid)]:  # else the web process would end what it is at
        os.kill(pid, signal.SIGKILL)
    with (data / "serve.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # once its last process is gone


def _is_refused(sender):
    row = sender.row("refused.bin")
    expect(row.locator(".word")).to_have_text("Not sent")
    expect(row.locator(".note")).to_have_text(re.compile(r"^The file is too large\. .*at most 13000000"))
    expect(sender.button("Try refused.bin again")).to_be_visible()


def _is_chosen_again(sender, path, other):
    expect(sender.word(path.name)).to_have_text("Choose it again")
    for chosen in (other, path):
        with sender.page.expect_file_chooser() as chooser:
            sender.button(f"Choose {path.name} again").click()
        chooser.value.set_files(str(chosen))
        if chosen is other:
            expect(sender.row(path.name).locator(".note")).to_have_text(re.compile("^That is another file"))
    expect(sender.word(path.name)).to_have_text("Uploading")


def test_what_could_not_be_sent_goes_from_the_server_once_it_is_cancelled(browser, service, tmp_path):
    page = browser.new_page(base_url=service)
    try:
        page.goto("/")
        sender = Sender(page, service, tmp_path)
        path = sender.make("refused midway.bin", 3_000_000)
        refusal = {"title": "Refused", "detail": "By a wall between."}

        def refuse(route):
            route.fulfill(status=400, json=refusal) if route.request.method == "PATCH" else route.continue_()

        page.route("**/upload/**", refuse)
        sender.send(path)
        expect(sender.word(path.name)).to_have_text("Not sent")
        with page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
            sender.button(f"Cancel {path.name}").click()
        assert ended.value.status == 204
        expect(sender.row(path.name)).to_have_count(0)
    finally:
        page.close()
