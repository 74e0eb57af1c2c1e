"""The addresses of the API; each answers with and without the final slash, never by a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, re_path

from filemill.api.check import UploadCheckView
from filemill.api.content import ArtifactView, ContentView
from filemill.api.docs import DocsView, OpenAPIView, problem
from filemill.api.events import EventsView
from filemill.api.files import CancelView, FilesView, FileView, ReprocessView
from filemill.api.health import healthz, readyz
from filemill.api.links import LinksView
from filemill.api.processors import ProcessorsView
from filemill.api.tokens import TokensView, TokenView
from filemill.api.unfinished import UnfinishedView
from filemill.api.uploads import UploadView
from filemill.api.usage import UsageView

_ID = "(?P<file_id>[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})"


def _at(address: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """Answer under both addresses; links are made with the slash, which is the last of the two."""
    return [re_path(f"^{address}$", view, name=name), re_path(f"^{address}/$", view, name=name)]


patterns = [
    *_at("upload", UploadView.as_view(), "upload"),
    *_at("upload/check", UploadCheckView.as_view(), "upload-check"),
    *_at(f"upload/{_ID.replace('file_id', 'upload_id')}", UnfinishedView.as_view(), "unfinished"),
    *_at("files", FilesView.as_view(), "files"),
    *_at(f"files/{_ID}", FileView.as_view(), "file"),
    *_at(f"files/{_ID}/content", ContentView.as_view(), "content"),
    *_at(f"files/{_ID}/artifacts/(?P<name>[a-z0-9.-]+)", ArtifactView.as_view(), "artifact"),
    *_at(f"files/{_ID}/links", LinksView.as_view(), "links"),
    *_at(f"files/{_ID}/reprocess", ReprocessView.as_view(), "reprocess"),
    *_at(f"files/{_ID}/cancel", CancelView.as_view(), "cancel"),
    *_at("events", EventsView.as_view(), "events"),
    *_at("tokens", TokensView.as_view(), "tokens"),
    *_at("tokens/(?P<token_id>[0-9a-f]{16})", TokenView.as_view(), "token"),
    *_at("usage", UsageView.as_view(), "usage"),
    *_at("processors", ProcessorsView.as_view(), "processors"),
    *_at(r"openapi\.json", OpenAPIView.as_view(), "openapi"),
    *_at("docs", DocsView.as_view(), "docs"),
    *_at("docs/problems/(?P<code>[a-z_]+)", problem, "problem"),
    *_at("healthz", healthz, "healthz"),
    *_at("readyz", readyz, "readyz"),
]
