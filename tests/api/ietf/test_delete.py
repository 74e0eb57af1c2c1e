"""The IETF's resumable uploads: DELETE gives an upload up."""


def test_an_upload_is_cancelled(ask, create, patch, kept):
    address = create(b"hello")
    assert ask("DELETE", address).status_code == 204
    assert (kept(), ask("HEAD", address).status_code, patch(address, 5, b"").status_code) == ([], 404, 404)
