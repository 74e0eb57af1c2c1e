"""What was built for browsers: whole, kept for ever, and silent about the machine that built it."""

from contextlib import closing
from pathlib import Path

import pytest
from django.templatetags.static import static

from filemill.web.bundle import bundle

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src/filemill/web/static/filemill/built"


@pytest.fixture
def addresses():
    built = bundle()
    return [static(path) for path in (built.script, built.style, *built.preloads)]


def test_pages_load_what_was_built_and_nothing_else(client, db, addresses):
    page = client.get("/").content.decode()
    assert [address for address in addresses if f'"{address}"' not in page] == []
    assert page.count("<script") == page.count('<link rel="stylesheet"') == 1
    assert "<style" not in page
    assert " style=" not in page


def test_what_was_built_is_kept_for_ever_and_goes_out_compressed(client, db, addresses):
    for address in addresses:
        for accepted, encoding in [("br, gzip", "br"), ("gzip", "gzip")]:
            with closing(client.get(address, headers={"Accept-Encoding": accepted})) as answer:
                assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
                assert answer.headers["Content-Encoding"] == encoding


def test_what_was_built_tells_nothing_of_the_machine_and_has_the_licences_of_its_parts():
    texts = {path: path.read_text() for path in FOLDER.iterdir() if path.suffix in {".js", ".css"}}
    assert [path for path, text in texts.items() if str(ROOT) in text or "sourceMappingURL" in text] == []
    licences = (FOLDER / "licences.txt").read_text()
    for part in ("@uppy/core", "tus-js-client"):
        assert f"\n{part} " in f"\n{licences}"
