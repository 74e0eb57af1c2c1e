"""Identification of what people can read: all of it is text, and its form says which."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filemill.identify import deep, lines, markup, texts
from filemill.identify.kinds import kind_of

PROSE = "It was a bright cold day in April, and the clocks were striking thirteen.\nWinston went home.\n"
RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю.\n" * 2
MAIL = (
    "From: a@example.org\r\nTo: b@example.org\r\nSubject: Hello\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\nHi.\r\n"
)


@pytest.fixture
def type_of(tmp_path):
    def look(content, name="file"):
        path = tmp_path / "content"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return deep.identify(path, name).media_type

    return look


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PROSE, "text/plain"),
        ("a", "text/plain"),
        ("\n", "text/plain"),
        ('{"a": 1}', "application/json"),
        ("[true]", "application/json"),
        ("[]", "application/json"),
        (json.dumps({"a": ["x" * 50] * 3000}), "application/json"),
        (json.dumps([[1, 2]] * 20000), "application/json"),
        ('{"a": 1,}', "application/json"),
        ('{"a":1}\n{"a":2}\n', "application/x-ndjson"),
        ('{"a":1}\n' * 20000, "application/x-ndjson"),
        ("[1, 2]\n[3, 4]\n", "application/x-ndjson"),
        ('{"add":1}\n{"commit":2}\n', "application/json"),
        ('{"cells": [], "nbformat": 4}', "application/x-ipynb+json"),
        ('{"type": "FeatureCollection", "features": []}', "application/geo+json"),
        ("[section]\nkey: value\n", "text/plain"),
        ("[2026-01-01 10:00:00] started\n[2026-01-01 10:00:01] stopped\n", "text/plain"),
        ("<!DOCTYPE html><title>a</title>", "text/html"),
        ("<!-- a comment -->\n<HTML><body>", "text/html"),
        ("<div>\n<p>part of a page</p></div>", "text/html"),
        ("words first <title>then</title> a page", "text/html"),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "application/xhtml+xml"),
        (
            '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html/>',
            "application/xhtml+xml",
        ),
        ('<?xml version="1.0"?>\n<data/>', "application/xml"),
        ('<?xml version="1.0"?><rss version="2.0"/>', "application/xml"),
        ('<!DOCTYPE external [\n<!ENTITY ee SYSTEM "file:///a">\n]>\n<root>&ee;</root>\n', "application/xml"),
        ("<root><leaf/></root>", "application/xml"),
        ("<grin> said the cat", "text/plain"),
        ('<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
        ('<?xml version="1.0"?><!-- x --><!DOCTYPE svg PUBLIC "a" "b"><svg/>', "image/svg+xml"),
        ('<svg:svg xmlns:svg="http://www.w3.org/2000/svg"></svg:svg>', "image/svg+xml"),
        ('<kml xmlns="http://www.opengis.net/kml/2.2"/>', "application/vnd.google-earth.kml+xml"),
        ("<?php echo 1;", "text/x-php"),
        ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "text/calendar"),
        ("WEBVTT 00:11.000 --> 00:13.000\nwords", "text/vtt"),
        ("1\n00:00:01,000 --> 00:00:02,000\nHello.\n", "application/x-subrip"),
        ("#EXTM3U\nhttp://example.org/a.ts\n", "application/vnd.apple.mpegurl"),
        ("-----BEGIN CERTIFICATE-----\n", "application/x-pem-file"),
        ("diff --git a/x b/x\n", "text/x-diff"),
        ("#!/usr/bin/env python3\nprint(1)\n", "text/x-python"),
        ("#! /bin/sh\n", "text/x-shellscript"),
        ("P3\n# made by hand\n1 1\n255\n0 0 0\n", "image/x-portable-pixmap"),
        (MAIL, "message/rfc822"),
        ("Received: from a\r\n by b\r\nbroken line\r\n" + "X-A: b\r\n" * 9 + MAIL, "message/rfc822"),
        ("From a@example.org Thu Jan  1 00:00:00 2026\n" + MAIL, "application/mbox"),
        ("From a@example.org Thu Jan  1 00:00:00 2026\n\nNo header.\n", "application/mbox"),
        ("From a@example.org\n" + MAIL, "message/rfc822"),
        ("From a friend\nto another\n", "text/plain"),
        ("From  : a@b.example\nTo:b\nstray line\nDate:\n today\nSubject:x\nMessage-ID:<1>\n\nHi.\n", "message/rfc822"),
        ("From: https://a.example\nhttp://b.example\nhttp://c.example\n", "text/plain"),
        ("From here at 10:30 to there in 2026.\nWe walked.\n", "text/plain"),
        ("Note: this is a list\nFrom: the start\nis no header at all\nand never was\n", "text/plain"),
        ("---\nkey: value\nlist:\n  - a\n", "application/yaml"),
        ("version: 3\nservices:\n  web:\n    image: x\n", "application/yaml"),
        ("---\ntitle: A page\n---\n# In Markdown\n\nWith prose.\n", "text/plain"),
        ('name = "x"\n[[part]]\nsize = 1\n', "application/toml"),
        ("a = b\n", "text/plain"),
    ],
)
def test_the_form_of_a_text_names_it(type_of, content, media_type):
    assert type_of(content) == media_type


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("a,b,c\n1,2,3\n", "text/csv"),
        ("a;b;c\n1;2;3\n", "text/csv"),
        ("a|b|c\n1|2|3\n", "text/csv"),
        ('A,A,A\nA,"A,A",A\n', "text/csv"),
        ("name,age\nAnn,1\nBob,2\n", "text/csv"),
        ("name,age\rAnn,1\rBob,2\r", "text/csv"),
        ("id,text,n\n" + "1,word,2\n" * 9000, "text/csv"),
        ("имя,возраст,город\nЮля,1,Пермь\n".encode("cp1251"), "text/csv"),
        ("a\tb\n1\t2\n", "text/tab-separated-values"),
        ("Title\t\t\r\na\tb\tc\r\n", "text/tab-separated-values"),
        ("seed, 0x1\n0, 0x2\n1, 0x3\n", "text/csv"),
        ("a,b,c\n# a remark\n1,2,3\n", "text/csv"),
        ("sep=;\na;b;c\n1;2;3\n", "text/csv"),
        ("# made by a mill\na,b,c\n1,2,3\n", "text/csv"),
        ("##version=4\n#a\tb\n1\t2\n", "text/tab-separated-values"),
        ("A report\n\nday;n;kind\n" + "x;1;y\n" * 9, "text/csv"),
        ("mpg,cyl\nMazda,21,6\nFord,20,4\n", "text/csv"),
        ("a;b;c\n" + "1;Grüße… und mehr;ü\n".encode("cp1252").decode("latin-1") * 9, "text/csv"),
        ("a,b,c\n" + "1,one\u2028two,3\n" * 9, "text/csv"),
        ('id\tname\n1\t"5 inch\n' + "2\tx\n" * 9, "text/tab-separated-values"),
        ("2024-01-01 10:00:00,123 INFO started\n2024-01-01 10:00:01,456 INFO stopped\n" * 9, "text/plain"),
        ("INSERT INTO t VALUES (1, 'a', 'b');\n" * 9, "text/plain"),
        ("int a[] = {\n" + "  1, 2, 3, 4,\n" * 9 + "};\n", "text/plain"),
        ("a | b | c\n--|--|--\n1 | 2 | 3\n", "text/plain"),
        ("\tPROGRAM A\n\tEND\n", "text/plain"),
        ("Dear Sir,\nyours,\n", "text/plain"),
        ("HTTP/1.1 200 OK\nDate: Fri, 1 Mar 2024 10:00:00 GMT\nContent-Type: a/b\n\nwords\n", "text/plain"),
        ("Roses are red, violets blue\nSugar is sweet, so are you\nSo it goes, to the end\n", "text/plain"),
        ("one, two, three\nfour, five\nsix, seven, eight, nine\n", "text/plain"),
        ("|a|b|\n|-|-|\n|1|2|\n", "text/plain"),
        ("a,b,c\n", "text/plain"),
        ('"' + "x,y\n" * 300, "text/plain"),
    ],
)
def test_a_table_is_told_from_prose_by_its_rows(type_of, content, media_type):
    assert type_of(content) == media_type


@pytest.mark.parametrize(
    "content",
    [
        RUSSIAN.encode(encoding)
        for encoding in (
            "utf-8",
            "utf-8-sig",
            "cp1251",
            "koi8-r",
            "cp866",
            "iso8859-5",
            "utf-16",
            "utf-16-le",
            "utf-16-be",
        )
    ]
    + [RUSSIAN.encode("utf-32"), RUSSIAN.encode("utf-32-le"), RUSSIAN.encode("utf-32-be")]
    + [
        "吾輩は猫である。名前はまだ無い。\n".encode(encoding)
        for encoding in ("shift_jis", "euc_jp", "utf-16", "iso2022_jp")
    ]
    + [
        ("天地玄黃 宇宙洪荒。\n日月盈昃 辰宿列張。\n" * 5).encode("utf-16-le"),
        "Grüße aus Ærøskøbing\n".encode("cp865"),
        "with a \x00 in the middle".encode("cp1252"),
        b"\x00" * 900 + b"words after padding",
        b"\x1b[31mred\x1b[0m\n",
        "é".encode() * 40000,
        b"x" + "é".encode() * 40000,
    ],
)
def test_text_is_text_in_any_encoding(type_of, content):
    assert kind_of(type_of(content)) == "text"


@pytest.mark.parametrize(
    "content",
    [
        bytes(100),
        bytes(5000) + b"a",
        random.Random(1).randbytes(300),
        b"\x01\x02\x03 words",
        "слово".encode("cp1251") + b"\x01\x02",
        b"\xff\xfe\x00\xd8\x00\xd8" * 20,
        bytes([0, 1, 0, 2, 0, 3, 0, 4]) * 20,
    ],
)
def test_binary_is_binary(type_of, content):
    assert kind_of(type_of(content)) == "binary"


@pytest.mark.parametrize(
    "content", ["[,1]", "[1 true]", '{"x"}', '["x"', '["x', "[3[4]]", "[" * 100_000, '{"a"}\n' * 9000]
)
def test_json_that_begins_wrongly_is_broken_json(type_of, content):
    assert type_of(content) == "application/json"


@pytest.mark.parametrize("content", ["[x", "[section]\n", "{key: 1}", "[1] See below.", "[12:00] hello", "{ 1 }; x"])
def test_what_has_words_of_its_own_is_no_json(type_of, content):
    assert type_of(content) == "text/plain"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_of_thousands_of_columns_is_one_although_its_first_line_is_longer_than_the_head(type_of, separator):
    lines = [separator.join(f"column {number}" for number in range(10_000)), *[separator.join("7" * 10_000)] * 40]
    kind = "text/tab-separated-values" if separator == "\t" else "text/csv"
    assert type_of("\n".join(lines).encode()) == kind
    assert type_of(" ".join(lines).encode()) == "text/plain"


def test_a_table_in_unmarked_utf_16_is_just_text_for_nothing_reads_it_as_a_table(type_of):
    table = "a,b,c\r\n1,2,3\r\n" * 9
    assert type_of(table.encode("utf-16-le")) == "text/plain"
    assert type_of(table.encode("utf-16")) == "text/csv"


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        ("# Title\n\nwords\n", "README.md", "text/markdown"),
        ('<h1 align="center">Title</h1>\n\nwords', "README.md", "text/markdown"),
        ("a: b\n", "a.YAML", "application/yaml"),
        ("p { color: red }\n", "a.css", "text/css"),
        ("let a = 1;\n", "a.js", "text/javascript"),
        ("words\n", "a.txt", "text/plain"),
        ("<!doctype html>", "a.txt", "text/html"),
        ("words\n", "a.csv", "text/plain"),
        ("words\n", "a.png", "text/plain"),
        ("words\n", "a.json", "text/plain"),
        ('{"a": 1}', "a.md", "application/json"),
        ("a,b,c\n1,2,3\n", "a.md", "text/csv"),
        (MAIL, "a.txt", "message/rfc822"),
    ],
)
def test_a_name_only_chooses_among_texts(type_of, content, name, media_type):
    assert type_of(content, name) == media_type


@given(st.text(max_size=300), st.text(max_size=30))
def test_a_name_never_changes_the_kind(text, name):
    bare = deep.names.refine("text/plain", "")
    for media_type in (bare, "text/html", "text/csv", "image/png", "application/octet-stream"):
        assert kind_of(deep.names.refine(media_type, name)) == kind_of(media_type)


@given(st.text())
def test_no_text_makes_the_rules_raise(text):
    for whole in (True, False):
        markup.identify(text, whole=whole)
        lines.identify(text, whole=whole)


@given(st.binary(max_size=600))
def test_no_bytes_make_the_reading_of_text_raise(head):
    found = texts.text_of(head, whole=True)
    assert found is None or "\x00" not in found


@pytest.mark.parametrize(
    "text",
    [
        "#!" + "/" * 60000,
        "#!" + "a/" * 30000,
        "From " + "1" * 60000,
        "P1 " + "# " * 30000,
        "[" + " " * 60000,
        "[" * 60000,
        '{"' + "a" * 60000,
        "<" + "a" * 60000,
        "<a " + " b" * 30000,
        "<!DOCTYPE a [" + "] " * 30000,
        "<!--" * 15000,
        "<title>" * 9000,
        "a" + " " * 60000 + "\nb:\n",
        "key" + " ." * 30000 + "\n c:\n",
        '"' * 60000,
        "," * 60000,
        "a.b." * 15000 + "=",
        "a = " + "[" * 60000,
    ],
)
def test_texts_made_to_keep_the_rules_busy_do_not(text):
    markup.identify(text, whole=True)
    markup.identify(text, whole=False)
    markup.html_inside(text)
    lines.identify(text, whole=True)
