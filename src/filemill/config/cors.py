"""What pages of other sites may send to the API and see of its answers (CORS), if the operator lets any use it."""

MIDDLEWARE = "corsheaders.middleware.CorsMiddleware"
#: The API, and what may be added to it; pages for people are for none of them.
ADDRESSES = r"^/(?!$|app/|admin/|static/|docs)"
METHODS = ["GET", "HEAD", "POST", "PATCH", "DELETE"]
SENT = [
    "Authorization", "Content-Type", "Content-Disposition", "Content-Digest", "Repr-Digest", "X-Request-Id",
    "Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Idempotency-Key",
    "Tus-Resumable", "Upload-Length", "Upload-Defer-Length", "Upload-Offset", "Upload-Metadata", "Upload-Concat",
    "Upload-Checksum", "Upload-Complete", "Upload-Limit", "Upload-Draft-Interop-Version",
    "X-HTTP-Method-Override",
]  # fmt: skip
SHOWN = [
    "Location", "Content-Location", "ETag", "Accept-Ranges", "Content-Range", "Content-Disposition", "Content-Digest",
    "Repr-Digest", "Digest", "Retry-After", "X-Request-Id", "WWW-Authenticate", "Allow", "Link", "RateLimit",
    "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm", "Upload-Offset",
    "Upload-Length", "Upload-Defer-Length", "Upload-Expires", "Upload-Metadata", "Upload-Concat", "Upload-Complete",
    "Upload-Limit", "Upload-Draft-Interop-Version", "RateLimit-Policy", "Accept-Patch",
]  # fmt: skip
