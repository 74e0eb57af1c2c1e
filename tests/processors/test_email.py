"""E-mail: who wrote what to whom, the words of it, and what was attached, however broken the message is."""

import base64
import json
import select
import socket
import struct
import subprocess
import sys
import textwrap
from dataclasses import replace
from email.message import EmailMessage

import pytest
from processors import papers

from filemill.core.errors import Unprocessable
from filemill.processors.email import EmailProcessor
from filemill.processors.mail.packed import unpack
from filemill.processors.testing import Sample, conformance

EML, MBOX, MSG = "message/rfc822", "application/mbox", "application/vnd.ms-outlook"
HEAD = b"From: Ada <ada@example.org>\nTo: bo@example.org\nSubject: The mill\nDate: Fri, 1 Mar 2024 10:00:00 +0200\n"


@pytest.fixture
def read(process):
    """Return the facts, the text and the listing of a file of e-mail."""

    def run(content, media_type=EML):
        result = process(EmailProcessor, content, media_type)
        json.dumps(result.facts, allow_nan=False)
        made = {each.name: each.path.read_bytes() for each in result.artifacts}
        listing = json.loads(made["listing"])["attachments"] if "listing" in made else []
        return result.facts, made["text"].decode(), listing

    return run


@pytest.fixture
def reason(process):
    def run(content, media_type=EML):
        with pytest.raises(Unprocessable) as caught:
            process(EmailProcessor, content, media_type)
        assert caught.value.detail.endswith(".")
        return caught.value.reason_code

    return run


@pytest.fixture
def bounded(monkeypatch):
    """Have the processor keep to tighter bounds."""
    return lambda **tighter: monkeypatch.setattr(EmailProcessor, "bounds", replace(EmailProcessor.bounds, **tighter))


def letter():
    message = EmailMessage()
    message["From"] = "Ада Мельник <ada@example.org>"
    message["To"] = "Bo <bo@example.org>, cy@example.org"
    message["Cc"] = "di@example.org"
    message["Subject"] = "Мельница  🙂"
    message["Date"] = "Fri, 01 Mar 2024 10:00:00 +0200"
    message["Message-ID"] = "<1@example.org>"
    message.set_content("The house\nstands beside the mill.\n")
    message.add_alternative("<p>The <b>page</b></p>", subtype="html")
    message.add_attachment(b"\x89PNG" * 100, maintype="image", subtype="png", filename="колесо.png")
    message.add_attachment("some notes\n", filename="notes.txt")
    return message.as_bytes()


def multipart(*parts, kind="mixed"):
    body = b"".join(b"--limit\n" + part + b"\n" for part in parts)
    return (
        HEAD
        + b'Content-Type: multipart/%s; boundary="limit"\n\npreamble\n' % kind.encode()
        + body
        + b"--limit--\nepilogue\n"
    )


SAMPLES = {
    "eml": Sample("a.eml", EML, letter()),
    "mbox": Sample(
        "a.mbox", MBOX, b"From a Fri Mar  1 10:00:00 2024\n" + HEAD + b"\nwords\n\nFrom b\n" + HEAD + b"\nmore\n"
    ),
    "msg": Sample(
        "a.msg", MSG, papers.msg({"0037": "The mill", "0C1A": "Ada", "5D01": "ada@example.org", "1000": "words"})
    ),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_email_processor_keeps_the_contract(tmp_path, kind):
    conformance(EmailProcessor, [SAMPLES[kind]], tmp_path)


def test_a_message_says_who_wrote_what_to_whom(read):
    facts, text, listing = read(letter())
    assert facts == {
        "subject": "Мельница  🙂",
        "from": [{"name": "Ада Мельник", "address": "ada@example.org"}],
        "to": [{"name": "Bo", "address": "bo@example.org"}, {"name": None, "address": "cy@example.org"}],
        "cc": [{"name": None, "address": "di@example.org"}],
        "date": "2024-03-01T10:00:00+02:00",
        "message_id": "<1@example.org>",
        "parts": 6,
        "attachments": 2,
        "attachment_names": ["колесо.png", "notes.txt"],
        "words": 6,
        "characters": 33,
        **{name: facts[name] for name in ("language", "language_confidence") if name in facts},
    }
    assert text == "The house\nstands beside the mill."
    assert [(row["name"], row["media_type"], row["size_bytes"], row["inline"]) for row in listing] == [
        ("колесо.png", "image/png", 400, False),
        ("notes.txt", "text/plain", 11, False),
    ]


def test_a_page_is_read_where_there_is_no_plain_text(read):
    html = b"Content-Type: text/html; charset=windows-1251\n\n<p>\xcf\xf0\xe8\xe2\xe5\xf2<p>there"
    empty = b"Content-Type: text/plain\n\n \n"
    assert read(multipart(empty, html, kind="alternative"))[1] == "Привет\n\nthere"


def test_texts_in_a_row_are_all_read(read):
    assert read(multipart(b"\none", b"Content-Type: text/html\n\n<i>two</i>", b"\nthree"))[1] == "one\n\ntwo\n\nthree"


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        (b"Subject: =?utf-8?B?0JzQ?= =?utf-8?B?uNGA?=", "Мир"),
        (b"Subject: =?koi8-r?Q?=ED=C9=D2?=\n =?nosuch?Q?=21?=", "Мир!"),
        (b"Subject: =?utf-8?B?broken", "=?utf-8?B?broken"),
        ("Subject: Мир".encode(), "Мир"),
        (b"Subject: caf\xe9", "café"),
        (b"SUBJECT : folded\n\t lines", "folded lines"),
        (b"Subject: one\nSubject: two", "one"),
        (b"Subject: a\x00b\x07c", "abc"),
        ("Subject: Мир =?utf-8?Q?=D0=B8?= труд".encode(), "Мир и труд"),
        (b"Subject: =?gb2312?B?1uzpRrv5?=", "朱镕基"),
        (b"Subject: =?utf-8*en?Q?How_are_you??= =?utf-8?Q?=21?=", "How are you?!"),
        ("Subject: Привет\nContent-Type: text/plain; charset=koi8-r".encode("koi8-r"), "Привет"),
    ],
)
def test_headers_are_read_in_any_encoding(read, header, subject):
    assert read(b"From: a@b\n" + header + b"\n\nwords")[0]["subject"] == subject


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        (b"Fri, 01 Mar 2024 10:00:00 +0200 (EET)", "2024-03-01T10:00:00+02:00"),
        (b"1 Mar 2024 10:00:00 GMT", "2024-03-01T10:00:00+00:00"),
        (b"Fri, 01 Mar 2024 10:00:00 -0000", "2024-03-01T10:00:00"),
        (b"yesterday", None),
        (b"Fri, 99 Mar 99999 99:00:00 +9999", None),
    ],
)
def test_a_date_has_its_zone_or_is_left_out(read, date, shown):
    assert read(b"From: a@b\nDate: " + date + b"\n\nwords")[0].get("date") == shown


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("gb2312", "朱镕基".encode("gbk"), "朱镕基"),
        ("shift_jis", "①株式".encode("cp932"), "①株式"),
        ("iso-8859-1", "“quoted” €".encode("cp1252"), "“quoted” €"),
        ("ks_c_5601-1987", "똠방각하".encode("cp949"), "똠방각하"),
        ("utf-8", "Привет вам, мир".encode() + b"\xff", "Привет вам, мир\ufffd"),
        ("us-ascii", "Привет вам".encode(), "Привет вам"),
        ("unknown-8bit", "Привет всем, это письмо".encode("cp1251"), "Привет всем, это письмо"),
        ("punycode", b"abc", "abc"),
    ],
)
def test_words_are_read_though_their_charset_is_not_quite_the_one_declared(read, charset, raw, text):
    assert read(HEAD + b"Content-Type: text/plain; charset=" + charset.encode() + b"\n\n" + raw)[1] == text


@pytest.mark.parametrize(
    ("field", "people"),
    [
        ("ada@example.org <ada@example.org>", [("ada@example.org", "ada@example.org")]),
        ("Mill, Ada <ada@example.org>, bo@b", [("Mill, Ada", "ada@example.org"), (None, "bo@b")]),
        ("a@b; c@d", [(None, "a@b"), (None, "c@d")]),
        ("Ada [the mill] <a@b>", [("Ada [the mill]", "a@b")]),
        ("'Ada' via List <a@b>", [("'Ada' via List", "a@b")]),
        ("a@b (Ada)", [("Ada", "a@b")]),
        ('"Mill, \\"Ada\\"" <a@b>', [('Mill, "Ada"', "a@b")]),
        ("The millers: a@b, c@d;", [(None, "a@b"), (None, "c@d")]),
        ("undisclosed-recipients:;", []),
        ("undisclosed-recipients:", []),
        ("unlisted-recipients:; (none on input)", []),
        ("Ada (the elder) <@route.example:ada(mill)@example . org>", [("Ada", "ada@example.org")]),
        ("root", [(None, "root")]),
        ("Ada Mill", [("Ada Mill", None)]),
    ],
)
def test_people_are_read_however_programs_write_them(read, field, people):
    facts = read(b"From: a@b\nTo: " + field.encode() + b"\n\nwords")[0]
    assert [(each["name"], each["address"]) for each in facts.get("to", [])] == people


def test_however_much_a_header_says_its_facts_stay_small(read):
    people = ", ".join(f"{'Ж' * 300} <{number}@{'x' * 200}>" for number in range(50))
    header = "".join(f"{name}: {people}\n" for name in ("From", "To", "Cc", "Bcc", "Reply-To")) + HEAD.decode()
    attached = [f"Content-Type: a/b; name={'Ж' * 250}{number}\n\nx\n".encode() for number in range(50)]
    message = header.encode() + multipart(*attached)[len(HEAD) :]
    mailbox = (b"From a\n" + message + b"\n") * 20
    for facts in (read(message)[0], read(mailbox, MBOX)[0]):
        assert len(json.dumps(facts, ensure_ascii=False).encode()) < 64 * 1024
        assert facts["attachments"] in (50, 1000)


def test_addresses_without_end_are_cut(read, bounded):
    bounded(addresses=3)
    facts, _, _ = read(b"From: " + b"(" * 60_000 + b"\nTo: " + b"a@b, " * 5_000 + b"\n\nwords")
    assert len(facts["to"]) == 3


def test_sizes_are_those_of_the_bytes_that_were_packed(read):
    packed = base64.encodebytes(bytes(range(256)) * 10)
    quoted = b"Content-Type: a/b; name=q\nContent-Transfer-Encoding: quoted-printable\n\ncaf=E9=\n!\n"
    plain = b"Content-Disposition: attachment; filename*=utf-8''%D0%96.bin\n\n12345\n6\n"
    coded = b"Content-Type: a/b; name=c\nContent-Transfer-Encoding: BASE64\n\n" + packed
    listing = read(multipart(quoted, plain, coded))[2]
    assert [(row["name"], row["size_bytes"]) for row in listing] == [("q", 6), ("Ж.bin", 8), ("c", 2560)]


def test_another_form_of_the_same_words_is_no_attachment(read):
    page, more = b"Content-Type: text/html\n\n<p>a", b"Content-Type: text/x-amp-html\n\n<p>b"
    invitation = b"Content-Type: text/calendar\n\nBEGIN:VCALENDAR"
    facts, _, listing = read(multipart(page, more, invitation, kind="alternative"))
    assert (facts["attachments"], listing[0]["media_type"]) == (1, "text/calendar")


def test_a_header_goes_on_after_a_broken_line(read):
    facts, text, _ = read(b"\x10\x10\x11S\n" + HEAD + b"broken\nCc: cy@example.org\n\nwords")
    assert (facts["subject"], facts["cc"][0]["address"], text) == ("The mill", "cy@example.org", "words")
    facts, text, _ = read(HEAD + b"a first\nand second line\n\nwords")
    assert (facts["subject"], text) == ("The mill", "a first\nand second line\n\nwords")


def test_what_apple_mail_notes_of_a_message_is_no_part_of_it(read):
    message = HEAD + b"\nwords\n"
    facts, text, _ = read(b"%d      \n" % len(message) + message + b"<?xml version='1.0'?><plist><dict/></plist>\n")
    assert (facts["subject"], text) == ("The mill", "words")


def test_a_message_within_a_message_is_an_attachment(read):
    inner = (
        b"Content-Type: message/rfc822\nContent-Description: the inner\n\nFrom c\nFrom: c@d\nSubject: inner\n"
        b'Content-Type: multipart/mixed; boundary="in"\n\n'
        b"--in\n\nhidden\n--in\nContent-Type: a/b; name=x\n\nx\n--in--\n"
    )
    facts, text, listing = read(multipart(b"\nwords", inner))
    assert (facts["parts"], facts["attachments"], facts["subject"], text) == (6, 1, "The mill", "words")
    assert (listing[0]["media_type"], listing[0]["name"]) == (EML, "the inner")
    assert listing[0]["size_bytes"] > 100


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (
            HEAD + b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nxx",
            ("encrypted", "smime"),
        ),
        (
            HEAD + b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\nxx",
            ("signed", "smime"),
        ),
        (
            multipart(b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n", b"\nxx", kind="encrypted"),
            ("encrypted", "openpgp"),
        ),
        (HEAD + b"\n-----BEGIN PGP MESSAGE-----\nxx", ("encrypted", "openpgp")),
        (multipart(b"\nwords", b"Content-Type: application/pgp-signature\n\nxx", kind="signed"), ("signed", "openpgp")),
    ],
)
def test_what_is_encrypted_or_signed_is_a_fact(read, content, fact):
    assert read(content)[0][fact[0]] == fact[1]


def test_a_message_that_is_cut_off_is_read_and_said_to_be(read):
    facts, text, _ = read(multipart(b"\nwords", b"\nmore")[:-25])
    assert facts["ends_early"] is True
    assert text.startswith("words")
    assert "ends_early" not in read(letter())[0]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"just words", b"X-Odd: header\n\nwords", b"\xff\xfe\x00"])
def test_what_has_no_header_of_a_message_is_corrupt(reason, content):
    assert reason(content) == "corrupt"


def test_parts_within_parts_are_followed_only_so_far(read, bounded):
    bounded(depth=5)
    nest = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (number, number) for number in range(50)
    )
    assert read(HEAD + nest + b"\nwords")[0]["parts"] == 6
    assert read(HEAD + b"Content-Type: message/rfc822\n\n" * 50)[0]["parts"] == 6


def test_parts_without_end_are_counted_only_so_far(read, bounded):
    bounded(parts=10)
    facts, _, _ = read(multipart(*[b"\nx"] * 50))
    assert (facts["parts"], facts["too_many_parts"]) == (10, True)


def test_a_header_or_a_body_without_end_is_cut(read, bounded):
    bounded(header_bytes=1000, body_bytes=5000)
    facts, text, _ = read(HEAD + b"X-Long: word\n" * 10_000 + b"\n" + b"a line\n" * 10_000)
    assert facts["body_is_cut"] is True
    assert 4000 < len(text) <= 5000


def test_a_large_attachment_is_counted_and_not_held(tmp_path):
    """In a process of its own, which may have 64 MiB more than it needs to read a small message."""
    path = tmp_path / "large.eml"
    line = base64.b64encode(bytes(54)) + b"\n"
    with path.open("wb") as file:
        file.write(HEAD + b'Content-Type: multipart/mixed; boundary="x"\n\n--x\n\nwords\n--x\n')
        file.write(b"Content-Type: a/b; name=big.bin\nContent-Transfer-Encoding: base64\n\n")
        for _ in range(60):
            file.write(line * 20_000)
        file.write(b"--x--\n")
    program = f"""
        import resource, sys
        from pathlib import Path
        from filemill.processors.base import Source, Workspace
        from filemill.processors.email import EmailProcessor
        EmailProcessor.warm()
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 64 * 1024 * 1024,) * 2)
        path = Path({str(path)!r})
        source = Source(path, path.name, {EML!r}, path.stat().st_size)
        print(EmailProcessor().process(source, Workspace(path.parent, lambda *_: None)).facts["attachments"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    listing = json.loads((tmp_path / "listing.json").read_text())
    assert listing["attachments"][0]["size_bytes"] == 54 * 20_000 * 60


def test_a_mailbox_is_its_messages(read, bounded):
    bounded(summaries=2, messages=3)
    one = b"From ada Fri Mar  1 10:00:00 2024\n" + HEAD + b"\n>From here on\nFrom now on\n\n"
    facts, text, _ = read(one * 5, MBOX)
    assert (facts["messages"], facts["messages_in_text"], len(facts["first_messages"])) == (5, 3, 2)
    assert facts["first_messages"][0] == {
        "subject": "The mill",
        "from": [{"name": "Ada", "address": "ada@example.org"}],
        "to": [{"name": None, "address": "bo@example.org"}],
        "date": "2024-03-01T10:00:00+02:00",
        "parts": 1,
        "attachments": 0,
    }
    assert text == "\n\n".join(["The mill\n\nFrom here on\nFrom now on"] * 3)


def test_a_message_in_a_mailbox_may_have_no_header(read):
    facts, text, _ = read(b"From ada Fri Mar  1 10:00:00 2024\n\none\n\nFrom bo\n" + HEAD + b"\ntwo\n", MBOX)
    assert (facts["messages"], text) == (2, "one\n\nThe mill\n\ntwo")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
def test_a_message_that_was_saved_in_another_encoding_is_read(read, encoding):
    facts, text, _ = read((HEAD.decode() + "\nЮз\n").encode(encoding))
    assert (facts["subject"], text) == ("The mill", "Юз")


def test_an_item_of_outlook_without_unicode_is_read_by_its_code_page(read):
    properties = bytes(32) + struct.pack("<HHIQ", 3, 0x3FDE, 6, 1251)
    named = {"__properties_version1.0": properties, "__substg1.0_0037001E": "Мельница".encode("cp1251")}
    assert read(papers.compound(named), MSG)[0]["subject"] == "Мельница"


def test_a_sentence_in_a_mailbox_begins_no_message(read):
    facts, text, _ = read(b"From a Fri Mar  1 10:00:00 2024\n" + HEAD + b"\none\n\nFrom here on, no more.\n", MBOX)
    assert (facts["messages"], text) == (1, "The mill\n\none\n\nFrom here on, no more.")


def test_only_so_many_attachments_of_a_mailbox_are_held(read, bounded, tmp_path):
    bounded(listed=3)
    facts, _, listing = read((b"From a\n" + letter() + b"\n") * 5, MBOX)
    assert (facts["attachments"], len(listing)) == (10, 3)
    assert json.loads((tmp_path / "workspace" / "listing.json").read_text())["left_out"] == 7


def test_attachments_of_a_mailbox_say_whose_they_are(read):
    facts, _, listing = read(b"From a\n" + HEAD + b"\nwords\n\nFrom b\n" + letter(), MBOX)
    assert facts["attachments"] == 2
    assert {row["message"] for row in listing} == {2}


def test_an_item_of_outlook_is_read_like_a_message(read):
    person = {"3001": "Bo", "39FE": "bo@example.org"}
    named = {
        f"__recip_version1.0_#00000000/__substg1.0_{key}001F": value.encode("utf-16-le")
        for key, value in person.items()
    }
    kind = {"__recip_version1.0_#00000000/__properties_version1.0": bytes(8) + struct.pack("<HHIQ", 3, 0x0C15, 6, 1)}
    folder = "__attach_version1.0_#00000000/__substg1.0_"
    attached = {f"{folder}3707001F": "wheel.png".encode("utf-16-le"), f"{folder}37010102": b"x" * 5000}
    item = {
        "0037": "The mill",
        "0C1A": "Ada",
        "5D01": "ada@example.org",
        "1035": "<1@example.org>",
        "1013": b"<p>page",
        "001A": "IPM.Note",
    }
    facts, text, listing = read(papers.msg(item, **named, **kind, **attached), MSG)
    assert (facts["subject"], facts["from"], facts["message_id"]) == (
        "The mill",
        [{"name": "Ada", "address": "ada@example.org"}],
        "<1@example.org>",
    )
    assert (facts["to"], facts["date"]) == ([{"name": "Bo", "address": "bo@example.org"}], "2024-01-17T21:20:00Z")
    assert (text, facts["attachment_names"], listing[0]["size_bytes"]) == ("page", ["wheel.png"], 5000)


def test_an_item_of_outlook_says_whom_it_comes_from_rather_than_who_sent_it(read):
    item = {"0042": "Ada", "5D02": "ada@example.org", "0C1A": "Bo", "0C1F": "/O=MILL/CN=BO", "1000": "words"}
    assert read(papers.msg(item), MSG)[0]["from"] == [{"name": "Ada", "address": "ada@example.org"}]
    del item["0042"], item["5D02"]
    assert read(papers.msg(item), MSG)[0]["from"] == [{"name": "Bo", "address": None}]


def test_long_properties_of_outlook_are_cut(read, bounded):
    bounded(body_bytes=1000)
    facts, text, _ = read(papers.msg({"0037": "x", "007D": "X: y\n" * 40_000, "1000": "a word " * 1000}), MSG)
    assert (facts["subject"], facts["body_is_cut"]) == ("x", True)
    assert len(text) <= 500


def test_a_page_in_an_item_of_outlook_is_in_the_encoding_of_the_net(read):
    properties = bytes(32) + struct.pack("<HHIQHHIQ", 3, 0x3FFD, 6, 1252, 3, 0x3FDE, 6, 65001)
    named = {"__properties_version1.0": properties, "__substg1.0_10130102": "<p>Größe".encode()}
    assert read(papers.compound(named), MSG)[1] == "Größe"


def test_a_body_that_outlook_kept_as_rich_text_is_unpacked(read):
    rich = rb"{\rtf1\ansi{\*\htmltag <p>}\htmlrtf {\fonttbl no\htmlrtf0}\htmlrtf not\htmlrtf0 a wheel}"
    plain = struct.pack("<II4sI", len(rich) + 12, len(rich), b"MELA", 0) + rich
    assert read(papers.msg({"1009": plain}), MSG)[1] == "a wheel"
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpack(packed, 1000) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


def test_a_body_that_unpacks_without_end_is_too_large():
    bomb = bytes(8) + b"LZFu" + bytes(4) + (b"\xff" + b"\x00\x0f" * 8) * 1000
    with pytest.raises(Unprocessable) as caught:
        unpack(bomb, 10_000)
    assert caught.value.reason_code == "too_large"


def test_an_encrypted_item_of_outlook_says_so(read):
    assert read(papers.msg({"001A": "IPM.Note.SMIME", "0037": "x"}), MSG)[0]["encrypted"] == "smime"


def test_a_broken_item_of_outlook_is_corrupt(reason):
    assert reason(papers.compound({"Other": b"x"}), MSG) == "corrupt"
    assert reason(papers.msg({"0037": "x"})[:700], MSG) == "corrupt"


def test_nothing_is_fetched(read):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        home = f"http://127.0.0.1:{listener.getsockname()[1]}".encode()
        external = b'Content-Type: message/external-body; access-type=URL; URL="%s"\n\nContent-Type: a/b\n\n' % home
        read(multipart(b"Content-Type: text/html\n\n<img src='%s/x'><p>words" % home, external))
        assert select.select([listener], [], [], 0)[0] == []


def test_mail_goes_through_the_sandbox(upload, work, client):
    files = {name: sample for name, sample in SAMPLES.items() if name != "mbox"}
    ids = {
        name: upload(sample.content, sample.name, "application/octet-stream")["id"] for name, sample in files.items()
    }
    work()

    shown = {name: client.get(f"/files/{file_id}/").json() for name, file_id in ids.items()}
    assert {name: (file["kind"], file["error"]) for name, file in shown.items()} == dict.fromkeys(
        files, ("email", None)
    )
    assert shown["eml"]["facts"]["email"]["subject"] == "Мельница  🙂"
    assert {artifact["name"] for artifact in shown["eml"]["artifacts"]} == {"text", "listing"}
