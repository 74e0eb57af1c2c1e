"""The IETF's resumable uploads: HEAD says how far an upload is."""

import pytest


@pytest.mark.parametrize("is_whole", [False, True])
def test_head_says_all(ask, create, patch, is_whole):
    address = create(b"hello ", Upload_Length=11 if is_whole else None)
    if is_whole:
        patch(address, 6, b"world", "?1")
    head = ask("HEAD", address)
    assert (head.status_code, head.content, head.headers["Cache-Control"]) == (204, b"", "no-store")
    assert head.headers["Upload-Offset"] == ("11" if is_whole else "6")
    assert head.headers["Upload-Complete"] == ("?1" if is_whole else "?0")
    assert head.headers.get("Upload-Length") == ("11" if is_whole else None)
    assert ("Content-Location" in head.headers) == is_whole
    assert "max-age=" in head.headers["Upload-Limit"]
