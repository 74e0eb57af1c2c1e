"""The IETF's resumable uploads: `Upload-Limit`, and what is above it."""


def test_an_upload_above_the_largest_is_refused_with_the_limits(ask, create, patch, configure):
    configure(max_upload_bytes=10)
    answers = [
        ask("POST", "/upload/?name=a", Upload_Complete="?0", Upload_Length=11),
        ask("POST", "/upload/?name=a", b"x" * 11, Upload_Complete="?1"),
        ask("POST", "/upload/?name=a", b"x" * 11, Upload_Complete="?0"),
        patch(create(b"hello"), 5, b"x" * 6),
    ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert answer.headers["Upload-Limit"].startswith("max-size=10,")
