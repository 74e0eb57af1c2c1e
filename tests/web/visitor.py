"""A browser that opens addresses in every way, and returns when all of them have loaded and run.

A page's load event comes after that of every frame, and after every image that its scripts ask for: what a canary sings
by `new Image` has been heard then. That this is so is part of what the canaries show where files are served naively.
"""

import contextlib
import html
from typing import Any

from playwright.sync_api import Error
from system.conftest import until

#: Ways to open an address in a page; the page's load event waits for each of these.
MARKUP = {
    "iframe": '<iframe src="{url}"></iframe>',
    "object": '<object data="{url}"></object>',
    "typed object": '<object data="{url}" type="{lie}"></object>',
    "embed": '<embed src="{url}">',
    "typed embed": '<embed src="{url}" type="{lie}">',
    "image": '<img src="{url}">',
    "script": '<script src="{url}"></script>',
    "module": '<script type="module" src="{url}"></script>',
    "style": '<link rel="stylesheet" href="{url}">',
    "video": '<video src="{url}" autoplay></video>',
}
#: Ways that need a script; each gives a promise that is kept once the address has run, or was refused.
SCRIPTS = {
    "worker": "url => new Promise(done => { const it = keep(new Worker(url)); it.onmessage = it.onerror = done })",
    # Chromium on a busy machine loses the error event of a shared worker now and then: another one is asked.
    "shared worker": """url => new Promise(done => {
        const ask = () => { keep(new SharedWorker(url, `${held.length}`)).onerror = refused };
        const again = setInterval(ask, 3000), refused = () => done(clearInterval(again));
        ask();
    })""",
    "service worker": "url => navigator.serviceWorker.register(url).catch(() => {})",
    "stylesheet": """url => new Promise(done => {
        const sheet = `<?xml-stylesheet type="text/xsl" href="${new URL(url, location)}"?><data/>`;
        const src = URL.createObjectURL(new Blob([sheet], {type: "text/xml"}));
        document.body.append(Object.assign(document.createElement("iframe"), {onload: done, src}));
    })""",
}
#: A worker that nobody holds may be collected before it tells; a promise that nobody keeps must not hang the tests.
_ALL = """async urls => {{
    const held = [], keep = worker => (held.push(worker), worker);
    await Promise.race([
        Promise.all(urls.map({way})),
        new Promise((_, fail) => setTimeout(() => fail(new Error(held.length)), 120000)),
    ]);
}}"""
EVERY_WAY = (*MARKUP, *SCRIPTS)
#: A page of the origin without any policy: what a hole elsewhere would give to an attacker.
OPENER = "/healthz"


class Visitor:
    """A browser that opens addresses of one origin."""

    def __init__(self, browser: Any, origin: str) -> None:
        self.origin = origin
        self.context = browser.new_context(base_url=origin)
        self.context.set_default_timeout(120_000)  # other tests use the same cores
        self.page = self.context.new_page()

    def navigate(self, url: str, accept: str = "*/*") -> str:
        """Go to an address and return the title of what is there once it has loaded, and so its scripts have run."""
        self.page.set_extra_http_headers({"Accept": accept})
        with contextlib.suppress(Error):  # a download is no page
            self.page.goto(url)
        return self.page.title()

    def embed(self, files: list[tuple[str, str]], *ways: str) -> str:
        """Open addresses, each with the type that it claims, from a page of the origin; return its title then."""
        safe = [(html.escape(url), html.escape(lie)) for url, lie in files]
        self.page.goto(f"{self.origin}{OPENER}")
        self.page.set_content(
            "".join(MARKUP[way].format(url=url, lie=lie) for way in ways if way in MARKUP for url, lie in safe)
        )
        for way in ways:
            if way in SCRIPTS:
                self.page.evaluate(_ALL.format(way=SCRIPTS[way]), [url for url, _ in files])
        return self.page.title()

    def windows(self, urls: list[str]) -> None:
        """Open addresses in windows of their own, all at once, and close these when each is a page or a download."""
        self.page.goto(f"{self.origin}{OPENER}")
        settled, opened = [], []

        def follow(window: Any) -> None:
            opened.append(window)
            window.on("load", lambda page: settled.append(page.url))

        self.page.on("download", lambda download: settled.append(download.url))  # its window never becomes a page
        self.context.on("page", follow)
        self.page.evaluate("urls => urls.forEach(url => window.open(url))", urls)
        until(lambda: self.page.evaluate("true") and len(settled) == len(urls))  # events come only during calls
        self.context.remove_listener("page", follow)
        for window in opened:
            window.close()

    def traces(self) -> dict[str, object]:
        """Return what a script left in the origin: its cookies and its storage."""
        self.page.goto(f"{self.origin}{OPENER}")
        stored = self.page.evaluate("localStorage.getItem('canary')")
        return {"cookie": [each for each in self.context.cookies() if each["name"] == "canary"], "stored": stored}
