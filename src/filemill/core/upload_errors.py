"""More of the errors in `errors`: why an upload is refused that would be welcome as another, or at another time.

Refused
├── KeyInUse
├── KeyReused
├── TooManyUploads
└── TypeNotAccepted
"""

from filemill.core.errors import Refused


class KeyInUse(Refused):
    """Another upload with this Idempotency-Key has not ended yet."""

    code = "idempotency_key_in_use"
    title = "An upload with this key is under way"


class KeyReused(Refused):
    """Other bytes came with this Idempotency-Key before."""

    code = "idempotency_key_reused"
    title = "This key belongs to other bytes"


class TooManyUploads(Refused):
    """Its owner has begun so many uploads that none more may begin before some of them end."""

    code = "too_many_uploads"
    title = "Too many uploads are unfinished"


class TypeNotAccepted(Refused):
    """The file has a media type that the operator does not let in."""

    code = "type_not_accepted"
    title = "Files of this type are not accepted"
