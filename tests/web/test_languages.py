"""English and Russian: who gets which, what is said in it, and that nothing is left out."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from filemill.languages import sentences
from filemill.languages.chosen import by_header
from filemill.web import words

ROOT = Path(__file__).parents[2]
RUSSIAN = {"Accept-Language": "ru"}
HTML = {"Accept": "text/html"}


def said(response):
    return unescape(response.content.decode())


def test_everything_that_is_said_is_in_the_catalogue_and_that_is_compiled():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/languages.py", "--check"], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "Everything is translated.\n")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ru", "ru"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("en;q=0.1, ru;q=0.9", "ru"), ("en,ru", "en"),
        ("de,ru;q=0.3", "ru"),
        ("de", "en"), ("*", "en"), ("ru;q=0", "en"), ("not a header;;", "en"), ("ru," * 10_000, "ru"),
    ],
)  # fmt: skip
def test_a_language_is_chosen_by_the_header(client, db, header, language):
    page = client.get("/", headers={"Accept-Language": header})
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in said(page)
    assert {"Accept-Language", "Cookie"} <= set(re.split(", ", page.headers["Vary"]))


def test_who_says_nothing_gets_english(client, db):
    assert client.get("/").headers["Content-Language"] == "en"


def test_a_choice_on_the_page_counts_more_than_the_header_and_lasts(client, db):
    answer = client.post("/app/language/ru/?next=/app/activity/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/app/activity/")
    assert client.cookies["language"]["max-age"] > 10_000_000
    assert client.get("/", headers={"Accept-Language": "en"}).headers["Content-Language"] == "ru"
    client.post("/app/language/en/")
    assert client.get("/", headers=RUSSIAN).headers["Content-Language"] == "en"


def test_a_choice_leads_to_no_other_site_and_to_no_language_that_there_is_not(client, db):
    assert client.post("/app/language/ru/?next=https://evil.example/").headers["Location"] == "/"
    assert client.post("/app/language/xx/").status_code == 404
    assert client.get("/app/language/ru/").status_code == 405
    client.cookies["language"] = "xx"
    assert client.get("/").headers["Content-Language"] == "en"


@pytest.mark.usefixtures("closed")
def test_a_language_is_chosen_before_anybody_signs_in_and_after(django_user_model):
    client = Client(enforce_csrf_checks=True)
    assert client.post("/app/language/ru/").status_code == 303
    assert "Войти" in said(client.get("/app/sign-in/"))
    client.force_login(django_user_model.objects.create_user("anna"))
    assert client.post("/app/language/en/").status_code == 303


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    ("to", "page"),
    [
        ("/app/account/password/", "/app/account/"),
        ("/app/chosen/delete/", "/"),
        ("/app/sign-out/", "/app/sign-out/"),
        ("/app/activity/retry/", "/app/activity/"),
    ],
)
def test_after_a_form_a_language_is_chosen_for_its_page(django_user_model, to, page):
    client = Client(enforce_csrf_checks=to in {"/app/sign-out/", "/app/activity/retry/"})  # which refuse all else
    client.force_login(django_user_model.objects.create_user("anna"))
    assert f'action="/app/language/ru/?next={page}"' in said(client.post(to, headers={"Accept": "text/html"}))


@pytest.mark.usefixtures("closed", "db")
def test_after_a_wrong_password_a_language_is_chosen_and_the_way_kept(client):
    page = said(client.post("/app/sign-in/?next=/app/activity/", {"username": "a", "password": "b"}))
    assert 'action="/app/language/ru/?next=/app/sign-in/%3Fnext%3D/app/activity/"' in page


@pytest.mark.parametrize("accept", [{}, HTML])
def test_an_error_is_told_in_the_language_and_keeps_its_code(client, db, accept):
    answer = client.get("/nothing/", headers={**RUSSIAN, **accept})
    assert answer.status_code == 404
    assert "По этому адресу ничего нет." in said(answer)
    assert answer.headers["Content-Language"] == "ru"
    if not accept:
        problem = answer.json()
        assert (problem["code"], problem["type"]) == ("not_found", "/docs/problems/not_found/")


def test_the_short_way_of_uploads_tells_its_errors_in_the_language_too(client, db):
    answer = client.generic("POST", "/upload/", b"x", content_type="text/plain", headers=RUSSIAN)
    problem = answer.json()
    assert (problem["code"], problem["title"]) == ("missing_name", "У файла нет имени")
    assert problem["detail"].startswith("Для тела не в multipart нужно имя")
    assert answer.headers["Content-Language"] == "ru"
    assert "Accept-Language" in answer.headers["Vary"]


def test_what_an_upload_would_be_refused_for_is_told_in_the_language(client, db, configure):
    configure(max_upload_bytes=10)
    asked = {"name": "a.txt", "size": 1000}
    answer = client.post("/upload/check/", asked, content_type="application/json", headers=RUSSIAN)
    assert answer.json()["problems"][0]["title"] == "Файл слишком велик"
    assert answer.headers["Content-Language"] == "ru"


def test_a_file_itself_has_no_language(upload, client):
    file = upload(b"<p>hello", "page.html", "text/html")
    answer = client.get(f"/files/{file['id']}/content/", headers=RUSSIAN)
    assert answer.getvalue() == b"<p>hello"
    assert "Content-Language" not in answer.headers
    assert "Content-Language" not in client.get("/files/", headers=RUSSIAN).headers


def test_the_next_request_of_the_same_thread_is_in_its_own_language(client, db):
    client.get("/", headers=RUSSIAN)
    assert client.get("/nothing/").json()["title"] == "Not found"


def test_a_recorded_reason_is_shown_in_the_language_with_its_figures(make_file, client):
    reason = {"code": "too_many_pixels", "title": "The image has too many pixels", "processor": "image"}
    make_file(
        "a.png",
        "failed",
        error={**reason, "detail": "The image has more than 1,000 blocks, the most that Filemill reads."},
    )
    page = said(client.get("/", headers=RUSSIAN))
    assert "В изображении больше 1\N{NO-BREAK SPACE}000 блоков, это больше, чем Filemill читает." in page
    assert client.get("/files/").json()["results"][0]["error"]["title"] == "The image has too many pixels"


def test_plural_forms_are_right(make_file, client):
    reason = {"code": "corrupt", "title": "The image is damaged", "detail": "", "processor": "image"}
    for count, form in ((1, "1 файл<"), (2, "2 файла<"), (5, "5 файлов<")):
        while client.get("/files/").json()["results"][count - 1 :] == []:
            make_file("a.png", "failed", error=reason)
        assert form in said(client.get("/app/activity/", headers=RUSSIAN))


@pytest.mark.parametrize(
    ("words_in", "words_out"),
    [
        ("Not found", "Не найдено"),
        ("The file has 1,200,300 bytes.", "В файле 1\N{NO-BREAK SPACE}200\N{NO-BREAK SPACE}300 Б."),
        ("There is no parameter `Text`.", "Параметра `Text` нет."),
        ("The database does not answer. Nothing was changed that was not confirmed; try again soon.",
         "Не отвечает: база данных. Не изменено ничего, что не было подтверждено; повторите чуть позже."),
        ("The storage no longer has the bytes of this file. It was tried 3 times.",
         "Байтов этого файла в хранилище больше нет. Попыток было: 3."),
        ("Nobody has translated this.", "Nobody has translated this."),
        ("", ""),
    ],
)  # fmt: skip
def test_a_sentence_that_was_made_in_english_is_said_in_the_language(words_in, words_out):
    assert sentences.said(words_in) == words_in
    with translation.override("ru"):
        assert sentences.said(words_in) == words_out


def test_what_a_client_sent_cannot_make_a_sentence_slow():
    with translation.override("ru"):
        for _ in range(3):
            sentences._said.cache_clear()
            assert sentences.said("The name says " + ", the bytes say " * 200)
        assert sentences.said("x" * 100_000) == "x" * 100_000


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["7.4 MB", "820 KB", "4 ms", "0.28 s", "3 min 5 s", "2 h 4 min", "5 min ago", "3 May 2026"]),
        ("ru", ["7,4 МБ", "820 КБ", "4 мс", "0,28 с", "3 мин 5 с", "2 ч 4 мин", "5 мин назад", "3 мая 2026"]),
    ],
)
def test_sizes_times_and_dates_are_written_as_the_language_has_them(language, shown):
    moment = datetime(2026, 5, 3, 12, tzinfo=UTC)
    with translation.override(language):
        assert [words.size(7_400_000), words.size(820_000), *map(words.duration, (0.004, 0.28, 185, 7440))] == shown[:6]
        ago, ages = timedelta(minutes=5), timedelta(days=30)
        assert [words.age(moment, moment + ago), words.age(moment, moment + ages)] == shown[6:]


def test_headers_that_differ_without_end_take_bounded_memory():
    for number in range(2_000):
        by_header(f"x{number}")
    assert by_header.cache_info().currsize <= 512


ENGLISH = re.compile(r"(?:\b[A-Za-z][a-z]+\b[ ,]*){2,}")
NOT_OURS = re.compile(
    r"<(pre|code|bdi|head|script|template)\b.*?</\1>|<[^>]*>|docs/operations.md|«Users and tokens»", re.DOTALL
)
TOLD_BY_ATTRIBUTES = re.compile(r'(?:aria-label|alt|placeholder)="([^"]*)"')


@pytest.fixture
def pages(make_file, upload, work, client):
    """Fill the service with files in all states; return the addresses of its pages."""
    failed = {"code": "truncated", "title": "The image is truncated", "processor": "image"}
    ends = "The image ends before it is complete; it may have been cut off while it was copied or sent."
    make_file("a.png", "failed", error={**failed, "detail": ends}, jobs=[{"processor": "image", "state": "failed"}])
    make_file("b.png", "queued", jobs=[{"processor": "image", "state": "queued", "error": {**failed, "detail": ends}}])
    make_file("c.pdf", "processing", jobs=[{"processor": "pdf", "state": "running", "progress_words": "page 2 of 7"}])
    odd = "The name says image/png, the bytes say text/plain. Filemill goes by the bytes."
    warning = {"code": "type_mismatch", "title": "The name and the bytes disagree", "detail": odd}
    make_file("d.png", warnings=[warning])
    done = upload("слово, и ещё одно\n".encode(), "e.csv", "text/csv")
    work()
    files = [each["id"] for each in client.get("/files/").json()["results"]]
    assert done["id"] in files
    return ["/", "/?status=cancelled", "/app/activity/", "/app/account/", "/nothing/", "/docs/problems/not_found/",
            *(f"/app/files/{each}/" for each in files)]  # fmt: skip


def test_no_english_sentence_is_left_on_russian_pages(pages, client):
    for path in pages:
        page = said(client.get(path, headers={**RUSSIAN, **HTML}))
        told = [*TOLD_BY_ATTRIBUTES.findall(page), NOT_OURS.sub(" | ", page)]
        assert (path, [found[0] for each in told if (found := ENGLISH.search(each))]) == (path, [])


@pytest.mark.usefixtures("closed")
def test_no_english_sentence_is_left_for_who_signs_in(django_user_model, bearer):
    client = Client()
    client.force_login(django_user_model.objects.create_user("anna", password="correct horse battery"))
    bearer("anna")
    wrong = client.post("/app/account/password/", {"old_password": "x"}, headers={**RUSSIAN, **HTML})
    answers = [wrong, *(client.get(path, headers={**RUSSIAN, **HTML}) for path in ("/app/account/", "/app/sign-out/"))]
    answers.append(Client().get("/app/sign-in/", headers={**RUSSIAN, **HTML}))
    for answer in answers:
        assert ENGLISH.search(NOT_OURS.sub(" | ", said(answer))) is None


@pytest.mark.parametrize("depth", [3, 285, 450])
def test_sentences_within_sentences_end_nobodys_page(depth):
    with translation.override("ru"):
        assert sentences.said("It is " * depth + "x" + "." * depth).count("x") == 1
