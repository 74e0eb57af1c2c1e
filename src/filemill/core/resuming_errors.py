"""The refusals that only uploads which may be resumed know; the tree of the others is in `errors`."""

from filemill.core.errors import Invalid, Refused

_REGISTERED = "https://iana.org/assignments/http-problem-types#"  # by the draft on resumable uploads


class ChecksumMismatch(Invalid):
    """The bytes of a request of tus do not have the checksum that came with them."""

    code = "checksum_mismatch"
    title = "The bytes do not match their checksum"


class InconsistentLength(Invalid):
    """What says how long an upload is does not agree with what said so before, or with its bytes."""

    code = "inconsistent_length"
    title = "The lengths of the upload do not agree"
    type_uri = f"{_REGISTERED}inconsistent-upload-length"


class UploadCompleted(Invalid):
    """The upload is whole and a file by now; nothing can be added to it."""

    code = "upload_completed"
    title = "The upload is complete"
    type_uri = f"{_REGISTERED}completed-upload"

    def __init__(self, detail: str, location: str) -> None:
        super().__init__(detail)
        self.location = location


class UploadGone(Refused):
    """The upload was there, but its bytes are not any more: it expired, or somebody ended it."""

    code = "upload_gone"
    title = "The upload is gone"


class OffsetMismatch(Refused):
    """The request goes on from another offset than the upload has."""

    code = "offset_mismatch"
    title = "The offset is not that of the upload"
    type_uri = f"{_REGISTERED}mismatching-upload-offset"

    def __init__(self, expected: int, provided: int) -> None:
        super().__init__(f"The upload has {expected} bytes; the request goes on from {provided}.")
        self.expected, self.provided = expected, provided


class TakenOver(Refused):
    """A newer request to the same upload came while this one sent bytes; only the newer one goes on."""

    code = "taken_over"
    title = "A newer request goes on with this upload"


class UploadLocked(Refused):
    """Another request is at this upload of tus, and this one has nothing that could take its place."""

    code = "upload_locked"
    title = "Another request is at this upload"


class UnsupportedVersion(Refused):
    """The request does not say that it speaks the version of tus that is spoken here."""

    code = "unsupported_version"
    title = "This version of tus is not spoken here"
