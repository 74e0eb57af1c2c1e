"""A server, a page of another site, and clients to send with."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from api.conftest import PATIENCE_SECONDS, Web
from clients import senders
from clients.senders import Send
from web.conftest import empty_page

LARGEST_UPLOAD = 50_000_000


@pytest.fixture(scope="session")
def other_site() -> Iterator[str]:
    """Serve an empty page at another origin, which the server lets in."""
    with empty_page() as address:
        yield address


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, migrated: Callable[[Path], dict[str, str]], other_site: str
) -> Iterator[Web]:
    """Run a server of two processes that asks for tokens; its client has one."""
    folder = tmp_path_factory.mktemp("server")
    chosen = {"ACCESS": "token", "CORS_ORIGINS": other_site, "WEB_PROCESSES": "2", "MAX_UPLOAD_BYTES": LARGEST_UPLOAD}
    web = Web(folder, **migrated(folder / "data"), **{f"FILEMILL_{name}": str(each) for name, each in chosen.items()})
    process = web.run("web")
    web.wait_until_it_answers(process)
    web.client.headers["Authorization"] = f"Bearer {command(web, 'token', 'create', 'anna', '--new').strip()}"
    yield web
    web.client.close()
    process.terminate()
    process.wait(PATIENCE_SECONDS)


def command(web: Web, *words: str, **environment: str) -> str:
    """Run a command of Filemill at the server's data; return what it says."""
    program = [sys.executable, "-m", "filemill.cli.main", *words]
    return subprocess.run(
        program, env=web.environment | environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


@pytest.fixture(params=["curl", "tuspy", "tus_js_client", "uppy"])
def send(request: pytest.FixtureRequest) -> Send:
    """Send files with one of the clients: send(url, token, samples, at_once)."""
    if request.param == "uppy":
        return senders.by_uppy(request.getfixturevalue("page"))
    sender: Send = getattr(senders, f"by_{request.param}")
    return sender


@pytest.fixture
def page(browser: Any, other_site: str) -> Iterator[Any]:
    """Open the other site's page, with Uppy in it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(other_site)
    page.set_content("<input type=file multiple>")
    page.add_script_tag(content=senders.uppy())
    yield page
    context.close()
