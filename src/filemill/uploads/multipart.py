"""A multipart body whose file goes straight to its final disk."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import multipartparser
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from filemill.core.errors import BrokenBody, IncompleteBody, MissingFile, TooManyFiles
from filemill.files.keep import CHUNK_BYTES, Incoming
from filemill.uploads.body import Body
from filemill.uploads.rules import add, clean_name, header_parameters

# Django allows 1 KiB; a name of 500 characters, or one that a client wrote percent-encoded, needs more.
multipartparser.MAX_TOTAL_HEADER_SIZE = 16 * 1024  # type: ignore[attr-defined]  # its stubs lack it
# It ignores a header of a part that cannot be read, but knows only ValueError for that.
multipartparser.parse_header_parameters = header_parameters  # type: ignore[attr-defined]  # its stubs lack it


class _Parts(multipartparser.Parser):
    """Django's parts, but a boundary begins a line (RFC 2046): elsewhere Django would cut the file off at it."""

    def __init__(self, stream: multipartparser.LazyStream, boundary: bytes) -> None:
        super().__init__(stream, boundary)
        self._separator = b"\r\n--" + boundary
        stream.unget(b"\r\n")  # the first boundary begins a line, too

    def __iter__(self) -> Iterator[Any]:
        for kind, headers, stream in super().__iter__():
            encoding = headers.get("content-transfer-encoding", ("binary",))[0].strip().lower()
            if encoding not in {"7bit", "8bit", "binary"}:
                # RFC 7578, 4.7; Django would leave out of base64 what is none.
                raise BrokenBody("A part has a Content-Transfer-Encoding; send its bytes as they are.")
            yield kind, headers, stream


class _ToBoundary(multipartparser.BoundaryIter):
    """The bytes up to a boundary, of which the line's end before it is a part."""

    def _find_boundary(self, data: bytes) -> tuple[int, int] | None:
        boundary: bytes = self._boundary  # type: ignore[attr-defined]  # its stubs lack it
        found = data.find(boundary)
        return (found, found + len(boundary)) if found >= 0 else None


# Django has no other way to give it these.
multipartparser.Parser = _Parts  # type: ignore[misc]
multipartparser.BoundaryIter = _ToBoundary  # type: ignore[misc]


class IncomingHandler(FileUploadHandler):
    """Writes the one part `file` into an Incoming, and refuses every other file."""

    chunk_size = CHUNK_BYTES

    def __init__(self, incoming: Incoming) -> None:
        super().__init__()
        self.incoming = incoming
        self.name: str | None = None
        self.declared_type: str | None = None

    def new_file(self, field_name: str, file_name: str, content_type: str | None, *rest: Any) -> None:  # noqa: ANN401
        """Take the first part named `file`."""
        if field_name != "file":
            raise MissingFile(f"The body has a file in the part `{field_name[:100]}`; name the part `file`.")
        if self.name is not None:
            raise TooManyFiles("The body has two parts `file`. Send one file a request.")
        self.name = clean_name(file_name)
        self.declared_type = content_type

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # Django's signature
        """Write a chunk, unless the file grows beyond the largest upload."""
        add(self.incoming, raw_data)

    def file_complete(self, file_size: int) -> None:  # Django's signature
        """Give Django no file object: the bytes are ours already."""


class _Parser(MultiPartParser):
    """Django's parser, but names come as they were sent: clean_name decides what is fit to keep."""

    def sanitize_file_name(self, file_name: str) -> str:
        return file_name


def read_multipart(request: WSGIRequest, body: Body, incoming: Incoming) -> tuple[str, str | None, Mapping[str, str]]:
    """Read the whole body; return the file's name, its declared type and the other fields as they came."""
    handler = IncomingHandler(incoming)
    # Django takes a body without Content-Length for an empty one; Body ends it properly and bounds it.
    meta = {**request.META, "CONTENT_LENGTH": str(body.length or body.limit)}
    try:
        fields, _files = _Parser(meta, cast(Any, body), [handler], "utf-8").parse()
        while body.read(CHUNK_BYTES):
            pass
    except MultiPartParserError as error:
        raise BrokenBody(f"The multipart body is malformed: {error}") from error
    except SuspiciousOperation as error:
        raise BrokenBody(f"The multipart body has too many or too large fields: {error}") from error
    body.verify()
    _check_end(request, body)
    if handler.name is None:
        hint = " It has a field `file`, but without a file name, so it is no file." if "file" in fields else ""
        raise MissingFile(f"The body has no part `file`.{hint} With curl: -F file=@photo.jpg")
    return handler.name, handler.declared_type, fields


def _check_end(request: WSGIRequest, body: Body) -> None:
    # Django takes the end of the stream for the end of the last part: a chunked body that broke would pass for whole.
    _kind, parameters = header_parameters(request.META.get("CONTENT_TYPE", ""))
    if f"--{parameters.get('boundary', '')}--".encode("latin-1", "replace") not in body.tail:
        raise IncompleteBody("The multipart body ended before its closing boundary. Nothing was kept.")
