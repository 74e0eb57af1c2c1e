"""No script of any uploaded file runs in our origin, however the file is opened; if one did, it would be heard."""

import contextlib
import json
from collections.abc import Iterator
from itertools import cycle

import httpx
import pytest
from playwright.sync_api import Error
from system.conftest import until
from web import canaries
from web.canaries import HOSTILE_NAME, TITLE, Canary, Server

OPENERS = {
    "iframe": "document.body.append(Object.assign(document.createElement('iframe'), {src: url}))",
    "object": "document.body.append(Object.assign(document.createElement('object'), {data: url}))",
    "typed object": "document.body.append(Object.assign(document.createElement('object'), {data: url, type: lie}))",
    "embed": "document.body.append(Object.assign(document.createElement('embed'), {src: url}))",
    "typed embed": "document.body.append(Object.assign(document.createElement('embed'), {src: url, type: lie}))",
    "image": "document.body.append(Object.assign(document.createElement('img'), {src: url}))",
    "script": "document.body.append(Object.assign(document.createElement('script'), {src: url}))",
    "module": "document.body.append(Object.assign(document.createElement('script'), {src: url, type: 'module'}))",
    "style": "document.head.append(Object.assign(document.createElement('link'), {rel: 'stylesheet', href: url}))",
    "video": "document.body.append(Object.assign(document.createElement('video'), {src: url, autoplay: true}))",
    "worker": "try { new Worker(url) } catch (error) {}",
    "shared worker": "try { new SharedWorker(url) } catch (error) {}",
    "service worker": "navigator.serviceWorker && navigator.serviceWorker.register(url).catch(() => {})",
    "window": "window.open(url)",
}
#: A page of the origin that has no policy of its own: what a hole elsewhere would give to an attacker.
OPENER = "/healthz"
SETTLE_MS = 400  # the canaries of the first test have sung by then; nothing fails for being slow
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
                file = client.get(f"/files/{sent.json()['id']}/?wait=30").json()
                while file["status"] in {"queued", "processing"}:
                    file = client.get(f"/files/{file['id']}/?wait=30").json()
                found.append((canary, file))
    return found


class Visitor:
    """A browser that opens addresses in every way."""

    def __init__(self, browser, origin: str) -> None:
        self.origin = origin
        self.context = browser.new_context(base_url=origin)

    def navigate(self, url: str, accept: str = "*/*") -> str:
        """Go to an address and return the title of what is there then."""
        page = self.context.new_page()
        page.set_extra_http_headers({"Accept": accept})
        with contextlib.suppress(Error):  # a download is no page
            page.goto(url)  # until it has loaded: scripts have run then
        title = page.title()
        page.close()
        return title

    def embed(self, url: str, lie: str, *ways: str) -> str:
        """Open an address from a page of its origin in the given ways; return the title of that page then."""
        page = self.context.new_page()
        page.goto(f"{self.origin}{OPENER}")
        page.evaluate(f"([url, lie]) => {{ {'; '.join(OPENERS[way] for way in ways)} }}", [url, lie])
        page.wait_for_timeout(SETTLE_MS)
        title = page.title()
        for each in self.context.pages:
            each.close()
        return title

    def traces(self) -> dict[str, object]:
        """Return what a script left in the origin: its cookies and its storage."""
        page = self.context.new_page()
        page.goto(f"{self.origin}{OPENER}")
        stored = page.evaluate("localStorage.getItem('canary')")
        page.close()
        return {"cookie": [each for each in self.context.cookies() if each["name"] == "canary"], "stored": stored}


@pytest.fixture
def visitor(browser, service, listener) -> Iterator[Visitor]:
    listener.asked.clear()
    visitor = Visitor(browser, service)
    yield visitor
    assert listener.asked == []
    assert visitor.traces() == {"cookie": [], "stored": None}
    visitor.context.close()


def test_the_canaries_sing_where_files_are_served_naively(browser, listener):
    listener.asked.clear()
    with Server.running() as naive:
        visitor = Visitor(browser, naive.url)
        for canary in canaries.all_of(listener.url):
            if not canary.by:
                continue
            address = f"/{canary.name}"
            naive.files[address] = (canary.truth, canary.content)
            if canary.by == "navigate":
                title = visitor.navigate(naive.url + address)
                assert title == TITLE or canary.truth != "text/html", canary.name
            else:
                visitor.embed(naive.url + address, canary.truth, canary.by)
            until(lambda: address in listener.asked)  # noqa: B023  # called at once
        assert visitor.traces()["stored"] == "1"
        visitor.context.close()


def test_no_uploaded_file_runs_when_its_address_is_opened(visitor, files):
    for (_canary, file), query, accept in zip(files, cycle(QUERIES), cycle(ACCEPTS)):
        assert visitor.navigate(f"/files/{file['id']}/content/", "text/html") != TITLE
        assert visitor.navigate(f"/files/{file['id']}/content{query}", accept) != TITLE


def test_no_uploaded_file_runs_when_a_page_of_our_own_origin_embeds_it(visitor, files):
    for canary, file in files[::2]:  # the names make no difference here
        assert visitor.embed(f"/files/{file['id']}/content/", canary.lie, *OPENERS) != TITLE


def test_no_artifact_runs(visitor, files):
    addresses = {each["url"] for _, file in files[::2] for each in file["artifacts"]}
    assert len(addresses) > 5
    for address in sorted(addresses):
        assert visitor.navigate(address, "text/html") != TITLE
        assert visitor.embed(address, "text/html", *OPENERS) != TITLE


def test_no_page_runs_what_it_shows(visitor, files):
    pages = ["/", "/app/list/", "/docs/", "/openapi.json", "/files/", "/?name=<svg onload=document.title='taken'>"]
    pages += ["/files/?a=<svg onload=document.title='taken'>", "/<svg onload=document.title='taken'>"]
    pages += ["/docs/problems/<svg onload=document.title='taken'>/", "/app/files/<svg onload=document.title='taken'>/"]
    for _, file in files[1::2]:
        pages += [f"/app/files/{file['id']}/", f"/app/files/{file['id']}/live/", f"/files/{file['id']}/"]
    for address in pages:
        assert visitor.navigate(address, "text/html") != TITLE, address


def test_no_page_of_the_admin_runs_what_it_shows(visitor, files, administrator):
    page = visitor.context.new_page()
    page.goto("/admin/login/")
    page.get_by_label("Username:").fill(administrator[0])
    page.get_by_label("Password:").fill(administrator[1])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    page.close()
    lists = ["/admin/files/file/", "/admin/processing/job/", "/admin/processing/artifact/"]
    for address in [*lists, *(f"/admin/files/file/{file['id']}/change/" for _, file in files[1:8:2])]:
        title = visitor.navigate(address, "text/html")
        assert title.endswith("| Django site admin"), (address, title)
