"""tus 1.0.0: concatenation. Parts come side by side and become one file."""

import hashlib

import pytest

from filemill.files.models import File
from filemill.uploads import joining
from filemill.uploads.models import Upload


@pytest.fixture
def partial(tus):
    """Create a partial upload with these bytes; return its address."""

    def make(content, length=None):
        answer = tus.ask("POST", "/upload/", Upload_Length=length or len(content), Upload_Concat="partial")
        address = answer.headers["Location"]
        assert tus.patch(address, 0, content).status_code == 204
        return address

    return make


@pytest.fixture
def join(tus):
    return lambda *addresses, **headers: tus.ask(
        "POST", "/upload/", Upload_Concat=f"final;{' '.join(addresses)}", **headers
    )


def test_parts_become_one_file_in_their_order(tus, partial, join, content_of, kept):
    first, second = partial(b"hello "), partial(b"x" * 300_000)
    assert File.objects.count() == 0

    answer = join(second, first, Upload_Metadata="filename YS50eHQ=")

    file = File.objects.get()
    assert (answer.status_code, answer.headers["Content-Location"]) == (201, f"/files/{file.id}/")
    assert answer.json()["sha256"] == hashlib.sha256(b"x" * 300_000 + b"hello ").hexdigest()
    assert (file.name, content_of(file)) == ("a.txt", b"x" * 300_000 + b"hello ")


def test_head_tells_parts_and_whole_apart(tus, partial, join):
    address = partial(b"hello", length=6)
    head = tus.head(address)
    assert (head.headers["Upload-Concat"], head.headers["Upload-Offset"]) == ("partial", "5")
    tus.patch(address, 5, b"!")
    head = tus.head(join(address).headers["Location"])
    assert head.headers["Upload-Concat"] == f"final;{address}"
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("6", "6")


def test_a_part_alone_is_never_a_file(tus, partial):
    address = partial(b"hello")
    tus.head(address)
    tus.ask("POST", "/upload/", Upload_Length=0, Upload_Concat="partial")
    tus.ask(
        "POST", "/upload/", b"x", Upload_Length=1, Upload_Concat="partial",
        Content_Type="application/offset+octet-stream",
    )  # fmt: skip
    assert (File.objects.count(), Upload.objects.count()) == (0, 3)


def test_a_part_may_be_used_twice_and_by_any_form_of_its_address(partial, join, content_of):
    address = partial(b"ab")
    assert join(address, f"http://testserver{address}", address[:-1]).status_code == 201
    assert content_of(File.objects.get()) == b"ababab"


def test_the_parts_end_with_the_whole(tus, partial, join, kept):
    address = partial(b"ab")
    join(address)
    assert kept() == [str(File.objects.get().file)]
    assert tus.patch(address, 2, b"c").status_code == 410
    assert join(address, Upload_Metadata="filename YS50eHQ=").status_code == 400
    assert tus.ask("DELETE", address).status_code == 204
    assert tus.head(address).status_code == 404


def test_who_lost_the_answer_to_the_joining_finds_its_parts_and_asks_again(tus, partial, join):
    parts = [partial(b"ab"), partial(b"cd")]
    location = join(*parts).headers["Location"]

    heads = [tus.head(part).headers for part in parts]

    assert [(head["Upload-Offset"], head["Upload-Length"], head["Upload-Concat"]) for head in heads] == [
        ("2", "2", "partial")
    ] * 2
    assert not any("Content-Location" in head or "Upload-Expires" in head for head in heads)
    assert (join(*parts).headers["Location"], File.objects.count()) == (location, 1)


def test_the_parts_take_no_room_beside_the_whole(tus, partial, join, closed, bearer, configure):
    configure(access="token", quota_bytes=5_000_000)
    tus.always |= bearer("anna")
    parts = [partial(b"x" * 2_000_000) for _ in range(2)]
    assert join(*parts).status_code == 201


def test_who_asks_again_gets_the_file_that_was_made(partial, join):
    parts = [partial(b"ab"), partial(b"cd")]
    first, again = join(*parts), join(*parts)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.headers["Location"] == again.headers["Location"]
    assert first.headers["Content-Location"] == again.headers["Content-Location"]
    assert File.objects.count() == 1


def test_two_who_join_the_same_at_once_get_one_file(partial, join, monkeypatch):
    parts, others = [partial(b"ab"), partial(b"cd")], []

    def add(*given):  # while the one copies the other begins and ends
        monkeypatch.setattr(joining, "add", real)
        others.append(join(*parts))
        real(*given)

    real = joining.add
    monkeypatch.setattr(joining, "add", add)
    answer = join(*parts)
    assert (answer.status_code, others[0].status_code, File.objects.count()) == (201, 201, 1)
    assert answer.headers["Location"] == others[0].headers["Location"]


def test_nothing_is_added_to_a_final_upload(tus, partial, join):
    address = join(partial(b"ab")).headers["Location"]
    answer = tus.patch(address, 2, b"cd")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_only_whole_parts_of_ones_own_are_put_together(tus, partial, join, kept):
    whole, broken = partial(b"ab"), partial(b"ab", length=3)
    plain = tus.create(2)
    ended = partial(b"cd")
    tus.ask("DELETE", ended)
    before = kept()
    wrong = (broken, plain, ended, "/upload/x/", "/files/", f"{whole}x", "")
    for address in wrong:
        answer = join(*([whole] if address else []), address)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Upload-Concat"), address
    assert join(whole, Upload_Length=2).status_code == 400
    assert (File.objects.count(), kept()) == (0, before)


def test_parts_of_another_owner_are_not_there(tus, partial, join, closed, bearer):
    tus.always |= bearer("anna")
    hers = partial(b"ab")
    tus.always |= bearer("boris")
    assert join(hers).status_code == 400
    assert File.objects.count() == 0


def test_the_whole_is_bounded_like_any_upload(partial, join, configure, kept):
    configure(max_upload_bytes=3)
    parts = [partial(b"ab"), partial(b"cd")]
    assert join(*parts).json()["code"] == "too_large"
    assert File.objects.count() == 0


def test_a_part_of_unknown_length_is_whole_once_its_length_is_said(tus, join, content_of):
    answer = tus.ask("POST", "/upload/", Upload_Defer_Length=1, Upload_Concat="partial")
    address = answer.headers["Location"]
    tus.patch(address, 0, b"ab")
    assert join(address).status_code == 400
    tus.patch(address, 2, b"", Upload_Length=2)
    assert join(address).status_code == 201
    assert content_of(File.objects.get()) == b"ab"
