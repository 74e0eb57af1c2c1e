"""Opens the pages of files in Chromium, and says what a person would find wrong with them."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]
_WRONG = """
() => {
  const broken = [...document.images].filter((each) => each.complete && !each.naturalWidth).map((each) => each.src);
  const root = document.documentElement;
  return [
    ...broken.map((source) => `a picture that is none: ${source}`),
    ...(root.scrollWidth > root.clientWidth ? ["it is wider than the window"] : []),
  ];
}
"""


class Pages:
    """A browser with one page, in front of one service."""

    def __init__(self, page: Any) -> None:  # noqa: ANN401  # Playwright is no dependency of the type check
        self._page = page
        self._complaints: list[str] = []
        page.on("console", lambda message: self._complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self._complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self._complaints.append("a dialog"), dialog.dismiss()))

    def wrong(self, file: Json) -> list[str]:
        """Open a file's page; return what is wrong with it."""
        self._complaints.clear()
        answer = self._page.goto(f"/app/files/{file['id']}/", wait_until="load")
        if answer.status != 200:
            return [f"page: {answer.status}"]
        found = [*self._complaints, *self._page.evaluate(_WRONG)]
        panes = self._page.locator("#panes .pane").count()
        if any(each["size"] for each in file["artifacts"]) and not panes:
            found.append(f"no preview, although there are {len(file['artifacts'])} artifacts")
        if not panes and not self._page.locator("#panes .nothing, #error").count():
            found.append("it shows nothing, and does not say so")
        if file["error"] and file["error"]["title"] not in self._page.locator("#error").inner_text():
            found.append("it does not say why")
        return [f"page: {each}" for each in found]


@contextmanager
def pages(address: str) -> Iterator[Pages]:
    """Start a browser for the service at an address."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield Pages(browser.new_page(base_url=address, viewport={"width": 360, "height": 740}))
        browser.close()
