"""tus 1.0.0: `X-HTTP-Method-Override`, for networks that let only GET and POST through."""

import pytest


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_a_method_may_be_meant_by_a_header(tus, method):
    address = tus.create(5)
    tus.patch(address, 0, b"he")
    more = {"Upload_Offset": "2", "Content_Type": "application/offset+octet-stream"} if method == "PATCH" else {}

    answer = tus.ask("POST", address, b"llo" if more else b"", X_HTTP_Method_Override=method, **more)

    assert answer.status_code == {"HEAD": 200, "PATCH": 204, "DELETE": 204}[method]
    assert answer.headers.get("Upload-Offset") == {"HEAD": "2", "PATCH": "5", "DELETE": None}[method]


def test_a_method_that_only_reads_never_means_one_that_writes(tus, client):
    address = tus.create(5)
    for method in ("GET", "HEAD"):
        tus.ask(method, address, X_HTTP_Method_Override="DELETE")
    assert tus.head(address).status_code == 200
    assert tus.ask("POST", address).status_code == 405
