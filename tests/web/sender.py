"""A page that files are sent from, as a person sees and uses it."""

import hashlib
import json
import os
import urllib.request
from contextlib import closing, contextmanager

from playwright.sync_api import expect
from system.conftest import until

WITHIN_MS = 60_000
#: The browser has written down that a file is on its way, and its bytes, where these are not too many.
KEPT = """([name, size]) => new Promise(done => {
  const opening = indexedDB.open("uppy-blobs");
  opening.onsuccess = () => {
    const look = opening.result.transaction(["metadata", "files"]);
    const [told, kept] = ["metadata", "files"].map(each => look.objectStore(each).getAll());
    look.oncomplete = () => {
      opening.result.close();
      const isWhole = size > 10 * 2 ** 20 || kept.result.some(({data}) => data.name === name);
      done(isWhole && JSON.stringify(told.result).includes(name));
    };
  };
})"""
#: Keep what is said from here on: other words follow some of it at once.
HEAR = """() => {
  const said = document.getElementById("said");
  window.heard = [];
  const note = () => heard.push(said.textContent);
  new MutationObserver(note).observe(said, {childList: true, subtree: true, characterData: true});
}"""


class Sender:
    """A page that files are sent from, and what its service then has."""

    def __init__(self, page, address, folder):
        self.page, self.address, self.folder = page, address, folder
        self.network = page.context.new_cdp_session(page)
        self.requests = []
        page.on("request", lambda request: self.requests.append(request))

    def make(self, name, size):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(os.urandom(size))
        return path

    def send(self, *paths, by="#file"):
        self.page.locator(by).set_input_files([str(path) for path in paths] if by == "#file" else str(paths[0]))

    def reload(self, *paths):
        """Load the page anew, which then knows of these files."""
        for path in paths:
            self.page.wait_for_function(KEPT, arg=[path.name, path.stat().st_size])
        self.page.reload()

    def row(self, name):
        return self.page.locator(".row", has=self.page.get_by_text(name, exact=True)).first

    def word(self, name):
        return self.row(name).locator(".word")

    def button(self, words):
        return self.page.get_by_role("button", name=words, exact=True)

    def until(self, condition):
        """Wait for something that events of the browser bring about."""
        until(lambda: self.page.wait_for_timeout(10) or condition())

    def slow_down(self, bytes_per_second=-1):
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
        self.network.send("Network.emulateNetworkConditions", conditions)

    def offsets(self):
        return [int(each.headers["upload-offset"]) for each in self.requests if each.method == "PATCH"]

    def got(self, query=""):
        with urllib.request.urlopen(f"{self.address}/files/?page_size=200&{query}", timeout=30) as answer:
            return json.load(answer)["results"]

    def has(self, path):
        return hashlib.sha256(path.read_bytes()).hexdigest() in {each["sha256"] for each in self.got()}

    def expect_heard(self, words):
        self.page.wait_for_function("words => heard.some(said => said.includes(words))", arg=words)

    def expect_processed(self, *paths):
        for path in paths:
            expect(self.word(path.name)).to_have_text("Processed", timeout=WITHIN_MS)
            assert self.has(path)


@contextmanager
def sending(browser, address, behind, folder):
    """Open the page at an address, its service being at another one, perhaps."""
    with closing(browser.new_context(base_url=address)) as context:
        page = context.new_page()
        page.on("dialog", lambda dialog: dialog.accept())  # leaving although something is on its way
        page.goto("/")
        yield Sender(page, behind, folder)
