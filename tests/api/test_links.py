"""Signed addresses: good for the one content that they were made for, until they expire or are ended."""

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from filemill.accounts.models import Token
from filemill.files import links
from filemill.files.models import File

TEXT = b"hello, mill"


pytestmark = [pytest.mark.once, pytest.mark.usefixtures("closed")]


@pytest.fixture
def anna(bearer):
    return bearer("anna")


@pytest.fixture
def send(anna, transactional_db):
    """Upload as Anna: send(b"...", "a.txt")."""

    def post(content=TEXT, name="a.txt", headers=anna):
        to = f"/upload/?name={name}"
        response = Client().generic("POST", to, content, content_type="text/plain", headers=headers)
        assert response.status_code == 201, response.content
        return response.json()["id"]

    return post


@pytest.fixture
def file(send):
    return send()


@pytest.fixture
def processed(file, work):
    work()
    return file


@pytest.fixture
def make(anna):
    """Make a link: url = make(file_id, artifact="text", expires_in=60)."""

    def post(file_id, headers=anna, **asked):
        response = Client().post(f"/files/{file_id}/links/", asked, content_type="application/json", headers=headers)
        assert response.status_code == 201, response.content
        return response.json()["url"]

    return post


@pytest.fixture
def later(monkeypatch):
    """Set the clock that links look at forward: later(3600)."""

    def jump(seconds):
        now = links.time.time() + seconds
        monkeypatch.setattr(links.time, "time", lambda: now)

    return jump


def get(address, **headers):
    """Ask as somebody who has neither token nor session; the answer's bytes are in `bytes`."""
    response = Client().get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response.bytes = response.getvalue()
    return response


@pytest.mark.parametrize("access", ["open", "token"])
@pytest.mark.parametrize("artifact", [None, "text"])
def test_whoever_has_a_link_needs_no_token(processed, make, configure, artifact, access):
    configure(access=access)
    address = make(processed, artifact=artifact)
    assert address.startswith(
        f"http://testserver/files/{processed}/{'artifacts/text' if artifact else 'content'}/?link="
    )
    for each in (address, address.replace("/?", "?")):
        response = get(each)
        assert (response.status_code, response.bytes) == (200, TEXT)
    head = Client().head(address)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(TEXT)), b"")


def test_a_link_ends_with_the_token_that_made_it(file, bearer, make, later):
    ends = timezone.now() + timedelta(seconds=100)
    for_a_while = bearer("anna", expires_at=ends)
    long, short = make(file, for_a_while, expires_in=3600), make(file, for_a_while, expires_in=50)
    assert get(long).status_code == get(short).status_code == 200
    later(60)
    assert (get(long).status_code, get(short).status_code) == (200, 410)
    later(60)
    assert get(long).status_code == 410


def test_ranges_and_conditions_work(file, make):
    address = make(file)
    part = get(address, Range="bytes=1-2")
    assert (part.status_code, part.bytes, part.headers["Content-Range"]) == (206, b"el", "bytes 1-2/11")
    assert get(address, If_None_Match=part.headers["ETag"]).status_code == 304
    assert get(address, Range="bytes=99-").status_code == 416


LOOSER = {"Cache-Control", "Cross-Origin-Resource-Policy", "Referrer-Policy", "X-Request-Id", "Vary"}


@pytest.mark.parametrize("artifact", [None, "text"])
def test_a_link_serves_as_inertly_as_a_token(processed, anna, make, artifact, refused):
    address = make(processed, artifact=artifact)
    by_link, by_token = get(address), get(address.partition("?")[0], **anna)
    assert {**by_link.headers, **dict.fromkeys(LOOSER)} == {**by_token.headers, **dict.fromkeys(LOOSER)}
    assert by_link.headers["X-Content-Type-Options"] == "nosniff"
    assert by_link.headers["Content-Security-Policy"].startswith("sandbox;")
    refused(get(address, Sec_Fetch_Dest="script"), 403, "forbidden")


def test_html_stays_an_attachment_whatever_the_link_says(send, work, make):
    file_id = send(b"<!doctype html><script>alert(1)</script>", "a.html")
    work()
    assert get(make(file_id, disposition="inline")).headers["Content-Disposition"].startswith("attachment")


def test_a_link_may_ask_for_the_bytes_to_be_saved(processed, make):
    assert get(make(processed)).headers["Content-Disposition"] == 'inline; filename="a.txt"'
    assert (
        get(make(processed, disposition="attachment")).headers["Content-Disposition"] == 'attachment; filename="a.txt"'
    )


def test_browsers_keep_the_bytes_until_the_link_expires_and_show_them_on_any_page(processed, make):
    response = get(make(processed, expires_in=1000))
    kind, seconds = re.fullmatch(r"(private), max-age=(\d+)", response.headers["Cache-Control"]).groups()
    assert (kind, 900 < int(seconds) <= 1000) == ("private", True)
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "Cookie" not in response.headers.get("Vary", "")


def test_nothing_is_kept_before_the_type_is_known(send, make):
    response = get(make(send()))
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["Content-Type"] == "application/octet-stream"


def test_a_link_is_good_for_what_it_was_made_for_and_nothing_else(processed, send, make, refused, work):
    other = send(b"other words")
    work()
    signed = make(processed).partition("?")[2]
    for address in (
        f"/files/{other}/content/", f"/files/{processed}/artifacts/text/", f"/files/{other}/artifacts/text/",
        "/files/00000000-0000-0000-0000-000000000000/content/",
    ):  # fmt: skip
        refused(get(f"{address}?{signed}"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/files/", "/files/{}/", "/files/{}", "/files/{}/links/", "/processors/", "/app/files/{}/", "/", "/tokens/"],
)
def test_no_other_address_opens_to_a_link(send, make, refused, path):
    file = send()
    refused(get(f"{path.format(file)}?{make(file).partition('?')[2]}"), 401, "sign_in_required")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_link_only_fetches(send, make, refused, method):
    refused(Client().generic(method, make(send())), 401, "sign_in_required")


def test_whatever_is_changed_in_a_link_ends_it(file, make, refused):
    address = make(file)
    base, _, signed = address.partition("?link=")
    expires_at, disposition, signature = signed.split(".")
    wrong = [
        "", "x", signature, f"{int(expires_at) + 1}.{disposition}.{signature}", f"{expires_at}.attachment.{signature}",
        f"{expires_at}.{disposition}.{signature[:-1]}", f"{expires_at}.{disposition}.{signature[::-1]}",
        f"0{expires_at}.{disposition}.{signature}.", f"-1.{disposition}.{signature}", f"{signed}%00",
        f"{'9' * 200}.{disposition}.{signature}", f"{expires_at}.{disposition}.{'%D0%96' * 43}", f"{signed}&link=",
    ]  # fmt: skip
    for each in wrong:
        refused(get(f"{base}?link={each}"), 404, "not_found")
    assert get(address).status_code == 200


def test_an_expired_link_says_so(file, make, later, refused):
    address = make(file, expires_in=60)
    later(60)
    refused(get(address), 410, "link_expired")
    forged = re.sub(r"link=\d+", "link=1", address)
    refused(get(forged), 404, "not_found")


@pytest.mark.parametrize("asked", [{}, {"expires_in": 1}, {"expires_in": 7 * 86400}])
def test_the_answer_says_until_when(file, anna, asked):
    began = datetime.now(UTC)
    made = Client().post(f"/files/{file}/links/", asked, content_type="application/json", headers=anna).json()
    wanted = timedelta(seconds=asked.get("expires_in", 3600))
    assert abs(datetime.fromisoformat(made["expires_at"]) - began - wanted) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "asked",
    [
        {"expires_in": 0}, {"expires_in": -1}, {"expires_in": 7 * 86400 + 1}, {"expires_in": "60"},
        {"expires_in": None}, {"expires_in": True}, {"expires_in": 1.5}, {"disposition": "both"}, {"artifact": 1},
        {"artifact": ""}, {"artifact": "text\x00"}, {"artefact": "text"}, {"disposition": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_wanted_is_refused_by_its_field(file, anna, refused, asked):
    response = Client().post(f"/files/{file}/links/", asked, content_type="application/json", headers=anna)
    assert [each["field"] for each in refused(response, 400, "invalid")["errors"]] == [*asked]


def test_there_is_no_link_to_what_is_not_there(file, anna, refused):
    for path, asked in ((f"/files/{file}/links/", {"artifact": "none"}), (f"/files/{'0' * 8}{file[8:]}/links/", {})):
        response = Client().post(path, asked, content_type="application/json", headers=anna)
        refused(response, 404, "not_found")


def test_all_links_of_a_file_end_at_once_and_new_ones_are_good(processed, send, make, anna, refused, work):
    other = make(send(b"other"))
    before = [make(processed), make(processed, artifact="text"), make(processed, disposition="attachment")]
    for _ in range(2):
        assert Client().delete(f"/files/{processed}/links/", headers=anna).status_code == 204
        for each in before:
            refused(get(each), 404, "not_found")
        before.append(make(processed))
        assert get(before[-1]).status_code == 200
    assert get(other).status_code == 200


def test_a_deleted_file_has_no_links(file, make, anna, refused):
    address = make(file)
    assert Client().delete(f"/files/{file}/", headers=anna).status_code == 204
    refused(get(address), 404, "not_found")


def test_an_artifact_made_anew_keeps_its_links(processed, make, anna, work):
    address = make(processed, artifact="text")
    Client().post(f"/files/{processed}/reprocess/", headers=anna)
    work()
    assert get(address).bytes == TEXT


def test_links_end_with_the_owner_but_not_with_the_token_that_made_them(send, make, refused):
    address = make(send())
    Token.objects.update(revoked_at=datetime.now(UTC))
    assert get(address).status_code == 200
    User.objects.filter(username="anna").update(is_active=False)
    refused(get(address), 404, "not_found")


def test_a_wrong_token_or_somebody_elses_does_not_hinder(send, make, bearer):
    address = make(send())
    assert get(address, **bearer("boris")).status_code == 200
    assert get(address, Authorization="Bearer fm_wrong").status_code == 200


def test_a_token_makes_up_for_no_broken_link(send, make, anna, refused):
    address = make(send()) + "x"
    refused(Client().get(address, headers=anna), 404, "not_found")


def test_another_key_makes_other_links(file, make, settings, refused):
    address = make(file)
    settings.SECRET_KEY = "another"
    refused(get(address), 404, "not_found")


def test_no_log_line_has_a_signature(file, make, caplog):
    with caplog.at_level(logging.DEBUG):
        address = make(file)
        get(address)
        get(f"{address}x")
    signature = address.rpartition(".")[2]
    assert "link created" in caplog.text
    assert signature not in caplog.text
    assert File.objects.get(pk=file).links_ended_at is None
