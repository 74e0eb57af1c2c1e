"""More of the errors in `errors`: why an upload is refused that would be welcome as another, or at another time.

Refused
├── KeyInUse
└── KeyReused
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
