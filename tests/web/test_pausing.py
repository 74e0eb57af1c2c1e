"""Files on their way in that are paused, left behind and cancelled, one by one and all; and what is said of all."""

import os
import re

from playwright.sync_api import expect

from .sender import HEAR

GIGABYTE = 1_000_000_000
LEFT = 10_600_000  # above what a browser keeps for the time after a reload
SLOW = 400_000


def begin(sender, *paths):
    sender.slow_down(SLOW)
    sender.send(*paths)
    for path in paths:
        expect(sender.row(path.name).locator(".size")).to_contain_text(" of ")


def stop_the_clock(sender):
    sender.page.clock.pause_at(sender.page.evaluate("Date.now() + 5000"))


def expect_said(sender, words):
    sender.page.clock.fast_forward(5000)  # for it waits between words
    expect(sender.page.locator("#said")).to_have_text(words)


def test_the_time_left_is_of_what_goes_on_by_itself(sender):
    refused, paused, going = (sender.make(f"{name}.bin", 0) for name in ("refused", "paused", "going"))
    for path, size in ((refused, GIGABYTE), (paused, GIGABYTE), (going, 20_000_000)):
        os.truncate(path, size)
    sender.page.route("**/upload/", lambda route: route.fulfill(status=413), times=1)
    sender.send(refused)
    expect(sender.word(refused.name)).to_have_text("Not sent")
    begin(sender, paused)
    sender.button(f"Pause {paused.name}").click()
    begin(sender, going)
    expect(sender.page.locator("[data-words]")).to_have_text(re.compile(r" \d+ s left$"))


def test_what_can_be_paused_or_resumed_at_once_is_what_is_there_to_be(sender):
    paths = [sender.make(f"{name}.bin", 3_000_000) for name in ("one", "two")]
    sender.page.clock.install()
    begin(sender, *paths)
    for path in paths:
        sender.button(f"Pause {path.name}").click()
    sender.button("Resume all").click()
    for path in paths:
        expect(sender.word(path.name)).to_have_text("Uploading")
    sender.button("Pause all").click()
    for path in paths:
        expect(sender.word(path.name)).to_have_text("Paused")
    expect(sender.page.locator("[data-words]")).to_have_text(re.compile("paused$"))
    sender.button("Resume one.bin").click()
    sender.button("Pause all").click()
    expect(sender.word("one.bin")).to_have_text("Paused")
    for path in paths:
        sender.button(f"Cancel {path.name}").click()
    expect_said(sender, re.compile(r"The upload of two\.bin was cancelled\.$"))
    expect(sender.page.locator("#under-way")).to_be_hidden()
    sender.slow_down()
    later = sender.make("later.bin", 3)
    sender.send(later)
    sender.expect_processed(later)


def test_that_all_were_cancelled_is_said(sender):
    sender.page.evaluate(HEAR)
    begin(sender, *(sender.make(f"{name}.bin", 3_000_000) for name in ("one", "two")))
    sender.button("Cancel all").click()
    sender.expect_heard("2 uploads were cancelled.")
    expect(sender.page.locator("#under-way")).to_be_hidden()


def test_what_was_left_behind_and_is_chosen_again_waits_in_its_row_as_all_others_do(sender):
    left, *others = (sender.make(f"{name}.bin", LEFT) for name in ("left", "one", "two"))
    sender.page.clock.install()
    sender.slow_down(SLOW)
    stop_the_clock(sender)  # nothing but that it was chosen is written down
    sender.send(left)
    sender.reload(left)
    sender.page.clock.resume()
    expect_said(sender, "1 file waits to be chosen again.")
    begin(sender, *others)
    sender.button("Pause all").click()
    with sender.page.expect_file_chooser() as chooser:
        sender.button("Choose left.bin again").click()
    chooser.value.set_files(str(left))
    expect(sender.word(left.name)).to_have_text("Paused")
    expect_said(sender, "1 file to send.")
    sender.slow_down()
    sender.button("Resume left.bin").click()
    sender.expect_processed(left)
    expect(sender.word(others[0].name)).to_have_text("Paused")
    sender.button("Resume all").click()
    sender.expect_processed(*others)
    expect_said(sender, "3 files arrived.")


def test_a_cancelled_file_that_is_sent_again_is_not_looked_for_where_it_was_deleted(sender):
    path = sender.make("cancelled.bin", 3_000_000)
    begin(sender, path)
    with sender.page.expect_response(lambda answer: answer.request.method == "DELETE"):
        sender.button(f"Cancel {path.name}").click()
    sender.slow_down()
    sender.send(path)
    sender.expect_processed(path)
    assert "HEAD" not in {request.method for request in sender.requests}


def test_the_buttons_of_a_row_whose_file_has_arrived_do_nothing(sender):
    for number in range(120):
        sender.make(f"pressed/pressed-{number}.bin", 1)
    sender.page.clock.install()
    sender.page.route("**/upload/", lambda route: None)
    sender.send(sender.folder / "pressed", by="#folder")
    expect(sender.page.locator(".more")).to_be_visible()
    stop_the_clock(sender)  # nothing is drawn from here on
    sender.page.unroute_all()
    sender.until(lambda: len(sender.got("name=pressed-")) == 120)
    for _ in ("pause", "resume"):
        sender.page.locator("#rows [data-act=pause]").first.dispatch_event("click")
    sender.page.clock.resume()
    expect(sender.page.locator("[data-words]")).to_have_text("120 files arrived.")
    assert len(sender.got("name=pressed-")) == 120
