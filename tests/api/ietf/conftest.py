"""A client that speaks the IETF's resumable uploads."""

import pytest

PARTIAL = "application/partial-upload"


@pytest.fixture
def ask(client, transactional_db):
    """Send a request: ask("PATCH", address, b"...", Upload_Offset=0)."""

    def send(method, address, body=b"", **headers):
        named = {name.replace("_", "-"): str(value) for name, value in headers.items() if value is not None}
        return client.generic(method, address, body, content_type="", headers=named)

    return send


@pytest.fixture
def create(ask):
    """Create an upload; return its address."""

    def send(body=b"", **headers):
        answer = ask("POST", "/upload/?name=a.txt", body, Upload_Complete="?0", **headers)
        assert answer.status_code == 201, answer.content
        return answer.headers["Location"]

    return send


@pytest.fixture
def patch(ask):
    def send(address, offset, body, complete="?0", **headers):
        given = {"Content_Type": PARTIAL, "Upload_Offset": offset, "Upload_Complete": complete, **headers}
        return ask("PATCH", address, body, **given)

    return send
