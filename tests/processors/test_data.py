import json
import random
import socket
import subprocess
import sys
import textwrap
import threading

import pytest

from filemill.core.errors import Unprocessable
from filemill.processors.base import Source, Workspace
from filemill.processors.data import findings
from filemill.processors.data.bounds import Bounds
from filemill.processors.data.processor import DataProcessor
from filemill.processors.data.reading import read
from filemill.processors.testing import Sample, conformance

JSON, XML, YAML, TOML = "application/json", "application/xml", "application/yaml", "application/toml"
SOUND = {
    JSON: '{"name": "mill", "sizes": [1, 2.5, -3e2], "open": true, "owner": {"name": null, "city": "Кёльн"}}',
    XML: '<?xml version="1.0"?>\n<feed xmlns="http://example.org/f"><entry id="1">A &amp; B</entry><entry/></feed>',
    YAML: "name: mill\nsizes:\n- 1\n- 2\nowner:\n  city: Köln\n",
    TOML: 'name = "mill"\n[owner]\ncity = "Köln"\nsizes = [1, 2]\n',
}
#: What each format calls broken, and where.
BROKEN = {
    JSON: ('{\n "a": 1,\n "b": [1, }\n}', 3, 11),
    XML: ("<a>\n <b>\n</a>", 3, 3),
    YAML: ("a: 1\nb: [1, 2\nc: 3\n", 3, 2),
    TOML: ("a = 1\nb = \n", 2, 5),
}


@pytest.fixture
def find(process):
    """Return the facts of a document and its preview."""

    def run(content, media_type=JSON):
        raw = content.encode() if isinstance(content, str) else content
        result = process(DataProcessor, raw, media_type)
        for made in result.artifacts:
            assert (made.name, made.media_type) == ("preview", "text/plain")
            return result.facts, made.path.read_bytes().decode()
        return result.facts, ""

    return run


@pytest.fixture
def bounded(tmp_path):
    """Read a document within smaller bounds; returns its facts."""

    def run(content, media_type, bounds):
        path = tmp_path / "content"
        path.write_text(content)
        source = Source(path, path.name, media_type, len(content))
        return read(source, Workspace(tmp_path, lambda fraction, words: None), bounds).facts

    return run


def test_it_keeps_the_contract(tmp_path):
    samples = [Sample(f"a.{media_type[12:]}", media_type, text.encode()) for media_type, text in SOUND.items()]
    conformance(DataProcessor, samples, tmp_path)


@pytest.mark.parametrize("media_type", SOUND)
def test_a_sound_document_is_well_formed(find, media_type):
    facts, preview = find(SOUND[media_type], media_type)
    assert facts["well_formed"] is True
    assert "broken_at" not in facts
    assert facts["preview_is_cut"] is False
    assert preview


@pytest.mark.parametrize("media_type", BROKEN)
def test_a_broken_document_says_where_it_breaks(find, media_type):
    content, line, column = BROKEN[media_type]
    facts, _ = find(content, media_type)
    assert facts["well_formed"] is False
    assert (facts["broken_at"]["line"], facts["broken_at"]["column"]) == (line, column)
    assert facts["broken_at"]["reason"]


def test_the_facts_of_json_are_whole(find):
    facts, preview = find(SOUND[JSON])
    assert facts == {
        "format": "json",
        "well_formed": True,
        "encoding": "utf-8",
        "root": "object",
        "depth_levels": 2,
        "items": 4,
        "keys": ["name", "sizes", "open", "owner"],
        "objects": 2,
        "arrays": 1,
        "strings": 2,
        "numbers": 3,
        "booleans": 1,
        "nulls": 1,
        "preview_is_cut": False,
    }
    assert json.loads(preview) == json.loads(SOUND[JSON])
    assert preview.splitlines()[1] == '  "name": "mill",'


def test_of_a_list_of_objects_the_keys_are_those_of_the_objects(find):
    facts, _ = find('[{"a": 1, "b": {"c": 2}}, {"d": 3, "a": 4}]')
    assert (facts["root"], facts["items"], facts["keys"]) == ("array", 2, ["a", "b", "d"])


def test_numbers_stay_as_they_are_written(find):
    _, preview = find("[1.10, 123456789012345678901234567890, 1e400]")
    assert "1.10" in preview
    assert "123456789012345678901234567890" in preview
    assert "1e400" in preview


VALID = [
    "[]",
    "{}",
    '"x"',
    "null",
    "true",
    "-1",
    "[1,2.5e-3,-0,1E+2]",
    '["\\u0061\\ud800"]',
    '{"a":1,"a":2}',
    '["\\"\\\\\\/\\b\\f\\n\\r\\t"]',
    '{"":0}',
    "[123123e100000]",
    '[[[]],{"a":{"b":[]}}]',
]
INVALID = [
    "[1,]",
    "[,1]",
    "[1,,2]",
    '["x"]]',
    '["",]',
    '["x"',
    "[x",
    "[3[4]]",
    "[1:2]",
    "[,]",
    "[-]",
    "[a",
    '["a',
    ",",
    '["\\u00A"]',
    '["\\x00"]',
    '["\\a"]',
    '{"x"}',
    "{key:1}",
    '{"a":1,}',
    "{'a':0}",
    "[1]x",
    "[][]",
    "{}}",
    "[1.]",
    "[.5]",
    "[01]",
    "[-01]",
    "[0x1]",
    "[NaN]",
    "[Infinity]",
    "[1e]",
    "[+1]",
    "[2.e3]",
    "abc",
    "nul",
    "[tru]",
    '{"a":true}"x"',
    "[1",
    '{"a":"b"',
    "[<null>]",
    '["\\u',
    "*",
    '{"a":"b"}#',
    "[True]",
    "2@",
    '{"a":,}',
    '{"a"::1}',
    "{,}",
    "]",
    "}",
    ":",
    '{"a":1:2}',
    "[1;2]",
    "-",
]


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 1024])
def test_json_is_judged_to_the_letter_wherever_its_pieces_end(find, monkeypatch, piece_bytes):
    monkeypatch.setattr(findings, "_PIECE_BYTES", piece_bytes)
    for text in VALID:
        assert find(text)[0]["well_formed"], text
    for text in (*INVALID, "", "  ", '["\t"]', '["a\nb"]', '"\x00"', "[\x00]", "\u2060"):
        assert not find(text)[0]["well_formed"], text


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 5, 7, 11])
def test_json_in_pieces_is_the_same_json(find, monkeypatch, piece_bytes):
    chance = random.Random(3)
    value = {f"k{n}": [chance.random(), 'é\\\n"\u2028', None, True, {"a": -n, "b": []}] for n in range(20)}
    text = json.dumps(value, indent=1, ensure_ascii=False)
    whole = find(text)
    monkeypatch.setattr(findings, "_PIECE_BYTES", piece_bytes)
    assert find(text) == whole
    assert json.loads(whole[1]) == value


def test_a_long_string_is_read_in_little_memory_and_what_follows_counts(find):
    text = '{"a": "' + "x\\n" * 500_000 + '"  ,\n "b": "' + "y" * 3_000_000 + '"}'
    facts, preview = find(text)
    assert (facts["well_formed"], facts["items"], facts["strings"]) == (True, 2, 2)
    assert len(preview) < 10_000
    facts, _ = find(text[:-1] + "]")
    assert (facts["well_formed"], facts["broken_at"]["line"]) == (False, 2)
    facts, _ = find(text.replace("yy}", "y\ty}").replace('yy"', 'y\x01"'))
    assert facts["broken_at"]["reason"].startswith("A string holds a control character")
    facts, _ = find(text[:2_000_000])
    assert facts["broken_at"]["reason"] == "The string that begins here does not end."


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_json_is_read_in_all_of_unicodes_encodings(find, encoding):
    facts, _ = find(SOUND[JSON].encode(encoding))
    assert facts["well_formed"] is True


def test_json_in_another_encoding_breaks_where_that_shows(find):
    facts, _ = find('["ab",\n "Кёльн"]'.encode("cp1251"))
    assert facts["well_formed"] is False
    assert facts["broken_at"]["line"] == 2


def test_lines_of_json_are_no_document_and_the_reason_says_so(find):
    facts, _ = find('{"a": 1}\n{"b": 2}\n')
    assert facts["broken_at"]["line"] == 2
    assert "JSON lines" in facts["broken_at"]["reason"]


@pytest.mark.parametrize(
    ("media_type", "deep"),
    [
        (JSON, "[" * 5_000_000),
        (JSON, '{"a":' * 1_000_000),
        (XML, "<a>" * 1_000_000),
        (YAML, "[" * 100_000),
        (YAML, "- " * 100_000),
        (TOML, "a = " + "[" * 100_000),
        (TOML, ".".join(["a"] * 1500) + " = 1"),
        (TOML, "a = " + "9" * 5000),
    ],
)
def test_what_is_nested_too_deeply_is_refused(find, media_type, deep):
    with pytest.raises(Unprocessable) as caught:
        find(deep, media_type)
    assert caught.value.reason_code == "too_large"


@pytest.mark.parametrize("media_type", SOUND)
def test_a_document_above_its_bound_is_refused(bounded, media_type):
    bound = {f"{media_type[12:]}_bytes": 10}
    with pytest.raises(Unprocessable) as caught:
        bounded(SOUND[media_type], media_type, Bounds(**bound))
    assert caught.value.reason_code == "too_large"


@pytest.mark.parametrize("media_type", SOUND)
def test_a_long_preview_is_cut_and_says_so(bounded, tmp_path, media_type):
    facts = bounded(SOUND[media_type], media_type, Bounds(preview_bytes=20))
    assert facts["preview_is_cut"] is True
    assert len((tmp_path / "preview.txt").read_bytes()) <= 20


def test_a_number_without_end_is_refused(find):
    with pytest.raises(Unprocessable) as caught:
        find("[1" + "0" * 3_000_000)
    assert caught.value.reason_code == "too_large"


def test_many_keys_are_cut(find):
    facts, _ = find(json.dumps({f"{n}{'x' * 200}": n for n in range(200)}))
    assert (facts["items"], len(facts["keys"])) == (200, 50)
    assert all(len(key) == 100 for key in facts["keys"])


def test_the_facts_of_xml_are_whole(find):
    facts, preview = find(SOUND[XML], XML)
    assert facts == {
        "format": "xml",
        "well_formed": True,
        "encoding": "utf-8",
        "root": "feed",
        "root_namespace": "http://example.org/f",
        "depth_levels": 2,
        "elements": 3,
        "attributes": 2,
        "items": 2,
        "children": {"entry": 2},
        "namespaces": ["http://example.org/f"],
        "has_doctype": False,
        "declared_entities": 0,
        "refers_outside": False,
        "preview_is_cut": False,
    }
    assert preview == (
        '<feed xmlns="http://example.org/f">\n  <entry id="1">A &amp; B</entry>\n  <entry></entry>\n</feed>'
    )


def test_mixed_text_keeps_its_order_in_the_preview(find):
    _, preview = find("<p>one <b>two</b> three <i/> four</p>", XML)
    assert preview.split() == ["<p>", "one", "<b>two</b>", "three", "<i></i>", "four", "</p>"]


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "big5", "shift_jis", "euc-kr", "gb18030", "utf-16"])
def test_xml_is_read_in_the_encoding_that_it_declares(find, encoding):
    word = {"big5": "愛", "shift_jis": "愛", "euc-kr": "사랑", "gb18030": "爱"}.get(encoding, "любовь")
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n<a>{word}</a>'
    facts, preview = find(text.encode(encoding), XML)
    assert facts["well_formed"] is True
    assert facts["encoding"].replace("_", "").replace("-", "")[:3] == encoding.replace("_", "").replace("-", "")[:3]
    assert word in preview


def test_xml_whose_encoding_nobody_knows_is_broken(find):
    facts, _ = find('<?xml version="1.0" encoding="klingon"?><a/>', XML)
    assert facts["well_formed"] is False
    assert "encoding" in facts["broken_at"]["reason"]


def test_xml_with_bytes_that_its_encoding_does_not_have_is_broken(find):
    facts, _ = find(b'<?xml version="1.0" encoding="big5"?>\n<a>\xff\xff</a>', XML)
    assert (facts["well_formed"], facts["broken_at"]["line"]) == (False, 2)


def laughs(levels, within):
    declared = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE a [<!ENTITY a0 "ha">{declared}]>{within.format(f"&a{levels - 1};")}'


def test_entities_in_the_text_do_not_unfold(find):
    facts, preview = find(laughs(12, "<a>{}</a>"), XML)
    assert (facts["well_formed"], facts["declared_entities"]) == (True, 12)
    assert preview == "<a>&a11;</a>"


def test_entities_that_unfold_without_end_in_an_attribute_are_refused(find):
    with pytest.raises(Unprocessable) as caught:
        find(laughs(12, '<a b="{}"/>'), XML)
    assert caught.value.reason_code == "too_large"


def test_thousands_of_entities_are_refused(find):
    chain = "".join(f'<!ENTITY a{n} "&a{n - 1};">' for n in range(1, 20000))
    with pytest.raises(Unprocessable) as caught:
        find(f'<!DOCTYPE a [<!ENTITY a0 "ha">{chain}]><a b="&a19999;"/>', XML)
    assert caught.value.reason_code == "too_large"


def test_an_entity_that_holds_itself_is_broken(find):
    facts, _ = find('<!DOCTYPE a [<!ENTITY a "&b;"><!ENTITY b "&a;">]><a b="&a;"/>', XML)
    assert facts["well_formed"] is False


def test_nothing_outside_of_the_document_is_fetched(find, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        calls = []
        watcher = threading.Thread(target=lambda: calls.extend(_callers(listener)))
        watcher.start()
        facts, preview = find(
            f'<!DOCTYPE a SYSTEM "{address}d.dtd" [<!ENTITY % p SYSTEM "{address}p"> %p; '
            f'<!ENTITY e SYSTEM "{address}e"><!ENTITY f SYSTEM "file://{secret}">]><a xmlns:xi="http://www.w3.org/2001/XInclude">&e;&f;'
            f'<xi:include href="{address}x"/></a>',
            XML,
        )
        find(f"a: !!python/object/apply:os.system ['curl {address}']\nb: !include {address}\n", YAML)
        find(f'{{"$ref": "{address}"}}')
        watcher.join()
    assert facts["refers_outside"] is True
    assert "secret" not in preview.replace(str(secret), "")
    assert calls == []


def _callers(listener):
    try:
        yield listener.accept()[1]
    except TimeoutError:
        return


def test_the_facts_of_yaml_are_whole(find):
    facts, preview = find(SOUND[YAML], YAML)
    assert facts == {
        "format": "yaml",
        "well_formed": True,
        "encoding": "utf-8",
        "root": "object",
        "depth_levels": 2,
        "items": 3,
        "keys": ["name", "sizes", "owner"],
        "documents": 1,
        "objects": 2,
        "arrays": 1,
        "values": 8,
        "aliases": 0,
        "tags": 0,
        "preview_is_cut": False,
    }
    assert preview == SOUND[YAML]


def test_aliases_in_yaml_are_counted_and_not_followed(find):
    bomb = "a0: &a0 [ha, ha]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30))
    facts, preview = find(bomb, YAML)
    assert (facts["well_formed"], facts["aliases"], facts["items"]) == (True, 290, 30)
    assert len(preview) < 2 * len(bomb)


def test_tags_in_yaml_make_no_objects(find, tmp_path):
    touched = tmp_path / "touched"
    facts, _ = find(f"a: !!python/object/apply:os.mkdir ['{touched}']\n", YAML)
    assert (facts["well_formed"], facts["tags"]) == (True, 1)
    assert not touched.exists()


def test_documents_in_yaml_are_counted_and_the_first_gives_the_keys(find):
    facts, _ = find("---\na: 1\n---\nb: 2\n---\n- c\n", YAML)
    assert (facts["documents"], facts["keys"], facts["items"]) == (3, ["a"], 1)


def test_yaml_that_is_no_text_breaks(find):
    facts, _ = find(b"a: \xff\xfe\xff", YAML)
    assert facts["well_formed"] is False
    facts, _ = find(b"a: b\x01c", YAML)
    assert facts["well_formed"] is False


def test_the_facts_of_toml_are_whole(find):
    facts, preview = find(SOUND[TOML], TOML)
    assert facts == {
        "format": "toml",
        "well_formed": True,
        "root": "object",
        "items": 2,
        "keys": ["name", "owner"],
        "depth_levels": 3,
        "objects": 2,
        "arrays": 1,
        "values": 4,
        "preview_is_cut": False,
    }
    assert json.loads(preview) == {"name": "mill", "owner": {"city": "Köln", "sizes": [1, 2]}}


def test_of_a_text_without_end_only_the_start_is_held(tmp_path):
    """In a process of its own, which may have a third of the text in memory beyond what reading takes."""
    path = tmp_path / "large.xml"
    with path.open("wb") as file:
        file.write(b"<a>")
        for _ in range(200):
            file.write(b"0123456789abcdef" * 65_536)
        file.write(b"</a>")
    program = f"""
        import resource
        from pathlib import Path
        from filemill.processors.base import Source, Workspace
        from filemill.processors.data.processor import DataProcessor
        DataProcessor.warm()
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 64 * 1024 * 1024,) * 2)
        path = Path({str(path)!r})
        source = Source(path, path.name, {XML!r}, path.stat().st_size)
        print(DataProcessor().process(source, Workspace(path.parent, lambda *_: None)).facts["preview_is_cut"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_dates_in_toml_are_shown(find):
    _, preview = find("a = 2024-05-06T07:08:09Z\nb = inf\n", TOML)
    assert "2024-05-06 07:08:09+00:00" in preview


def test_toml_that_is_not_utf_8_breaks_where_that_shows(find):
    facts, _ = find('a = 1\nb = "ё"'.encode("cp1251"), TOML)
    assert facts["broken_at"] == {"line": 2, "column": 6, "reason": "The bytes here are not UTF-8."}


def test_the_dialects_of_json_and_xml_are_read_too(find):
    assert find('{"type": "FeatureCollection", "features": []}', "application/geo+json")[0]["format"] == "json"
    assert find("<kml/>", "application/vnd.google-earth.kml+xml")[0]["root"] == "kml"
    assert find("<COLLADA/>", "model/vnd.collada+xml")[0]["format"] == "xml"


def test_the_walls_of_the_sandbox_let_documents_be_read(upload, work, client):
    sent = {media_type: upload(text.encode(), f"a.{media_type[12:]}")["id"] for media_type, text in SOUND.items()}
    broken = upload(b'{"a": 1,\n "b" 2}', "broken.json")["id"]
    work()
    for media_type, file_id in sent.items():
        shown = client.get(f"/files/{file_id}/").json()
        assert (shown["status"], shown["media_type"]) == ("processed", media_type)
        assert shown["facts"]["data"]["well_formed"] is True
        assert [artifact["name"] for artifact in shown["artifacts"]] == ["preview", "text"]
    shown = client.get(f"/files/{broken}/").json()
    assert shown["status"] == "processed"
    assert shown["facts"]["data"]["broken_at"] == {"line": 2, "column": 5, "reason": "A colon is expected here."}
