"""One real browser for all tests of a process: Playwright's synchronous half can be started but once."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


@pytest.fixture(scope="session")
def browser(django_db_setup: object) -> Iterator[Any]:
    """Start Chromium; Playwright lets this thread run a loop, beside which Django makes no database."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # other tests use the same cores
    program = shutil.which("chromium")
    if program is None:
        pytest.fail("chromium is not installed; scripts/test-programs installs it.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS.split())
        yield chromium
        chromium.close()
