"""Russian pages of files of each kind: what is said there is Russian, but for names."""

import ast
import re
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from xml.parsers.expat import errors

import pytest
from django.utils import translation
from PIL import Image
from processors import archives, papers, pdfs, pictures, recordings, tables

from filemill import processors
from filemill.core.errors import Unprocessable
from filemill.languages import libraries, sentences
from filemill.processors import archive, image
from filemill.processors.archive import failures, reading
from filemill.processors.documents import faults
from filemill.processors.documents.xml import Fields, parse
from filemill.web import facts
from filemill.web.facts import Fact

RUSSIAN = {"Accept-Language": "ru", "Accept": "text/html"}
LATIN = re.compile(r"[A-Za-z]{2,}")
#: What is called so in Russian, too: formats, codecs, encodings, types, signs.
NAMES = re.compile(
    r"\b(?:JSON(?: lines)?|XML|YAML|TOML|UTC|EXIF|PDF|NUL|CRLF|LF|CR|RGB|JPEG|SVG|CDATA|viewBox|SHA|Id|curl|Filemill"
    r"|ISO|API|DOCTYPE|JavaScript|Message-ID|null|ascii|utf-8|zip|deflate|wav|mp4|aac|mpeg4|ru|en-GB|h264|pcm_s16le"
    r"|json|xml|yaml|toml|xmlns|data|xlsx|Lavf\S*|\w+/[\w.+-]+)\b"
)
#: What the page does not say itself: code and the file's own text, names of artifacts, what libmagic says.
NOT_SAID = re.compile(
    r'<(pre|code|head|script|template|svg|h1|header|footer)\b.*?</\1>|<ul class="products">.*?</ul>'
    r'|<p class="soft described">.*?</p>|<div class="scroll prose".*?</div>'
    r'|<table class="grid" data-sortable>.*?</table>'
    r'|<dd class="digest">.*?</dd>|<span class="thumb.*?</span>',
    re.DOTALL,
)


def english_in(page: str, name: str) -> set[str]:
    """Return the words on the page of a file that are neither Russian nor names."""
    said = [*re.findall(r'(?:aria-label|alt|title|placeholder)="([^"]*)"', NOT_SAID.sub("", page))]
    said += re.split(r"<[^>]*>", NOT_SAID.sub("|", page))
    return {words.strip() for words in map(unescape, said) if LATIN.search(NAMES.sub("", words.replace(name, "")))}


def letter() -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Зерно", "Анна <1@2.3>", "Борис <4@5.6>"
    message["Date"], message["Message-ID"] = "Mon, 14 Sep 2026 09:12:00 +0000", "<1@2.3>"
    message.set_content("Мельница стоит.\n")
    message.add_attachment(b"1", maintype="text", subtype="plain", filename="1")
    return message.as_bytes()


def photo() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0131], exif[0x0132] = "Зенит", "Мельник", "2026:09:14 09:12:00"
    exif.get_ifd(0x8769).update({0x829A: 0.01, 0x829D: 2.8, 0x920A: 50.0, 0x8827: 100, 0x9209: 1})
    return pictures.photo(exif=exif)


SAMPLES = {
    "sound.wav": lambda: recordings.recording(),
    "film.mp4": lambda: recordings.film(),
    "photo.jpg": photo,
    "broken.svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><g></svg>',
    "text.txt": lambda: "Мельница стоит над рекой.\r\nОна мелет зерно.\n".encode(),
    "broken.json": lambda: b'{"a": [1, null, true],\n "b" 1}',
    "two.json": lambda: b'{"a": 1}\n{"a":\n2}\n',
    "broken.xml": lambda: b"<?xml version='1.0'?>\n<a><b></a>",
    "broken.yaml": lambda: b"a: 1\nb: [\nc: 3\n",
    "broken.toml": lambda: b"a = 1\nb = [1, 2",
    "table.csv": lambda: "Имя;Вес;Дата\nРожь;1,5;2026-01-01\nОвёс;2,5;2026-01-02\n".encode(),
    "book.xlsx": lambda: tables.xlsx({"Лист": tables.rows_of(("Имя", "Вес"), ("Рожь", 1), ("Овёс", 2))}),
    "broken.ndjson": lambda: b'{"1": 1}\n' * 900 + b'{"1": \n' + b'{"1": 4}\n' * 9,
    "grain.zip": lambda: archives.zipped({"1": b"1" * 90, "2/3": b"3"}),
    "letter.eml": letter,
    "mill.md": lambda: "# Мельница\n\nСтоит.\n\n## Зерно\n".encode(),
    "paper.pdf": lambda: pdfs.pages(),
    "paper.docx": lambda: papers.docx(),
    "bytes.bin": lambda: bytes(each * 7 % 256 for each in range(3000)),
    "empty": lambda: b"",
}
#: What samples say of themselves, where helpers of other tests make them.
BY_SAMPLES = {"paper.docx": {"The mill", "A house", "Ada Miller", "Bo", "Writer"}}


@pytest.fixture
def pages(upload, work, client):
    """Process all samples; return their pages in Russian by name."""
    sent = {name: upload(make(), name, "application/octet-stream", metadata='{"relative_path": "1/2"}')["id"]
            for name, make in SAMPLES.items()}  # fmt: skip
    work()
    return {name: client.get(f"/app/files/{each}/", headers=RUSSIAN).content.decode() for name, each in sent.items()}


FAULTS = {
    "broken.json": "Ошибка в строке 2, столбце 5. Здесь ожидается двоеточие.",
    "two.json": "Ошибка в строке 2, столбце 1. Документ закончился раньше; дальше идёт другой, как в файле JSON lines.",
    "broken.xml": "Ошибка в строке 2, столбце 9. XML: закрывающий тег не соответствует открывающему.",
    "broken.yaml": "Ошибка в строке 4, столбце 1. YAML: ожидается «,» или «]» (при разборе списка"
    " в квадратных скобках).",
    "broken.toml": "Ошибка в строке 2, столбце 10. TOML: массив не закрыт.",
    "broken.svg": "Файл повреждён: строка 1, столбец 64: закрывающий тег не соответствует открывающему.",
    "broken.ndjson": "Пропущено строк, которые не JSON: 1; первая — строка 901.",
}


def test_pages_of_all_kinds_of_files_are_russian_and_say_what_is_broken(pages):
    found = {name: english_in(page, name) - BY_SAMPLES.get(name, set()) for name, page in pages.items()}
    assert {name: words for name, words in found.items() if words} == {}
    told = {name: re.findall(r'id="fault".*?<bdi>(.*?)</bdi>', page) for name, page in pages.items()}
    assert {name: unescape(words[0]) for name, words in told.items() if words} == FAULTS


@pytest.mark.parametrize(
    ("found", "label", "value"),
    [
        ({"keys": ["a", "b"]}, "Ключи", "a, b"),
        ({"depth_levels": 1}, "Глубина", "1 уровень"),
        ({"depth_levels": 4}, "Глубина", "4 уровня"),
        ({"depth_levels": 11}, "Глубина", "11 уровней"),
        ({"entropy_bits_per_byte": 4.5}, "Энтропия", "4,5 бита на байт"),
        ({"entropy_bits_per_byte": 8.0}, "Энтропия", "8 бит на байт"),
        ({"entropy_bits_per_byte": 1.0}, "Энтропия", "1 бит на байт"),
        ({"form": "none"}, "Форма", "нет"),
        ({"has_text": None}, "Есть текст", "неизвестно"),
        ({"root": "array"}, "Корень", "массив"),
        ({"language": "ru"}, "Язык", "Русский (ru)"),
        ({"language": "x-mill"}, "Язык", "x-mill"),
        ({"delimiter": "\t"}, "Разделитель", "табуляция"),
        ({"compression": ["stored", "deflate"]}, "Сжатие", "без сжатия, deflate"),
        ({"plugged_in": "none"}, "Plugged in", "none"),
    ],
)
def test_a_fact_is_told_in_russian_with_the_right_form(found, label, value):
    with translation.override("ru"):
        assert facts.lines(found) == (Fact(label, value),)


def test_what_a_file_or_a_client_says_is_no_word_of_ours():
    with translation.override("ru"):
        assert facts.lines({"title": "none", "format": "xml", "root": "array"})[2] == Fact("Корень", "array")
        assert facts.lines({"children": {"title": 1}}) == (Fact("Вложенные элементы", below=(Fact("title", "1"),)),)
        assert facts.lines({"form": "none", "delete_files": 1}, are_ours=False) == (
            Fact("Форма", "none"), Fact("Delete files", "1"),
        )  # fmt: skip


def test_a_picture_of_unknown_size_has_none():
    assert facts.lines({"width_pixels": None, "height_pixels": 3})[1] == Fact("Height", "3 px")


def reasons(package, called):
    """Return what the calls of one name in a package give as the reason."""
    trees = [ast.parse(path.read_text()) for path in Path(package.__file__).parent.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    given = [node.args[0] for node in calls if ast.unparse(node.func) == called]
    return [each.value for each in given if isinstance(each, ast.Constant)]


def english_of(error):
    with translation.override("ru"):
        return LATIN.findall(NAMES.sub("", re.sub(r"\b(?:Word|RAR|bzip2|tar\.gz)\b", "", sentences.said(error.detail))))


def test_whatever_is_broken_in_a_document_or_an_archive_is_told_in_russian():
    found = [faults.corrupt(each) for each in reasons(processors, "faults.corrupt")]
    found += [failures.unsupported(each) for each in reasons(archive, "failures.unsupported")]
    found += [failures.unsupported(each) for each in reading._OTHER_FORMS.values()]
    assert len(found) > 10
    assert [each.detail for each in found if english_of(each)] == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<a><b></a>", "построен с ошибкой (строка 1, столбец 9: закрывающий тег не соответствует открывающему)"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "в кодировке, которую не прочитать"),
    ],
)
def test_how_the_xml_of_a_document_is_broken_is_told_in_russian(content, why):
    with pytest.raises(Unprocessable) as caught:
        parse([content], Fields(), 9)
    with translation.override("ru"):
        said = sentences.said(caught.value.detail)
    assert said == f"Документ повреждён. Его XML {why}. Откройте его в программе, где он создан, и сохраните заново."


def test_a_picture_that_nothing_reads_is_named_without_english():
    names = {word for each in image._UNREADABLE.values() for word in each.split()}
    assert {each for each in names if each.islower()} == set()


def test_whatever_the_parser_of_xml_says_is_known():
    with translation.override("ru"):
        said = {each: sentences.said(f"XML: {each}.") for each in libraries.EXPAT}
    assert [each for each, shown in said.items() if LATIN.search(NAMES.sub("", shown.replace("xmlns", "")))] == []
    # What is not told of is about how the parser is called.
    assert {each for each in errors.codes if each not in libraries.EXPAT} <= OF_CALLS


OF_CALLS = {
    "out of memory", "unexpected parser state - please send a bug report", "parser suspended", "parser not suspended",
    "requested feature requires XML_DTD support in Expat", "cannot change setting once parsing has begun",
    "parsing aborted", "parsing finished", "cannot suspend in external parameter entity", "invalid argument",
    "a successful prior call to function XML_GetBuffer is required",
    "limit on input amplification factor (from DTD and entities) breached",
}  # fmt: skip
