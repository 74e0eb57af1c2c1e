"""Whatever stands in a request's headers: an answer that docs/api.md has, and only bytes that were asked for."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.once

MANY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
BYTES = bytes(range(200))


@pytest.fixture
def file(ask):
    """Upload a file and return it as JSON."""
    return ask("POST", "/upload/?name=a.bin", BYTES).json()


NUMBERS = st.integers(0, 210).map(str) | st.sampled_from(["", "00", "9" * 30, "9" * 200, "-1", "+1", "1 0", "²", "1e1"])
SPECS = st.builds("{}{}{}".format, NUMBERS, st.sampled_from(["-", "-", "-", "--", " - ", ""]), NUMBERS)
RANGES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["bytes=", "bytes=", "bytes=", "BYTES=", " bytes=", "bytes =", "bytes= ", "bytes", "lines=", "="]),
    st.lists(SPECS, min_size=1, max_size=2).map(",".join),
    st.sampled_from(["", "", "", " ", "\t", ",", ";", "x"]),
)


def slice_of(header: str) -> bytes | None:
    """Return what a range asks for, b"" for nothing that is there, None where there is no single range (RFC 9110)."""
    unit, _, spec = header.strip(" \t").partition("=")
    first, dash, last = spec.partition("-")
    if unit.lower() != "bytes" or not dash or not all(re.fullmatch("[0-9]{0,100}", each) for each in (first, last)):
        return None
    if not first:
        return None if not last else BYTES[-int(last) :] if int(last) else b""
    if last and int(last) < int(first):
        return None
    return BYTES[int(first) : int(last) + 1 if last else None]


@MANY
@given(header=RANGES)
def test_a_range_of_any_make_gets_its_slice_or_the_whole(ask, judged, file, header):
    answer = judged(lambda: ask("GET", f"/files/{file['id']}/content/", Range=header))
    expected = slice_of(header)
    if expected is None:
        assert (answer.status_code, answer.content) == (200, BYTES)
    elif not expected:
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{len(BYTES)}")
    else:
        assert (answer.status_code, answer.content) == (206, expected)
        first = BYTES.index(expected)
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{len(BYTES)}"


CONDITIONS = ["If_None_Match", "If_Range"]
TAGS = st.lists(st.sampled_from(['"{0}"', 'W/"{0}"', '"other"', 'W/"', "{0}", "w/{0}", '"{0}', ""]), max_size=3)


@MANY
@given(tags=TAGS, separator=st.sampled_from([",", ", ", " ,\t"]), condition=st.sampled_from(CONDITIONS))
def test_only_the_tag_of_the_bytes_stands_for_them(ask, judged, file, tags, separator, condition):
    header = separator.join(tags).format(file["sha256"])
    answer = judged(lambda: ask("GET", f"/files/{file['id']}/content/", Range="bytes=0-1", **{condition: header}))
    if condition == "If_Range":
        assert answer.content == (BYTES[:2] if tags == ['"{0}"'] else BYTES)
    else:
        assert answer.status_code == (304 if {'"{0}"', 'W/"{0}"'} & set(tags) else 206)


HEADERS = [
    "Accept",
    "Accept_Charset",
    "Accept_Encoding",
    "Authorization",
    "Content_Type",
    "Content_Length",
    "Content_Encoding",
    "Content_Digest",
    "Repr_Digest",
    "Digest",
    "Content_Disposition",
    "Content_Range",
    "Cookie",
    "Expect",
    "Forwarded",
    "If_Match",
    "If_None_Match",
    "If_Modified_Since",
    "If_Range",
    "Idempotency_Key",
    "Origin",
    "Range",
    "Referer",
    "Sec_Fetch_Dest",
    "Sec_Fetch_Site",
    "Tus_Resumable",
    "Upload_Complete",
    "X_Forwarded_Proto",
    "X_Http_Method_Override",
    "X_Request_Id",
]
PIECES = st.sampled_from(
    [
        "text/html",
        "application/json",
        "*/*",
        "*",
        "/",
        ";",
        ",",
        "=",
        "q=0",
        "a*0=b; a*=c",
        "; a*=utf-8''%0A",
        "; charset=",
        "hex",
        "utf-16",
        "undefined",
        "*=utf-8''%00",
        "U6TF",
        '"',
        "\\000",
        "sessionid=",
        "csrftoken=",
        "messages=",
        "http://",
        "[",
        "::1",
        "localhost",
        "é",
        "%",
        "9" * 30,
        "9" * 5000,
        "-1",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "bytes=0-1",
        "gzip",
        "100-continue",
        "\t",
        " ",
        "Ж",
        ":",
        "sha-256=:YQ==:",
        "same-origin",
        "cross-site",
        "empty",
        "multipart/form-data",
        "; boundary=",
        "boundary*=utf-8''%D0%96",
        "x" * 300,
    ]
)
REQUESTS = st.sampled_from(
    [
        ("GET", "/files/?name=a.bin"),
        ("GET", "/files/{id}/"),
        ("GET", "/files/{id}/content/"),
        ("HEAD", "/files/{id}/content/"),
        ("POST", "/upload/?name=a.bin"),
        ("PATCH", "/files/{id}/"),
        ("POST", "/files/{id}/reprocess/"),
        ("GET", "/processors/"),
        ("OPTIONS", "/upload/"),
        ("GET", "/openapi.json"),
        ("TRACE", "/files/"),
        ("GET", "/healthz"),
        ("GET", "/nothing"),
    ]
)


@settings(MANY, max_examples=200)
@given(
    request=REQUESTS,
    headers=st.dictionaries(st.sampled_from(HEADERS), st.lists(PIECES, max_size=5).map("".join), max_size=4),
)
def test_headers_of_any_make_are_answered_or_refused(ask, judged, file, request, headers):
    method, target = request
    answer = judged(lambda: ask(method, target.format(**file), b"hello" * (method == "POST"), **headers))
    if method == "GET" and target.startswith("/files/?") and answer.status_code == 200:
        assert file["id"] in answer.content.decode(), "the address was read by something else than itself"
    assert "\n" not in "".join(answer.headers.values())


@pytest.mark.parametrize("charset", ["utf-16", "koi8-r", "hex", "rot13", "undefined", "idna", "nothing", '"'])
def test_the_charset_of_a_body_does_not_change_its_name(ask, charset):
    answer = ask("POST", "/upload/?name=%D0%96.txt", b"x", Content_Type=f"text/plain; charset={charset}")
    assert (answer.status_code, answer.json()["name"], answer.json()["declared_type"]) == (201, "Ж.txt", "text/plain")


LIES = [
    *[
        f"Content-Length: {length}"
        for length in ("abc", "-1", "+5", "5, 6", "9" * 30, "0x5", "5;", "", "5 5", "\u0665")
    ],
    *[f"Transfer-Encoding: {coding}" for coding in ("chunked, identity", "xchunked", "identity", "gzip", "")],
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: 5\r\nTransfer-Encoding: gzip",
]


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
def test_a_length_or_coding_that_makes_no_sense_brings_nothing_in(web, lie):
    before = sorted(web.kept())
    head = web.head("/upload/?name=a", "Content-Type: text/plain").removesuffix(b"\r\n") + lie.encode() + b"\r\n\r\n"
    # No body follows: the server closes at once, and what it had not read would take its answer away.
    assert web.talk(head).startswith(b"HTTP/1.1 400 ")
    assert sorted(web.kept()) == before
    assert web.client.get("/healthz").status_code == 200
