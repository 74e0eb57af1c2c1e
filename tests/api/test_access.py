import pytest
from django.core import checks
from django.test import Client

READING = ["/files/", "/healthz", "/", "/openapi.json"]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "192.168.0.1:8000", "a b"]
)
@pytest.mark.parametrize("address", READING)
def test_a_foreign_host_is_refused_even_for_reading(client, settings, refused, host, address, db):
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    refused(client.get(address, headers={"Host": host}), 400, "bad_request")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
def test_this_machine_has_several_names(client, settings, host, db):
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert client.get("/files/", headers={"Host": host}).status_code == 200


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://testserver:8001"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "file://"},
    {"Origin": "testserver"},
    {"Origin": "http://["},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_can_write_nothing(client, upload, refused, headers):
    file = upload(b"x")
    one = f"/files/{file['id']}/"
    for method, address in [
        ("POST", "/upload/?name=a"), ("PATCH", one), ("DELETE", one), ("POST", f"{one}cancel/"),
        ("POST", f"{one}reprocess"), ("POST", "/"), ("POST", "/admin/login/"), ("PUT", "/files/"),
    ]:  # fmt: skip
        refused(client.generic(method, address, b"x", headers=headers), 403, "cross_site")
    assert [each["id"] for each in client.get("/files/").json()["results"]] == [file["id"]]


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
     {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}],
    ids=str,
)  # fmt: skip
def test_programs_and_our_own_pages_can_write(send, headers):
    assert send(b"x", to="/upload/?name=a", **headers).status_code == 201


def test_a_page_of_another_site_may_follow_a_link_here(client, db):
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site", "Accept": "text/html"}).status_code == 200


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_a_program_that_did_not_sign_in_is_told_so(client, refused, nothing_left, accept):
    for method, address in [("GET", "/files/"), ("POST", "/upload/?name=a"), ("GET", "/openapi.json"), ("GET", "/")]:
        response = client.generic(method, address, b"x", headers={"Accept": accept} if accept else {})
        refused(response, 401, "sign_in_required")
        assert response.headers["WWW-Authenticate"]
    assert nothing_left()


@pytest.mark.usefixtures("closed")
def test_a_person_who_did_not_sign_in_is_led_to_the_login_and_back(client):
    response = client.get("/?status=failed&name=a%26b", headers={"Accept": "text/html,*/*;q=0.8"})
    assert response.status_code == 302
    assert response.headers["Location"] == "/app/sign-in/?next=/%3Fstatus%3Dfailed%26name%3Da%2526b"
    assert client.get(response.headers["Location"]).status_code == 200


@pytest.mark.usefixtures("closed")
def test_a_post_of_a_person_who_did_not_sign_in_is_not_redirected(client):
    assert client.post("/", headers={"Accept": "text/html"}).status_code == 401


@pytest.mark.usefixtures("closed")
def test_who_signed_in_may_do_everything(client, upload, admin_user):
    client.force_login(admin_user)
    file = upload(b"x")
    assert client.get(file["file"]).getvalue() == b"x"
    assert client.delete(f"/files/{file['id']}/").status_code == 204


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "address", ["/healthz", "/readyz", "/app/sign-in/", "/admin/login/", "/static/filemill/icon.svg"]
)
def test_health_and_the_login_need_no_sign_in(address):
    response = Client().get(address)
    assert response.status_code == 200
    response.getvalue()


@pytest.mark.usefixtures("closed")
def test_a_path_that_only_begins_like_a_public_one_is_closed(client, refused):
    refused(client.get("/healthz/../files/"), 401, "sign_in_required")
    refused(client.get("/readyzfiles"), 401, "sign_in_required")


def errors() -> list[str]:
    return [found.id for found in checks.run_checks() if found.is_serious()]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"bind": "127.0.0.2"}, []),
        ({"bind": "::1"}, []),
        ({"bind": "0.0.0.0"}, ["filemill.E001"]),
        ({"bind": "::"}, ["filemill.E001"]),
        ({"bind": "192.168.1.5"}, ["filemill.E001"]),
        ({"bind": "0.0.0.0", "published_on_loopback": True}, []),
        ({"bind": "0.0.0.0", "access": "token"}, []),
        ({"hosts": ["*"]}, ["filemill.E002"]),
        ({"hosts": ["*"], "access": "token"}, []),
        ({"hosts": ["files.example"]}, []),
    ],
)
def test_an_open_service_that_others_could_reach_does_not_start(configure, changes, expected):
    configure(**changes)
    assert errors() == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"upload_expire_seconds": 1}, ["filemill.E005"]),
        ({"upload_expire_seconds": 1259}, ["filemill.E005"]),
        ({"upload_expire_seconds": 1260}, []),
        ({"upload_expire_seconds": 86_400, "stall_seconds": 5_400}, []),
        ({"upload_expire_seconds": 86_400, "stall_seconds": 5_401}, ["filemill.E005"]),
        ({"upload_expire_seconds": 86_400, "identify_wall_seconds": 86_400}, ["filemill.E005"]),
    ],
)
def test_a_service_that_would_sweep_up_what_is_under_way_does_not_start(configure, changes, expected):
    configure(**changes)
    assert errors() == expected
