import codecs

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from filemill.core.errors import Unprocessable
from filemill.processors import encodings, text
from filemill.processors.text import TextProcessor

RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей же чаю. Чащи юга, цитрус, фальшивый экземпляр!\n"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n"
ENGLISH = "It was the best of times, it was the worst of times, it was the age of wisdom.\n"


@pytest.fixture
def read(process):
    """Return the facts of a text and the text itself."""

    def run(content, media_type="text/plain"):
        result = process(TextProcessor, content, media_type)
        (made,) = result.artifacts
        assert (made.name, made.media_type) == ("text", "text/plain")
        return result.facts, made.path.read_bytes().decode()

    return run


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (ENGLISH.encode(), "ascii"),
        (RUSSIAN.encode(), "utf-8"),
        ((RUSSIAN * 9).encode("cp1251"), "windows-1251"),
        ((RUSSIAN * 9).encode("koi8-r"), "koi8-r"),
        ((RUSSIAN * 9).encode("cp866"), "cp866"),
        (RUSSIAN.encode("utf-16-le"), "utf-16le"),
        (RUSSIAN.encode("utf-16-be"), "utf-16be"),
        (RUSSIAN.encode("utf-32-be"), "utf-32be"),
        ((JAPANESE * 9).encode("shift_jis"), "cp932"),
        ((JAPANESE * 9).encode("euc_jp"), "euc_jis_2004"),
        ((JAPANESE * 9).encode("iso2022_jp"), "iso2022_jp_2"),
        (
            ("Příliš žluťoučký kůň skočil přes říčku a večer šel domů, kde už na něj čekali přátelé. " * 9).encode(
                "cp1250"
            ),
            "windows-1250",
        ),
    ],
)
def test_the_encoding_is_found(read, content, encoding):
    facts, words = read(content)
    assert facts["encoding"] == encoding
    assert facts["has_byte_order_mark"] is False
    assert words.encode(codecs.lookup(encoding).name) == content


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_a_byte_order_mark_settles_the_encoding_and_is_no_part_of_the_text(read, encoding):
    mark = "\ufeff".encode(encoding)
    facts, words = read(mark + RUSSIAN.encode(encoding))
    assert facts["encoding"] == encoding.replace("-le", "le").replace("-be", "be")
    assert facts["has_byte_order_mark"] is True
    assert facts["size_bytes"] == len(mark) + len(RUSSIAN.encode(encoding))
    assert facts["characters"] == len(RUSSIAN)
    assert words == RUSSIAN


def test_markup_that_names_its_encoding_is_believed(read):
    page = '<html><head><meta charset="iso-8859-5"></head><body>Привет, мир</body></html>'.encode("iso8859-5")
    facts, words = read(page, "text/html")
    assert facts["encoding"] == "iso-8859-5"
    assert "Привет, мир" in words


def test_a_few_broken_bytes_do_not_make_another_encoding_of_utf_8(read):
    facts, words = read((RUSSIAN * 3).encode() + b"\xff\xfe broken \xd0")
    assert facts["encoding"] == "utf-8"
    assert facts["encoding_confidence"] < 1
    assert facts["undecodable_bytes"] == 3
    assert words.startswith(RUSSIAN)
    assert words.endswith("\ufffd\ufffd broken \ufffd")


def test_bytes_that_break_utf_8_far_behind_the_start_are_found(read):
    facts, words = read(b"plain words\n" * 200_000 + RUSSIAN.encode("cp1251") * 9)
    assert facts["encoding"] == "windows-1251"
    assert words.endswith(RUSSIAN)


@pytest.mark.parametrize(
    ("content", "endings", "lines"),
    [
        (b"", "none", 0),
        (b"a", "none", 1),
        (b"a\nb\n", "lf", 2),
        (b"a\r\nb", "crlf", 2),
        (b"a\rb\r", "cr", 2),
        (b"a\r\nb\nc\rd", "mixed", 4),
        (b"\r\n" * 3, "crlf", 3),
        (b"\r\r\n\n", "mixed", 3),
    ],
)
def test_lines_are_counted_by_their_endings(read, content, endings, lines):
    facts, words = read(content)
    assert (facts["line_endings"], facts["lines"]) == (endings, lines)
    assert words.encode() == content


def test_mixed_endings_are_told_apart(read):
    facts, _ = read(b"a\r\nb\nc\n")
    assert facts["line_endings_by_kind"] == {"lf": 2, "crlf": 1, "cr": 0}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(st.text(alphabet="aé日 \t\r\n", max_size=60), st.integers(1, 7))
def test_where_a_piece_ends_makes_no_difference(read, monkeypatch, words, piece):
    monkeypatch.setattr(encodings, "_CHUNK_BYTES", piece)
    facts, copy = read(words.encode())
    assert copy == words
    assert facts["characters"] == len(words)
    assert facts["words"] == len(words.split())
    assert facts["lines"] == len(words.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - words.endswith(
        ("\r", "\n")
    ) - (not words)


def test_nuls_are_counted_and_replaced(read):
    facts, words = read(b"one\x00two\x00")
    assert facts["nul_characters"] == 2
    assert words == "one\ufffdtwo\ufffd"


def test_half_a_surrogate_pair_is_replaced(read, monkeypatch):
    monkeypatch.setattr(text, "encoding_of_text", lambda file: encodings.Encoding("utf-7"))
    _, words = read(b"a +2AA- b\n")
    assert words == "a \ufffd b\n"


def test_an_encoding_that_python_does_not_know_is_read_as_western(read, monkeypatch):
    import chardet

    monkeypatch.setattr(chardet, "detect", lambda sample, **options: {"encoding": None, "confidence": 0.9})
    facts, words = read(b"caf\xe9\n")
    assert (facts["encoding"], facts["encoding_confidence"]) == ("windows-1252", 0.0)
    assert words == "café\n"


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (ENGLISH, "en"),
        (ENGLISH.upper(), "en"),
        (RUSSIAN, "ru"),
        (JAPANESE, "ja"),
        ("Portez ce vieux whisky au juge blond qui fume sur son île intérieure.", "fr"),
    ],
)
def test_the_language_of_prose_is_named(read, words, language):
    facts, _ = read(words.encode())
    assert facts["language"] == language
    assert 0.5 <= facts["language_confidence"] <= 1


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b"a\n", "text/plain"), (b"1 2 3 4 5 6\n" * 9, "text/plain"), (ENGLISH.encode(), "text/csv")],
)
def test_what_is_no_prose_has_no_language(read, content, media_type):
    assert "language" not in read(content, media_type)[0]


def test_tags_and_scripts_are_no_words_of_a_page(read):
    page = f"<script>{'for while function return ' * 30}</script><p>{RUSSIAN}</p>"
    assert read(page.encode(), "text/html")[0]["language"] == "ru"


def test_binary_data_is_refused_with_a_sentence(process):
    with pytest.raises(Unprocessable, match=r"^The file holds binary data, .*\.$") as caught:
        process(TextProcessor, bytes(range(256)), "text/plain")
    assert caught.value.reason_code == "not_text"


def test_a_very_long_text_is_cut_in_the_artifact_between_two_characters(read, monkeypatch):
    monkeypatch.setattr(text, "_MAX_ARTIFACT_BYTES", 9)
    facts, words = read("привет".encode())
    assert words == "прив"
    assert facts["characters"] == 6
    assert facts["text_artifact_cut_at_bytes"] == 9


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_text_in_utf_8_comes_back_as_it_was(read, words):
    if (
        "\x00" not in words
        and not words.startswith("\ufeff")
        and len(words.translate(dict.fromkeys(range(32)))) == len(words)
    ):
        assert read(words.encode())[1] == words


def test_an_encoding_that_nothing_reads_is_named_and_not_read_as_another(read):
    # The first article of the Universal Declaration of Human Rights in EUC-TW; Python has no codec to write it with.
    article = (
        "c4a9c4a9c6edc8d4c8dcc6f1a1a2c7e3def1f9e4cccffbe2c9b3c4b8c4a1d1a3c6cde1aba1a4c5ecd4afefacc8b4dca1cdcccccfcbc0c5"
        "c0a1a2cbe4f3dcc5e8c5f3caaef9c3cffbcefbeab4d7aec4ebd2dee8d7d1a1a1a4"
    )
    with pytest.raises(Unprocessable, match="EUC-TW") as refused:
        read(bytes.fromhex(article))
    assert refused.value.reason_code == "encoding_unsupported"


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("gb18030", "人人生而自由、在尊严和权利上一律平等。他们赋有理性和良心、并应以兄弟关系的精神相对待。"),
        ("big5", "人人生而自由、在尊嚴和權利上一律平等。他們賦有理性和良心、並應以兄弟關係的精神互相對待。"),
        ("euc_jp", "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。"),
        (
            "euc_kr",
            "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
        ),
    ],
)
def test_the_other_encodings_of_east_asia_are_read(read, codec, words):
    _, copy = read((words * 4).encode(codec))
    assert copy == words * 4


def test_a_large_table_is_left_to_the_processor_for_tables(process, monkeypatch):
    monkeypatch.setattr(text, "_MAX_TABLE_BYTES", 9)
    result = process(TextProcessor, "größe,preis\n1,2\n".encode(), "text/csv")
    assert (result.facts["encoding"], result.facts["read_as_text"], result.artifacts) == ("utf-8", False, ())
    assert process(TextProcessor, b"no table, however long\n", "text/plain").facts["words"] == 4


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("cp1252", "id;name;amount\n0;Muñoz;12,50\n1;García;13,50\n"),
        ("cp1252", "Name;Größe\n" * 8000),
        ("cp1251", "Счёт;Сумма;ИНН\n40817810099910004312;1 234,56;0123456789\n40817810099910004313;99,00;7701234567\n"),
        ("cp1252", '"Kontonummer:";"DE12"\n' + '"Kauf Ä";"01.01.2020";"-1.000,50"\n' * 40),
        ("cp1253", "Όνομα;Αθήνα;Ποσό\n1;2;3\n"),
        ("cp1250", "Řehoř;1\nŽižka;2\n"),
    ],
)
def test_a_few_foreign_words_are_enough_to_find_what_windows_writes(read, codec, words):
    facts, copy = read(words.encode(codec), "text/csv")
    assert copy == words
    assert facts["encoding_confidence"] < 1
