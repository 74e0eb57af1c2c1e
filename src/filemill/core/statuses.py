"""The HTTP status of each error of the core, for the API and for pages."""

from http import HTTPStatus

from filemill.core import errors, resuming_errors, upload_errors

CHECKSUM_MISMATCH = 460  # tus has a status of its own

STATUS: dict[type[errors.FilemillError], int] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.InvalidCursor: HTTPStatus.BAD_REQUEST,
    errors.MissingFile: HTTPStatus.BAD_REQUEST,
    errors.TooManyFiles: HTTPStatus.BAD_REQUEST,
    errors.MissingName: HTTPStatus.BAD_REQUEST,
    errors.BrokenBody: HTTPStatus.BAD_REQUEST,
    errors.IncompleteBody: HTTPStatus.BAD_REQUEST,
    resuming_errors.ChecksumMismatch: CHECKSUM_MISMATCH,
    resuming_errors.InconsistentLength: HTTPStatus.BAD_REQUEST,
    resuming_errors.UploadCompleted: HTTPStatus.BAD_REQUEST,
    errors.SignInRequired: HTTPStatus.UNAUTHORIZED,
    errors.InvalidToken: HTTPStatus.UNAUTHORIZED,
    errors.InsufficientScope: HTTPStatus.FORBIDDEN,
    errors.Forged: HTTPStatus.FORBIDDEN,
    errors.CrossSite: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    resuming_errors.OffsetMismatch: HTTPStatus.CONFLICT,
    resuming_errors.TakenOver: HTTPStatus.CONFLICT,
    upload_errors.KeyInUse: HTTPStatus.CONFLICT,
    errors.LinkExpired: HTTPStatus.GONE,
    errors.ExpiredCursor: HTTPStatus.GONE,
    resuming_errors.UploadGone: HTTPStatus.GONE,
    resuming_errors.UnsupportedVersion: HTTPStatus.PRECONDITION_FAILED,
    errors.LengthRequired: HTTPStatus.LENGTH_REQUIRED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.QuotaExceeded: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedBody: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    upload_errors.TypeNotAccepted: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.RangeNotSatisfiable: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    errors.DigestMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
    upload_errors.KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    resuming_errors.UploadLocked: HTTPStatus.LOCKED,
    errors.TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    upload_errors.TooManyUploads: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooManyTransfers: HTTPStatus.TOO_MANY_REQUESTS,
    errors.DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.FilemillError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
