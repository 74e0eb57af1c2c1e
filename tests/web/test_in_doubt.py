"""Small files, of which the page does not know for a while whether they have arrived."""

import os
import urllib.request
from contextlib import contextmanager

from playwright.sync_api import expect

from .sender import KEPT

LOOK = "**/files/?sha256=*"


@contextmanager
def answers_held(sender):
    """Hold what the server answers to whole files; yield the answers, which `lose` takes."""
    held = []
    sender.network.on("Fetch.requestPaused", lambda answer: held.append(answer))
    sender.network.send("Fetch.enable", {"patterns": [{"urlPattern": "*/upload/", "requestStage": "Response"}]})
    yield held
    sender.network.send("Fetch.disable")


def lose(sender, answer):
    sender.network.send("Fetch.failRequest", {"requestId": answer["requestId"], "errorReason": "ConnectionReset"})


def expect_once(sender, path):
    sender.expect_processed(path)
    expect(sender.page.locator("[data-words]")).to_have_text("1 file arrived.")
    assert [each["name"] for each in sender.got()].count(path.name) == 1


def test_a_file_that_is_paused_before_its_answer_comes_comes_once(sender):
    path = sender.make("paused late.bin", 1000)
    with answers_held(sender) as held:
        sender.send(path)
        sender.until(lambda: held)
        sender.button(f"Pause {path.name}").click()
    sender.button(f"Resume {path.name}").click()
    expect_once(sender, path)


def look_again(sender, path, looks):
    """Pause and resume while a look for the file is held, then let both looks go."""
    sender.button(f"Pause {path.name}").click()
    sender.button(f"Resume {path.name}").click()
    sender.until(lambda: len(looks) == 2)
    for look in looks:
        look.continue_()


def test_a_file_whose_answer_is_lost_comes_once(sender):
    path = sender.make("answer lost.bin", 1000)
    with answers_held(sender) as held:
        sender.send(path)
        sender.until(lambda: held)
        lose(sender, held[0])
        expect_once(sender, path)


def test_a_file_that_is_looked_for_twice_at_once_comes_once(sender):
    path, looks = sender.make("looked for twice.bin", 1000), []
    sender.page.route(LOOK, lambda route: looks.append(route))
    with answers_held(sender) as held:
        sender.send(path)
        sender.until(lambda: held)
        lose(sender, held[0])
        sender.until(lambda: looks)
    look_again(sender, path, looks)
    expect_once(sender, path)


def test_a_file_that_has_not_arrived_and_is_looked_for_twice_at_once_comes_once(sender):
    path, looks = sender.make("not there.bin", 1000), []
    sender.page.route(LOOK, lambda route: looks.append(route))
    sender.page.route("**/upload/", lambda route: route.abort(), times=1)
    sender.send(path)
    sender.until(lambda: looks)
    look_again(sender, path, looks)
    expect_once(sender, path)


def test_a_file_that_could_not_be_read_meanwhile_and_is_tried_again_comes_once(sender):
    path = sender.make("tried again.bin", 1000)
    times = path.stat().st_mtime_ns
    with answers_held(sender) as held:
        sender.send(path)
        sender.until(lambda: held)
        os.utime(path, (1, 1))
        lose(sender, held[0])
        expect(sender.word(path.name)).to_have_text("Not sent")
    os.utime(path, ns=(times, times))
    sender.button(f"Try {path.name} again").click()
    expect_once(sender, path)


def test_a_file_that_is_refused_after_a_reload_and_tried_again_comes_once(sender):
    path = sender.make("reloaded.bin", 1000)
    with answers_held(sender) as held:
        sender.send(path)
        sender.until(lambda: held)
        sender.page.route(LOOK, lambda route: route.fulfill(json={"results": []}), times=1)  # it is still being written
        sender.page.route("**/upload/", lambda route: route.fulfill(status=413), times=1)
        sender.reload(path)
    expect(sender.word(path.name)).to_have_text("Not sent")
    sender.button(f"Try {path.name} again").click()
    expect_once(sender, path)


def test_what_is_left_as_it_arrives_and_deleted_meanwhile_is_not_asked_for_again(sender):
    page, path, other = sender.page, sender.make("left as it arrives.txt", 500), sender.make("the next one.txt", 500)
    with answers_held(sender) as held:
        sender.send(path)
        sender.until(lambda: held)
        page.wait_for_function(KEPT, arg=[path.name, 500])
        page.evaluate("IDBObjectStore.prototype.put = () => {}")  # what is written down a moment later never is
    [file] = sender.got("name=left%20as%20it%20arrives")
    page.locator(f"#file-{file['id']}").wait_for()
    page.goto("/app/activity/")
    request = urllib.request.Request(f"{sender.address}/files/{file['id']}/", method="DELETE")
    urllib.request.urlopen(request, timeout=30).close()
    page.goto("/")
    sender.send(other)  # which waits for what the browser kept
    sender.expect_processed(other)
    expect(page.locator("[data-words]")).to_have_text("1 file arrived.")  # all that is there is drawn by then
    expect(sender.row(path.name)).to_have_count(0)
    assert not sender.has(path)
