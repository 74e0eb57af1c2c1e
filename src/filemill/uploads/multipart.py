"""A multipart body whose file goes straight to its final disk."""

from collections.abc import Mapping

from django.core.handlers.wsgi import WSGIRequest
from multipart import MultipartError, MultipartSegment, ParserError, PushMultipartParser

from filemill.core.errors import BrokenBody, IncompleteBody, MissingFile, MissingName, TooManyFiles
from filemill.uploads.body import MULTIPART_OVERHEAD_BYTES, PIECE_BYTES, Body
from filemill.uploads.rules import Sink, add, clean_name, header_parameters

# A name of 500 characters that a client wrote percent-encoded needs more than the 4 KiB that are usual.
_HEADER_MAX_BYTES = 16 * 1024
_BOUNDARY_MAX_BYTES = 200
_MOST_PARTS = 1000
_AS_THEY_ARE = {"7bit", "8bit", "binary"}


class _Form:
    """Takes the parts as they come: the one part `file` into a sink, the other fields into memory."""

    def __init__(self, incoming: Sink) -> None:
        self.incoming = incoming
        self.name: str | None = None
        self.declared_type: str | None = None
        self.fields: dict[str, bytearray] = {}
        self._into: bytearray | None = None  # None: the file
        self._is_nameless = False
        self._room = MULTIPART_OVERHEAD_BYTES

    def begin(self, part: MultipartSegment) -> None:
        """Take the headers of a part."""
        if part.header("Content-Transfer-Encoding", "binary").strip().lower() not in _AS_THEY_ARE:
            raise BrokenBody("A part has a Content-Transfer-Encoding; send its bytes as they are.")  # RFC 7578, 4.7
        self._make_room(sum(len(key) + len(value) for key, value in part.headerlist))
        name, file_name = _names(part)
        self._into, self._is_nameless = bytearray(), file_name == ""
        if file_name:
            if name != "file":
                raise MissingFile(f"The body has a file in the part `{name[:100]}`; name the part `file`.")
            if self.name is not None:
                raise TooManyFiles("The body has two parts `file`. Send one file a request.")
            self.name, self.declared_type, self._into = clean_name(file_name), part.header("Content-Type"), None
        elif file_name is None:
            if name == "metadata" and name in self.fields:
                raise BrokenBody("The body has two fields `metadata`.")
            self.fields[name] = self._into

    def take(self, chunk: bytes) -> None:
        """Take bytes of the part."""
        if self._into is None:
            add(self.incoming, chunk)
            return
        if self._is_nameless:  # browsers send an empty one where nobody chose a file
            raise MissingName("A part of the body has a file with an empty name.")
        self._make_room(len(chunk))
        self._into += chunk

    def text_fields(self) -> dict[str, str]:
        """Return the other fields as they came."""
        if self.name is not None and "file" in self.fields:
            raise TooManyFiles("The body has two parts `file`, one of them without a file name. Send one a request.")
        try:
            return {name: text.decode() for name, text in self.fields.items()}
        except UnicodeDecodeError:
            raise BrokenBody("A field beside the file is not UTF-8.") from None

    def _make_room(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise BrokenBody(f"What is beside the file has more than {MULTIPART_OVERHEAD_BYTES} bytes.")


def read_multipart(request: WSGIRequest, body: Body, incoming: Sink) -> tuple[str, str | None, Mapping[str, str]]:
    """Read the whole body; return the file's name, its declared type and the other fields as they came."""
    form = _Form(incoming)
    try:
        parser = PushMultipartParser(
            _boundary(request), max_header_size=_HEADER_MAX_BYTES, max_segment_count=_MOST_PARTS
        )
        while chunk := body.read(PIECE_BYTES):
            for event in parser.parse(chunk):
                if isinstance(event, MultipartSegment):
                    form.begin(event)
                elif event:
                    form.take(event)
    except MultipartError as error:
        raise BrokenBody(f"The multipart body is malformed: {error}.") from error
    body.verify()
    try:
        parser.close()
    except ParserError as error:
        raise IncompleteBody("The multipart body ended before its closing boundary. Nothing was kept.") from error
    if form.name is None:
        hint = " It has a field `file`, but without a file name, so it is no file." if "file" in form.fields else ""
        raise MissingFile(f"The body has no part `file`.{hint} With curl: -F file=@photo.jpg")
    return form.name, form.declared_type, form.text_fields()


def _boundary(request: WSGIRequest) -> bytes:
    try:
        boundary = header_parameters(request.META.get("CONTENT_TYPE", ""))[1].get("boundary", "")
    except ValueError as error:
        raise BrokenBody("The Content-Type of the body cannot be read.") from error
    if not boundary.isascii() or len(boundary) > _BOUNDARY_MAX_BYTES:
        raise BrokenBody("The multipart body is malformed: its boundary has other characters than ASCII, or too many.")
    return boundary.encode()


def _names(part: MultipartSegment) -> tuple[str, str | None]:
    """Return the name of a part and of its file; the parser would leave out `filename*`, which programs send."""
    try:
        parameters = header_parameters(part.header("Content-Disposition"))[1]
    except ValueError:
        parameters = {}
    return parameters.get("name", ""), parameters.get("filename")
