"""Bytes on their way out: the detected type, never executed, in ranges if asked for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import BinaryIO

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, http_date, parse_http_date_safe

from filemill.accounts.caller import party_of
from filemill.core.digests import field_of
from filemill.core.errors import NotFound, RangeNotSatisfiable
from filemill.files.keep import root
from filemill.files.links import Followed
from filemill.files.transfers import Seat, transfer

#: Types that a browser shows without running anything; all others are downloads.
INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "text/plain"}

#: Types that a page of ours would run or apply, its policy notwithstanding, if somebody got a tag into it.
_DISARMED = re.compile(
    r"((text|application)/(x-)?(java|ecma)script|text/(javascript1\.[0-5]|jscript|livescript|css|xsl)"
    r"|application/xslt\+xml)(;.*)?"
)

#: What a browser fetches only to run or apply it (Fetch Metadata); style sheets in XSLT it takes under any type.
_RUN = {"script", "style", "worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet", "xslt"}

#: Four of them wait in memory for each client; what is smaller than that never holds a thread.
_BLOCK_BYTES = 128 * 1024

_CHARSET = re.compile(r"[a-zA-Z0-9._-]{1,40}")
_RANGE = re.compile(r"bytes=([0-9]{0,100})-([0-9]{0,100})", re.IGNORECASE)


@dataclass(frozen=True)
class Content:
    """What is served: a storage name, the name to save it as, its media type, size in bytes, digest, time, charset."""

    stored: str
    name: str
    media_type: str | None
    size: int
    sha256: str
    modified: datetime
    charset: str | None = None  # of text; None: not known
    followed: Followed | None = None  # the link by which somebody came, if they came by one


def serve(request: HttpRequest, content: Content) -> HttpResponseBase:
    """Answer GET or HEAD with the bytes, a range of them, or 304; raise RangeNotSatisfiable or NotFound.

    Raise PermissionDenied where a browser asks for the bytes in order to run them.
    """
    if request.headers.get("Sec-Fetch-Dest") in _RUN:
        raise PermissionDenied
    etag = f'"{content.sha256}"'
    if _is_known(request, etag, content.modified):
        return _with_headers(HttpResponseNotModified(), content, etag)
    span = _span(request, content, etag)
    seat = transfer(party_of(request)) if request.method != "HEAD" else None
    try:
        stream = (root() / content.stored).open("rb")
    except FileNotFoundError:
        raise NotFound("The bytes of this file are gone from the storage.") from None
    if seat is None:
        stream.close()
        response: HttpResponseBase = HttpResponse()
        response["Content-Length"] = str(content.size)
    else:
        response = _body(_Span(stream, *(span or (0, content.size)), seat), content, span)
    return _with_headers(response, content, etag)


def _body(bytes_: "_Span", content: Content, span: tuple[int, int] | None) -> HttpResponseBase:
    first, end = span or (0, content.size)
    response = FileResponse(bytes_)
    response.block_size = _BLOCK_BYTES
    if span:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{end - 1}/{content.size}"
    response["Content-Length"] = str(end - first)
    return response


class _Span:
    """A part of a file as FileResponse wants it."""

    def __init__(self, stream: BinaryIO, first: int, end: int, seat: Seat) -> None:
        stream.seek(first)
        self._stream, self._left, self._seat = stream, end - first, seat

    def read(self, size: int = _BLOCK_BYTES) -> bytes:
        chunk = self._stream.read(min(self._left, size))
        self._left -= len(chunk)
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk

    def close(self) -> None:
        self._stream.close()
        self._seat.leave()


def _with_headers(response: HttpResponseBase, content: Content, etag: str) -> HttpResponseBase:
    followed = content.followed
    inline = content.media_type in INLINE and (followed is None or followed.disposition == "inline")
    known = content.media_type or "application/octet-stream"
    media_type = "application/octet-stream" if _DISARMED.fullmatch(known) else known
    has_charset = media_type == "text/plain" and _CHARSET.fullmatch(content.charset or "")
    response["Content-Type"] = f"{media_type}; charset={content.charset}" if has_charset else media_type
    response["Content-Disposition"] = content_disposition_header(not inline, content.name) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    response["X-Content-Type-Options"] = "nosniff"
    # Whoever has a link may show the bytes where they like.
    response["Cross-Origin-Resource-Policy"] = "cross-origin" if followed else "same-origin"
    # Caches that many share would go on after a link is ended; a type that is not known yet must not stay anywhere.
    keeps = f"max-age={followed.seconds_left}" if followed and content.media_type else "no-cache"
    response["Cache-Control"] = f"private, {keeps}"
    if followed:
        response["Referrer-Policy"] = "no-referrer"
    response["ETag"] = etag
    if response.status_code != HTTPStatus.NOT_MODIFIED:
        response["Repr-Digest"] = field_of(bytes.fromhex(content.sha256))
    if response.status_code == HTTPStatus.OK:
        response["Content-Digest"] = response["Repr-Digest"]
    response["Last-Modified"] = http_date(content.modified.timestamp())
    response["Accept-Ranges"] = "bytes"
    return response


def _is_known(request: HttpRequest, etag: str, modified: datetime) -> bool:
    if "If-None-Match" in request.headers:
        given = [each.strip().removeprefix("W/") for each in request.headers["If-None-Match"].split(",")]
        return etag in given or "*" in given
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    return since is not None and int(modified.timestamp()) <= since


def _span(request: HttpRequest, content: Content, etag: str) -> tuple[int, int] | None:
    """Return the first and one past the last byte asked for; None for the whole, as for several ranges (RFC 9110)."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip(" \t")) if request.method == "GET" else None
    if not match or not any(match.groups()) or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = match.groups()
    if first and last and int(first) > int(last):
        return None
    if not first:
        start, end = max(content.size - int(last), 0), content.size
    else:
        start, end = int(first), min(int(last) + 1, content.size) if last else content.size
    if start >= end:
        raise RangeNotSatisfiable(f"The file has {content.size} bytes.", content.size)
    return start, end
