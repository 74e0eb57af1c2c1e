"""tus 1.0.0, termination: DELETE gives an upload up."""

from filemill.files.models import File
from filemill.uploads.models import Upload


def test_an_upload_that_is_ended_is_gone_with_its_bytes(tus, kept):
    address = tus.create(11)
    tus.patch(address, 0, b"hello ")

    answer = tus.ask("DELETE", address)

    assert (answer.status_code, answer.content) == (204, b"")
    assert (kept(), Upload.objects.count()) == ([], 0)
    assert {tus.head(address).status_code, tus.ask("DELETE", address).status_code} == {404}
    assert tus.patch(address, 6, b"world").status_code == 404


def test_to_end_a_whole_upload_leaves_its_file(tus, content_of):
    address = tus.create(5)
    tus.patch(address, 0, b"hello")
    assert tus.ask("DELETE", address).status_code == 204
    assert tus.head(address).status_code == 404
    assert content_of(File.objects.get()) == b"hello"
