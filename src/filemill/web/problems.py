"""Errors on a page: their status and what the page says of them."""

from http import HTTPStatus

from filemill.core import errors

_STATUS: dict[type[errors.FilemillError], HTTPStatus] = {
    errors.Invalid: HTTPStatus.BAD_REQUEST,
    errors.SignInRequired: HTTPStatus.UNAUTHORIZED,
    errors.Forged: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.LengthRequired: HTTPStatus.LENGTH_REQUIRED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedBody: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    errors.Busy: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DiskFull: HTTPStatus.INSUFFICIENT_STORAGE,
}


def status_of(error: errors.Refused) -> int:
    """Return the status of the nearest class of an error that has one."""
    found = (_STATUS[each] for each in type(error).__mro__ if each in _STATUS)
    return next(found, HTTPStatus.BAD_REQUEST).value
