"""An upload: at once where it is small, else in chunks by tus 1.0.0, from wherever it broke off."""

import base64
import http.client
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from filemill.client import files
from filemill.client.connection import Answer, NoAnswer, Request, whole_number
from filemill.client.content import Content, Pieces
from filemill.client.failures import Gone, Refused, Unusable
from filemill.client.memory import Entry
from filemill.client.service import GONE, Say, Service, passes, why

SMALL_BYTES = 1024 * 1024  # what costs little to send once more
_TUS = {"Tus-Resumable": "1.0.0"}
#: What passes once it is looked how far the upload is: another offset than thought, somebody else who writes.
_ELSEWHERE = {http.client.CONFLICT, http.client.LOCKED}


class Upload:
    """Sends one content, and says what file it became."""

    def __init__(self, service: Service, name: str, content: Content, entry: Entry, at: Callable[[int], None]) -> None:
        self._service, self._name, self._content, self._entry, self._at = service, name, content, entry, at
        self._is_deferred = False  # the length; it is told with the last chunk
        self._reached = 0  # by what arrived

    def run(self, say: Say) -> dict[str, Any]:
        """Return the file; raise Failure where it is refused, or other bytes arrived, and then know nothing of it."""
        self._say, self._patience = say, self._service.patience(say)
        file = self._earlier()
        try:
            file = file or self._sent()
        except Refused:  # any other trouble may be over when the command is given again
            self._end()
            raise
        self._entry.note(file=file["id"])
        return file

    def _earlier(self) -> dict[str, Any] | None:
        """Return the file that an earlier command made of these bytes, if it is still there."""
        if "file" not in self._entry.known:
            return None
        try:
            file = files.one(self._service, self._entry.known["file"])
        except Gone:
            return None
        if file["sha256"] != self._content.sha256():
            return None
        self._at(file["size"])
        return file

    def _end(self) -> None:
        """Give back what an upload holds that cannot become a file; it would expire, too."""
        if "upload" in self._entry.known:
            with suppress(NoAnswer):
                self._service.once(Request("DELETE", f"/upload/{self._entry.known['upload']}/", headers=_TUS))
        self._entry.note()

    def _sent(self) -> dict[str, Any]:
        first = b"" if "upload" in self._entry.known else self._content.at(0)
        is_small = self._content.size is not None and self._content.size == len(first) <= SMALL_BYTES
        file = self._whole(first) if is_small else files.one(self._service, self._resumable())
        if file["sha256"] != self._content.sha256():
            files.delete(self._service, file["id"])
            raise Refused("Other bytes arrived than were sent, by their SHA-256; what arrived was deleted.")
        return file

    def _whole(self, body: bytes) -> dict[str, Any]:
        key = self._entry.known.get("key") or str(uuid4())
        self._entry.note(key=key)  # so that the same upload, sent again by another command, makes no second file
        digest = base64.b64encode(bytes.fromhex(self._content.sha256())).decode()
        headers = {
            "Content-Length": str(len(body)),
            "Content-Digest": f"sha-256=:{digest}:",
            "Idempotency-Key": f'"{key}"',
        }
        path = f"/upload/?name={quote(self._name)}"
        return self._service.json(Request("POST", path, Pieces(body, 0, self._at), headers), self._say)

    def _resumable(self) -> str:
        """Return the id of the file that it became."""
        while True:
            offset = self._offset() if "upload" in self._entry.known else self._created()
            if isinstance(offset, int):
                offset = self._appended(offset)
            if isinstance(offset, str):
                return offset

    def _created(self) -> int:
        size = self._content.size
        self._is_deferred = size is None
        length = {"Upload-Defer-Length": "1"} if self._is_deferred else {"Upload-Length": str(size)}
        metadata = {"Upload-Metadata": f"filename {base64.b64encode(self._name.encode()).decode()}"}
        answer = self._service.ask(Request("POST", "/upload/", b"", _TUS | length | metadata), self._say)
        self._entry.note(upload=_last_part(answer.headers.get("Location", "")))
        self._reached = 0
        return 0

    def _offset(self) -> int | str | None:
        """Return how far the upload is, or the file that it became; None to look again."""
        answer = self._step("HEAD")
        if answer is None:
            return None
        offset = _file_of(answer) or self._offset_in(answer)
        if isinstance(offset, int) and offset:
            self._say(f"goes on at {offset:,} bytes")
        return offset

    def _appended(self, offset: int) -> str | None:
        """Append all from there on; return the file that it became, None to look how far it is."""
        while True:
            block = self._content.at(offset)
            is_last = self._content.size == offset + len(block)
            length = {"Upload-Length": str(self._content.size)} if is_last and self._is_deferred else {}
            headers = {
                **length,
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                "Content-Length": str(len(block)),
            }
            begin, answer = offset, self._step("PATCH", Pieces(block, offset, self._at), headers)
            if answer is None:
                return None
            if file_id := _file_of(answer):
                return file_id
            offset = self._offset_in(answer)
            if offset <= begin:
                self._patience.wait("the service has all of it, but made no file of it yet")
                return None

    def _step(self, method: str, body: Pieces | None = None, headers: dict[str, str] | None = None) -> Answer | None:
        """Return an answer that is no refusal; None where it has to be looked how far the upload is."""
        path = f"/upload/{self._entry.known['upload']}/"
        try:
            answer = self._service.once(Request(method, path, body, _TUS | (headers or {})))
        except NoAnswer as error:
            self._patience.wait(f"no answer ({error})")
            return None
        if passes(answer) or answer.status in _ELSEWHERE:
            self._patience.wait(*why(answer))
            return None
        if answer.status in GONE:
            self._entry.note()
            self._patience.wait("the service forgot what had arrived; it begins anew")
            return None
        return self._service.accepted(answer)

    def _offset_in(self, answer: Answer) -> int:
        """Return how far an answer says the upload is; to be farther than before is progress."""
        given = answer.headers.get("Upload-Offset", "")
        if (offset := whole_number(given)) is None:
            raise Unusable("The service does not say how far the upload is: does a proxy take headers away?")
        if self._content.size is not None and offset > self._content.size:
            raise Unusable("The service does not know how far the upload is: it says to have more than there is.")
        if offset > self._reached:
            self._reached = offset
            self._patience.renew()
        return offset


def _file_of(answer: Answer) -> str | None:
    return _last_part(answer.headers["Content-Location"]) if "Content-Location" in answer.headers else None


def _last_part(address: str) -> str:
    """Return the id in an address, whatever host and folder a proxy made of it; no token goes elsewhere for it."""
    found = urlsplit(address).path.rstrip("/").rpartition("/")[2]
    if not found:
        raise Unusable("The service does not say where the upload is: does it speak tus 1.0.0?")
    return found
