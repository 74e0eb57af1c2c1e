"""No file makes the service call anybody: each sample names an address of this machine, where somebody listens."""

import io
import socket
import zipfile

import pytest

pytestmark = pytest.mark.once

RELATIONS = """<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
 Target="{address}" TargetMode="External"/></Relationships>"""


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def document(address: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
        archive.writestr("word/_rels/settings.xml.rels", RELATIONS.format(address=address))
    return file.getvalue()


def samples(address: str) -> dict[str, bytes]:
    texts = {
        "href.svg": '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        '<image xlink:href="{0}" href="{0}"/><use href="{0}#a"/></svg>',
        "entity.xml": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{0}">]><a>&b;</a>',
        "outside.xml": '<?xml version="1.0"?><!DOCTYPE a SYSTEM "{0}"><a/>',
        "page.html": '<html><head><link rel="stylesheet" href="{0}"></head><body><img src="{0}"></body></html>',
        "list.m3u8": "#EXTM3U\n#EXTINF:1,\n{0}\n",
        "list.pls": "[playlist]\nFile1={0}\nNumberOfEntries=1\n",
    }
    return {name: text.format(address).encode() for name, text in texts.items()} | {"a.docx": document(address)}


def test_nothing_in_a_file_is_fetched(upload, work, client, listener):
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/canary"
    files = [upload(content, name)["id"] for name, content in samples(address).items()]
    work()

    states = {client.get(f"/files/{file}/").json()["status"] for file in files}
    assert states <= {"processed", "failed"}
    with pytest.raises(BlockingIOError):  # nobody called
        listener.accept()
