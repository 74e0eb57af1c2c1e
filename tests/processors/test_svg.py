import select
import socket

import pytest

from filemill.core.errors import Unprocessable
from filemill.processors.image import ImageBounds, ImageProcessor
from filemill.processors.testing import Sample, conformance

SVG = "image/svg+xml"


@pytest.fixture
def facts_of(process):
    def run(content):
        result = process(ImageProcessor, content if isinstance(content, bytes) else content.encode(), SVG)
        assert result.artifacts == ()
        return result.facts

    return run


def test_the_processor_keeps_the_contract(tmp_path):
    sample = Sample("a.svg", SVG, b'<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"><g/></svg>')
    conformance(ImageProcessor, [sample], tmp_path)


def test_a_drawing_tells_its_size(facts_of):
    assert facts_of('<?xml version="1.0"?><svg width="30" height="20.4" viewBox="0 0 3 2"><g/></svg>') == {
        "format": "SVG",
        "width_pixels": 30,
        "height_pixels": 20,
        "view_box": [0.0, 0.0, 3.0, 2.0],
        "well_formed": True,
    }


@pytest.mark.parametrize(
    ("length", "pixels"),
    [
        ("1in", 96),
        ("2.54cm", 96),
        ("25.4mm", 96),
        ("72pt", 96),
        ("6pc", 96),
        (" 9.6E1 px ", 96),
        ("0.2px", 1),
        ("100%", None),
        ("3em", None),
        ("-4", None),
        ("0", None),
        ("1e400", None),
        ("wide", None),
    ],
)
def test_lengths_become_pixels_where_they_do_not_depend_on_the_page(facts_of, length, pixels):
    facts = facts_of(f'<svg width="{length}" height="{length}"/>')
    assert (facts["width_pixels"], facts["height_pixels"]) == (pixels, pixels)


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('viewBox="0 0 300 200"', (300, 200)),
        ('viewBox="-5,-5,300,200" width="100%" height="100%"', (300, 200)),
        ('viewBox="0 0 300 200" width="60"', (60, 40)),
        ('viewBox="0 0 300 200" height="20"', (30, 20)),
        ('viewBox="0 0 0 200"', (None, None)),
        ('viewBox="0 0 300"', (None, None)),
        ('viewBox="a b c d"', (None, None)),
        ("", (None, None)),
    ],
)
def test_what_lacks_follows_from_the_view_box(facts_of, attributes, size):
    facts = facts_of(f"<svg {attributes}/>")
    assert (facts["width_pixels"], facts["height_pixels"]) == size


def test_a_drawing_that_breaks_off_says_where(facts_of):
    facts = facts_of('<svg width="3" height="2">\n<g>\n</svg>')
    assert (facts["width_pixels"], facts["well_formed"]) == (3, False)
    assert facts["fault"] == "line 3, column 3: mismatched tag"


def test_what_cannot_be_read_as_xml_at_all_is_called_corrupt(process):
    with pytest.raises(Unprocessable, match="line 1, column") as caught:
        process(ImageProcessor, b'<svg width="1" width="2"></svg>', SVG)
    assert caught.value.reason_code == "corrupt"


@pytest.mark.parametrize("name", ["shift_jis", "nonsense"])
def test_a_drawing_in_an_encoding_that_the_parser_lacks_is_no_failure(facts_of, name):
    facts = facts_of(f'<?xml version="1.0" encoding="{name}"?><svg width="3"/>')
    assert (facts["width_pixels"], facts["well_formed"]) == (None, None)


def test_of_a_very_long_drawing_only_the_start_is_read(facts_of, monkeypatch):
    monkeypatch.setattr(ImageProcessor, "bounds", ImageBounds(svg_bytes=2 * 1024 * 1024))
    facts = facts_of('<svg width="3" height="2">' + "<g/>" * 600_000 + "</svg")
    assert (facts["width_pixels"], facts["well_formed"]) == (3, None)


def test_entities_that_multiply_end_the_reading(facts_of):
    entities = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10))
    bomb = f'<!DOCTYPE svg [<!ENTITY e0 "{"x" * 1000}">{entities}]><svg width="3" height="2">&e9;</svg>'
    facts = facts_of(bomb)
    assert (facts["width_pixels"], facts["well_formed"]) == (3, False)


def test_nothing_that_a_drawing_refers_to_is_fetched(facts_of, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("77")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        facts = facts_of(
            f'<?xml-stylesheet href="{address}"?><!DOCTYPE svg SYSTEM "{address}" ['
            f'<!ENTITY % far SYSTEM "{address}">%far;<!ENTITY away SYSTEM "{address}">'
            f'<!ENTITY near SYSTEM "file://{secret}">]>'
            f'<svg width="3" height="2" viewBox="0 0 3 2"><image href="{address}"/>&near;&away;</svg>'
        )
        assert select.select([listener], [], [], 0)[0] == []
    assert facts["width_pixels"] == 3
    assert "77" not in str(facts)
