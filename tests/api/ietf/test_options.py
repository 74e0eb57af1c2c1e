"""The IETF's resumable uploads: OPTIONS, and whose dialect is spoken."""

import uuid

from django.test import Client

PARTIAL = "application/partial-upload"


def test_options_names_the_type_and_the_limits():
    headers = Client().options("/upload/").headers
    assert headers["Accept-Patch"] == PARTIAL
    assert headers["Upload-Limit"].startswith("max-size=")


def test_an_upload_is_spoken_to_in_its_own_dialect(ask, create):
    address = create(b"hello")
    assert ask("HEAD", address, Tus_Resumable="1.0.0").status_code == 400
    assert ask("HEAD", f"/upload/{uuid.uuid4()}/").status_code == 404
