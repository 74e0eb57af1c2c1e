"""The list at / and its upload form."""

import gzip
from contextlib import ExitStack
from html import escape
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from filemill.core.ids import new_id
from filemill.files import transfers
from filemill.files.models import File

HOSTILE = "\"><img src=x onerror=alert(1)>'.txt"


def send(client, content=b"hello", name="a.txt", **extra):
    return client.post("/", {"file": SimpleUploadedFile(name, content)}, **extra)


def test_an_empty_list_says_that_nothing_is_there(client, db):
    response = client.get("/")
    assert response.status_code == 200
    assert "No files yet" in response.content.decode()


@pytest.mark.parametrize("address", ["/", "/app/list/"])
def test_the_list_goes_out_compressed_to_who_takes_that(client, make_file, address):
    for number in range(20):
        make_file(f"file-{number}.txt")
    plain = client.get(address)
    short = client.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in plain
    assert short["Content-Encoding"] == "gzip"
    assert len(short.content) * 4 < len(plain.content)
    assert b"</div>" in gzip.decompress(short.content)


@pytest.mark.django_db(transaction=True)
def test_the_form_takes_a_file_and_leads_back_to_the_list(client):
    response = send(client, name="notes.txt")
    assert response.status_code == 303
    assert response["Location"] == "/"
    assert "notes.txt" in client.get("/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_form_needs_no_token_for_its_body_is_never_parsed_by_django():
    from django.test import Client

    assert send(Client(enforce_csrf_checks=True)).status_code == 303


def test_a_form_on_another_site_is_refused(client, db):
    assert send(client, headers={"Origin": "http://evil.example"}).status_code == 403
    assert File.objects.count() == 0


def test_a_form_without_a_file_says_so_on_the_page(client, make_file):
    make_file("already here.txt")
    response = client.post("/", {"something": "else"})
    page = response.content.decode()
    assert response.status_code == 400
    assert "No file was sent" in page
    assert 'role="alert"' in page
    assert "already here.txt" in page


def test_a_file_above_the_limit_is_refused_with_its_status(client, db, configure):
    configure(max_upload_bytes=10)
    response = send(client, content=b"x" * 11)
    assert response.status_code == 413
    assert "at most" in response.content.decode() or "the most that is accepted" in response.content.decode()


def test_a_urlencoded_form_is_refused_with_its_status(client, db):
    response = client.post("/", "a=b", content_type="application/x-www-form-urlencoded")
    assert response.status_code == 415


def test_who_finds_no_seat_reads_that_it_is_not_their_files_fault(client, db):
    with ExitStack() as stack:
        for _ in range(transfers.most()):
            stack.enter_context(transfers.Seat(transfers.TRANSFERS))
        response = send(client)
    assert response.status_code == 503
    assert "Try again soon" in response.content.decode()


def test_who_has_too_many_transfers_under_way_reads_so(client, db, configure):
    configure(transfers_per_owner=1)
    with transfers.transfer("127.0.0.1"):
        response = send(client)
    assert response.status_code == 429
    assert "Try again when one has ended" in response.content.decode()


def test_who_has_used_up_a_quota_reads_so(client, transactional_db, configure, django_user_model):
    configure(access="token", quota_files=1)
    client.force_login(django_user_model.objects.create_user("anna"))
    send(client, headers={"Origin": "http://testserver"})
    response = send(client, headers={"Origin": "http://testserver"})
    assert response.status_code == 413
    assert "quota" in response.content.decode().lower()


def test_a_hostile_name_is_only_text(client, make_file):
    make_file(HOSTILE, error={"title": "<b>t", "detail": "<script>alert(2)</script>"}, status="failed")
    page = client.get("/").content.decode()
    assert "<img" not in page
    assert "<script>" not in page
    assert escape(HOSTILE) in page
    assert "&lt;script&gt;alert(2)" in page


def test_a_failed_file_shows_its_reason_in_its_row(client, make_file):
    reason = {"code": "truncated", "title": "The file is cut off", "detail": "The image ends in the middle."}
    make_file("cut.jpg", "failed", error=reason)
    page = client.get("/").content.decode()
    assert "Failed" in page
    assert "The image ends in the middle." in page


def test_a_warning_is_shown_on_a_processed_file(client, make_file):
    make_file("a.jpg", warnings=[{"title": "Odd", "detail": "The name says image/jpeg, the bytes say text."}])
    page = client.get("/").content.decode()
    assert "Processed" in page
    assert "the bytes say text" in page


def test_a_file_that_is_tried_again_says_why_and_how_often(client, make_file):
    error = {"code": "crashed", "title": "Crashed", "detail": "It ended by a signal.", "processor": "image"}
    make_file("a.jpg", "queued", [{"processor": "image", "attempts": 2, "error": error, "due_at": timezone.now()}])
    assert "Attempt 2 of 3 failed: It ended by a signal." in client.get("/").content.decode()


def test_a_running_file_shows_its_progress(client, make_file):
    job = {"processor": "table", "state": "running", "progress": 0.35, "progress_words": "Reading rows"}
    make_file("orders.csv", "processing", [job])
    page = client.get("/").content.decode()
    assert "Reading rows" in page
    assert "35%" in page
    assert 'value="0.350"' in page


def test_a_processed_picture_shows_its_size_in_pixels_and_its_thumbnail(client, upload, work):
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    file = upload(picture.getvalue(), "teal.png", "image/png")
    work()
    page = client.get("/").content.decode()
    address = f"/files/{file['id']}/artifacts/thumbnail-256/"
    assert "image/png, 40 × 30" in page  # noqa: RUF001  # the sign that it is
    assert f'src="{address}"' in page
    assert b"".join(client.get(address).streaming_content).startswith(b"RIFF")


@pytest.mark.parametrize("status", ["queued", "processing"])
def test_the_page_reloads_itself_without_a_script_while_something_is_unfinished(client, make_file, status):
    make_file(status=status)
    page = client.get("/").content.decode()
    assert '<noscript><meta http-equiv="refresh"' in page
    assert "data-unfinished" in page


def test_the_page_does_not_reload_itself_once_all_is_done(client, make_file):
    make_file()
    page = client.get("/").content.decode()
    assert "http-equiv" not in page
    assert "data-unfinished" not in page


def test_a_page_with_a_complaint_does_not_reload_itself_away(client, make_file):
    make_file(status="queued")
    assert "http-equiv" not in client.post("/", {"something": "else"}).content.decode()


def test_the_filters_choose_by_status_kind_and_name(client, make_file):
    make_file("Мельница.txt")
    make_file("broken.png", "failed", kind="image")
    assert "broken.png" not in client.get("/?status=processed").content.decode()
    assert "broken.png" in client.get("/?kind=image").content.decode()
    found = client.get("/?name=Мельн").content.decode()
    assert "Мельница.txt" in found
    assert "broken.png" not in found
    assert "No file matches" in client.get("/?name=nowhere").content.decode()


def test_filter_links_keep_each_other_and_drop_the_cursor(client, make_file):
    page = client.get("/?kind=image&name=a").content.decode()
    assert 'href="/?kind=image&amp;name=a&amp;status=failed"' in page
    assert '<input type="hidden" name="kind" value="image">' in page


@pytest.mark.parametrize("query", ["status=wrong", "cursor=wrong", "unheard=of"])
def test_a_wrong_parameter_is_explained_on_the_page(client, db, query):
    response = client.get(f"/?{query}")
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()
    assert client.get(f"/app/list/?{query}").status_code == 400


def test_the_pages_lead_to_the_next_and_back(client, make_file):
    for number in range(3):
        make_file(f"file-{number}.txt")
    first = client.get("/?page_size=2")
    assert first.context["previous"] is None
    second = client.get(f"/{first.context['next']}")
    assert [row.file.name for row in second.context["rows"]] == ["file-0.txt"]
    assert second.context["next"] is None
    back = client.get(f"/{second.context['previous']}")
    assert [row.file.name for row in back.context["rows"]] == ["file-2.txt", "file-1.txt"]


def test_the_fragment_is_the_list_alone_with_the_same_filters(client, make_file):
    make_file("a.txt")
    make_file("b.png", "failed")
    address = client.get("/?status=failed").context["live"]
    fragment = client.get(address).content.decode()
    assert fragment.lstrip().startswith('<div id="live"')
    assert "b.png" in fragment
    assert "a.txt" not in fragment


def test_the_list_costs_the_same_number_of_queries_for_any_number_of_files(
    client, make_file, django_assert_max_num_queries
):
    for number in range(20):
        make_file(f"{number}.txt", jobs=[{"processor": "identify", "state": "succeeded"}])
    with django_assert_max_num_queries(3):
        client.get("/app/list/")


def test_the_look_is_kept_in_every_link_and_a_wrong_one_is_explained(client, make_file):
    make_file("a.txt")
    page = client.get("/?view=grid").content.decode()
    assert 'class="rows tiles"' in page
    assert 'href="/?view=grid&amp;status=failed"' in page
    assert '<input type="hidden" name="view" value="grid">' in page
    assert client.get("/app/list/?view=grid").context["is_grid"]
    assert "view is one of list, grid" in client.get("/?view=wrong").content.decode()


def test_the_rows_of_named_files_are_those_that_the_list_still_has(client, make_file):
    shown, other, left = make_file("a.txt"), make_file("b.txt", "failed"), make_file("c.txt")
    query = urlencode({"status": "processed", "id": [shown.pk, other.pk, new_id()]}, doseq=True)
    found = client.get(f"/app/list/rows/?{query}&view=grid&ordering=name").content.decode()
    assert f'id="file-{shown.pk}"' in found
    assert found.count("listitem") == 1
    assert str(left.pk) not in found


@pytest.mark.parametrize("query", ["", "id=wrong", "&".join(["id=01a206eb-7ae2-7626-81e9-4a08cd52cb41"] * 101)])
def test_rows_are_named_by_a_bounded_number_of_ids(client, db, query):
    assert client.get(f"/app/list/rows/?{query}").status_code == 400


def test_a_page_may_load_from_here_only(client, db):
    from filemill.web.middleware import POLICY

    assert client.get("/")["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
