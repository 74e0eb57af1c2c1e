"""No script of any uploaded file runs in our origin, however the file is opened; if one did, it would be heard."""

import json
from collections.abc import Iterator
from itertools import cycle

import httpx
import pytest
from web import canaries
from web.canaries import HOSTILE_NAME, TITLE, Canary, Server
from web.visitor import EVERY_WAY, Visitor

ACCEPTS = ["*/*", "text/html", "image/svg+xml,application/xhtml+xml"]
QUERIES = ["", "?format=html", "/?a.html", "/?download=0&inline=1"]


@pytest.fixture(scope="module")
def listener() -> Iterator[Server]:
    with Server.running() as server:
        yield server


@pytest.fixture(scope="module")
def files(listener, service) -> list[tuple[Canary, dict]]:
    """Upload every canary, under its own name and a hostile one, and wait until nothing is left to do with it."""
    found = []
    with httpx.Client(base_url=service, timeout=60) as client:
        for canary in canaries.all_of(listener.url):
            for name in (canary.name, HOSTILE_NAME):
                metadata = json.dumps({HOSTILE_NAME: HOSTILE_NAME})
                form = {"file": (name, canary.content, canary.lie)}
                sent = client.post("/upload/", files=form, data={"metadata": metadata})
                assert sent.status_code == 201, sent.text
                found.append((canary, sent.json()))
        return [(canary, _done(client, file)) for canary, file in found]


def _done(client: httpx.Client, file: dict) -> dict:
    while file["status"] in {"queued", "processing"}:
        file = client.get(f"/files/{file['id']}/?wait=30").json()
    return file


@pytest.fixture
def visitor(browser, service, listener) -> Iterator[Visitor]:
    visitor = Visitor(browser, service)
    listener.asked.clear()
    yield visitor
    assert listener.asked == []
    assert visitor.traces() == {"cookie": [], "stored": None}
    visitor.context.close()


def test_the_canaries_sing_where_files_are_served_naively(browser):
    with Server.running() as listener, Server.running() as naive:
        visitor = Visitor(browser, naive.url)
        for canary in canaries.all_of(listener.url):
            if not canary.by:
                continue
            address = f"/{canary.name}"
            naive.files[address] = (canary.truth, canary.content)
            if canary.by == "navigate":
                title = visitor.navigate(address)
                assert title == TITLE or canary.truth != "text/html", canary.name
            else:
                visitor.embed([(address, canary.truth)], canary.by)
            assert address in listener.asked, canary.name
        assert visitor.traces()["stored"] == "1"
        visitor.context.close()


def test_no_uploaded_file_runs_when_its_address_is_opened(visitor, files):
    for (_canary, file), query, accept in zip(files, cycle(QUERIES), cycle(ACCEPTS)):
        assert visitor.navigate(f"/files/{file['id']}/content/", "text/html") != TITLE
        assert visitor.navigate(f"/files/{file['id']}/content{query}", accept) != TITLE


def test_no_uploaded_file_runs_in_a_window_of_ours(visitor, files):
    visitor.windows([f"/files/{file['id']}/content/" for _, file in files[::2]])  # the names make no difference here


def test_no_uploaded_file_runs_when_a_page_of_our_own_origin_embeds_it(visitor, files):
    embedded = [(f"/files/{file['id']}/content/", canary.lie) for canary, file in files[::2]]
    assert visitor.embed(embedded, *EVERY_WAY) != TITLE


def test_no_artifact_runs(visitor, files):
    addresses = sorted({each["url"] for _, file in files[::2] for each in file["artifacts"]})
    assert len(addresses) > 5
    assert visitor.embed([(address, "text/html") for address in addresses], *EVERY_WAY) != TITLE
    for address in addresses:
        assert visitor.navigate(address, "text/html") != TITLE


def test_no_page_runs_what_it_shows(visitor, files):
    pages = [
        "/",
        "/?view=grid",
        "/app/activity/",
        "/app/account/",
        "/app/list/",
        "/docs/",
        "/openapi.json",
        "/files/",
        "/?name=<svg onload=document.title='taken'>",
    ]
    pages += ["/files/?a=<svg onload=document.title='taken'>", "/<svg onload=document.title='taken'>"]
    pages += ["/docs/problems/<svg onload=document.title='taken'>/", "/app/files/<svg onload=document.title='taken'>/"]
    for _, file in files[1::2]:
        pages += [f"/app/files/{file['id']}/", f"/app/files/{file['id']}/live/", f"/files/{file['id']}/"]
    for address in pages:
        assert visitor.navigate(address, "text/html") != TITLE, address


def test_the_list_runs_no_name_that_it_shows(visitor, files):
    page = visitor.page
    page.goto("/?view=grid&page_size=200")
    page.locator("#choose-all").check()
    page.get_by_role("button", name="Delete…").click()
    assert "<" in page.locator("#sure li").first.text_content()
    page.get_by_role("button", name="Keep them").click()
    with page.expect_navigation():  # as it is without a script
        page.evaluate("HTMLFormElement.prototype.submit.call(Object.assign(chosen, { action: '/app/chosen/delete/' }))")
    assert "<" in page.locator(".names li").first.text_content()
    assert page.title() != TITLE


def test_no_page_of_the_admin_runs_what_it_shows(visitor, files, administrator):
    page = visitor.page
    page.goto("/admin/login/")
    page.get_by_label("Username:").fill(administrator[0])
    page.get_by_label("Password:").fill(administrator[1])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    lists = ["/admin/files/file/", "/admin/processing/job/", "/admin/processing/artifact/"]
    for address in [*lists, *(f"/admin/files/file/{file['id']}/change/" for _, file in files[1:8:2])]:
        title = visitor.navigate(address, "text/html")
        assert title.endswith("| Django site admin"), (address, title)
