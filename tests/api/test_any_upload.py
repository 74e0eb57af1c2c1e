"""Whatever a client says about the bytes that it sends: kept and shown as it was meant, or refused without a trace."""

import hashlib
import re
import unicodedata
from base64 import b64encode
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FEW = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MANY = settings(FEW, max_examples=120)

#: What no name keeps: control characters, separators of lines, what turns text around, separators of folders.
SPECIAL = "\0\t\n\r\x1b\x7f\x85\u2028\u2029\u061c\u200e\u200f\u202e\u2066/\\"
VISIBLE = st.characters(exclude_categories=["C", "Z"], exclude_characters=SPECIAL)
PLAIN = (
    st.lists(st.text(VISIBLE, min_size=1, max_size=12), min_size=1, max_size=4).map(" ".join)
    | st.text(st.sampled_from("aЖ😀'\"%;=,*&+?#[]{}<>"), min_size=1, max_size=20)
    | st.integers(1, 500).map(lambda length: "Ж" * length)
    | st.sampled_from(
        ["=?utf-8?q?a?=", "utf-8''a", "%2e%2e", "a&#47;b", "CON", "a.", "\u05d0\u05d1.txt", "a\u0301", "~", "-"]
    )
).filter(lambda name: name not in {".", ".."})
WILD = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from(SPECIAL + "../ \u200b"), max_size=30) | (
    st.builds(
        lambda start, length: start + "x" * length, st.sampled_from(["", "a/", "\u202e", "\0"]), st.integers(490, 600)
    )
)


def quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_form(name: str) -> dict:
    head = f'Content-Disposition: form-data; name="file"; filename={quoted(name)}\r\n\r\n'
    return {
        "body": b"--b\r\n" + head.encode() + b"x\r\n--b--\r\n",
        "Content_Type": "multipart/form-data; boundary=b",
    }


@MANY
@given(name=PLAIN)
def test_any_name_that_can_be_shown_is_kept_whole_however_it_is_sent(ask, name):
    answers = [
        ask("POST", f"/upload/?name={quote(name)}", b"x"),
        ask("POST", "/upload/", b"x", Content_Disposition=f"attachment; filename={quoted(name)}"),
        ask("POST", "/upload/", b"x", Content_Disposition=f"attachment; filename*=UTF-8''{quote(name)}; filename=no"),
        ask("POST", "/upload/", **as_form(name)),
    ]
    assert [(each.status_code, each.json().get("name")) for each in answers] == [(201, name)] * 4


@MANY
@given(given=WILD, way=st.sampled_from(["query", "header", "form"]))
def test_of_any_other_name_what_can_be_shown_is_kept_in_order(ask, judged, given, way):
    if way == "form":  # a line of a part ends where it ends
        request = {"target": "/upload/", **as_form(re.sub("[\r\n]", "", given))}
    elif way == "header":
        request = {"target": "/upload/", "Content_Disposition": f"a; filename*=UTF-8''{quote(given)}", "body": b"x"}
    else:
        request = {"target": f"/upload/?name={quote(given)}", "body": b"x"}
    answer = judged(lambda: ask("POST", **request))
    if answer.status_code != 201:
        assert answer.json()["code"] in {"missing_name", "missing_file", "invalid"}
        return
    name = answer.json()["name"]
    assert not [each for each in name if unicodedata.category(each) in {"Cc", "Zl", "Zp"} or each in SPECIAL]
    assert name
    assert len(name) <= 500
    rest = iter(re.split(r"[/\\]", given)[-1])
    assert all(character in rest for character in name), "a character that was not sent, or not in this order"
    assert ask("POST", f"/upload/?name={quote(name)}", b"x").json()["name"] == name


PIECES = st.sampled_from(
    ["filename", "filename*", "filename*0", "filename*1*", "filename*0*", "name", "=", ";", "; ", '"', "'", "''", "%",
     "UTF-8''", "iso-8859-1'en'", "utf-16''", "unicode_escape''", "idna''", "hex''", "U6TF''", "%00", "%0D%0A", "%FF",
     "%ED%A0%80", "%E2%80%AE", "%2F", "%zz", "\\ud800", "\\", "a", ".txt", "Ж", "attachment", "form-data", ",", " "]
)  # fmt: skip


@MANY
@given(header=st.lists(PIECES, max_size=14).map("".join), is_form=st.booleans())
def test_a_disposition_of_any_make_gives_a_name_or_a_refusal(ask, judged, header, is_form):
    if is_form:
        head = f"--b\r\nContent-Disposition: form-data; name=file; {header}\r\n\r\n"
        body = head.encode() + b"hello\r\n--b--\r\n"
        answer = judged(lambda: ask("POST", "/upload/", body, Content_Type="multipart/form-data; boundary=b"))
    else:
        answer = judged(lambda: ask("POST", "/upload/", b"hello", Content_Disposition=f"attachment; {header}"))
    if answer.status_code == 201:
        assert answer.json()["sha256"] == hashlib.sha256(b"hello").hexdigest()
        assert not set(answer.json()["name"]) & set(SPECIAL)


@FEW
@given(query=st.binary(max_size=20))
def test_a_name_of_any_bytes_in_the_address_is_shown_or_refused(ask, judged, query):
    judged(lambda: ask("POST", "/upload/?name=" + quote(query), b"x"))


def digest(algorithm: str, of: bytes) -> str:
    return f"{algorithm}=:{b64encode(hashlib.new(algorithm.replace('-', ''), of).digest()).decode()}:"


RIGHT = [digest("sha-256", b"hello"), digest("sha-512", b"hello"), "md5=:AAAA:", "unixsum=5", "x", "sha-1=:AAAA:;a=1"]
WRONG = [digest("sha-256", b"other"), digest("sha-512", b"other"), "sha-256=:AAAA:", "sha-512=::"]
BROKEN = ["sha-256=AAAA", "sha-512=(:AAAA:)", "sha-256", "sha-256=:A", "SHA-256=:AAAA:", "=", "sha-256=:é:", "\x01"]


@MANY
@given(
    where=st.sampled_from(["Content_Digest", "Repr_Digest"]),
    members=st.lists(st.sampled_from([*RIGHT, *WRONG, *BROKEN]), min_size=1, max_size=4, unique_by=lambda m: m[:7]),
)
def test_bytes_come_in_only_if_every_known_digest_is_right(ask, judged, where, members):
    answer = judged(lambda: ask("POST", "/upload/?name=a", b"hello", **{where: ", ".join(members)}))
    if set(members) & set(BROKEN):
        assert answer.json()["code"] == "broken_body"
    elif set(members) & set(WRONG):
        assert answer.json()["code"] == "digest_mismatch"
    else:
        assert answer.status_code == 201


FILE = b'Content-Disposition: form-data; name="file"; filename="a.txt"'
HEADS = {
    FILE: "file",
    FILE + b"\r\nContent-Type: text/plain; charset=hex\r\nContent-Length: 99": "broken",
    b"content-disposition:form-data;filename=a;name=file": "file",
    b'Content-Type: a/b\r\nX: y\r\nContent-Disposition: form-data; name="file"; filename="\xd0\x96"': "file",
    b'Content-Disposition: form-data; name="other"; filename="a.txt"': "stranger",
    b'Content-Disposition: form-data; name="file"; filename=""': "nobody chose one",
    b'Content-Disposition: form-data; name="comment"': "nothing",
    b'Content-Disposition: form-data; filename="a.txt"': "stranger",
    b'Content-Disposition: form-data; name="file"; filename="\xff"': "broken",
    b"Content-Type: text/plain": "broken",
    b"no header at all": "broken",
    FILE + b"\r\nX: " + b"x" * 10_000: "file",
    FILE + b"\r\nX: " + b"x" * 20_000: "broken",
    FILE + b"\r\nContent-Transfer-Encoding: base64": "broken",
    FILE + b"\r\nContent-Transfer-Encoding: BINARY": "file",
}
CONTENT = st.binary(max_size=40) | st.sampled_from(
    [
        b"\r\n",
        b"--",
        b"--b",
        b"\r\n--",
        b"\r\n--bb--",
        b"\n--b--\n",
        b"--b\r\n" + FILE + b"\r\n\r\nx\r\n--b--",
        b"YQ==YQ==",
    ]
).filter(lambda content: b"\r\n--b" not in b"\r\n" + content)
PARTS = st.lists(st.tuples(st.sampled_from(list(HEADS)), CONTENT), max_size=4)


def whole_form(parts: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(b"--b\r\n%s\r\n\r\n%s\r\n" % part for part in parts) + b"--b--\r\n"


@MANY
@given(parts=PARTS, preamble=st.sampled_from([b"", b"hello\r\n", b"\r\n"]), epilogue=st.sampled_from([b"", b"\r\nbye"]))
def test_of_a_form_in_any_order_the_one_file_is_kept_byte_by_byte(ask, judged, parts, preamble, epilogue):
    body = preamble + whole_form(parts) + epilogue
    answer = judged(lambda: ask("POST", "/upload/", body, Content_Type="multipart/form-data; boundary=b"))
    kinds = [HEADS[head] for head, _content in parts]
    troubles = [kind for kind in kinds if kind in {"stranger", "broken"}]
    unclear = [head for head, content in parts if HEADS[head] == "nobody chose one" and content]
    troubles += unclear
    if kinds.count("file") == 1 and not troubles:
        (content,) = [content for head, content in parts if HEADS[head] == "file"]
        assert answer.status_code == 201, answer.content
        assert ask("GET", f"/files/{answer.json()['id']}/content/").content == content
        assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    else:
        more = {"too_many_files", "broken_body"} if "file" in kinds or troubles else set()
        more |= {"missing_name"} if unclear else set()
        assert answer.json()["code"] in {"missing_file", *more}


MUTATIONS = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 6),
        st.sampled_from([b"", b"\r\n", b"\n", b"--", b"--b", b"--b--", b"\0", b'"', b":"]),
    ),
    min_size=1,
    max_size=3,
)


@MANY
@given(
    parts=PARTS,
    mutations=MUTATIONS,
    boundary=st.sampled_from(["b", "b", "b", '"b"', "bb", "", "b b", "'b'", "b;charset=hex", "\xe9", "=b"]),
)
def test_of_a_broken_form_nothing_is_kept_that_was_not_sent(ask, judged, parts, mutations, boundary):
    body = whole_form(parts)
    for at, length, new in mutations:
        start = at % (len(body) + 1)
        body = body[:start] + new + body[start + length :]
    answer = judged(lambda: ask("POST", "/upload/", body, Content_Type=f"multipart/form-data; boundary={boundary}"))
    if answer.status_code == 201:
        content = ask("GET", f"/files/{answer.json()['id']}/content/").content
        assert content in body
        assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
