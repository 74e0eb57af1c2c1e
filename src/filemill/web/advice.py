"""What people can do about a reason for which processing failed."""

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

_AGAIN = _("Process it again. If that fails, too, the worker's log says more.")
_SMALLER = _("Send it in smaller parts, or ask the operator to raise the limit.")

#: By the reason codes of docs/api.md.
_BY_CODE = {
    "truncated": _("Send it again, whole."),
    "corrupt": _("Open it in the program that made it, save it anew, and send that."),
    "encrypted": _("It is kept as it is. To see what is in it, remove the protection and send it again."),
    "unsupported_format": _(
        "It is kept as it is. To see what is in it, save it in a more common format and send that."
    ),
    "archive_bomb": _("Unpack it where you trust it, and send what you need of it."),
    "too_large": _SMALLER,
    "too_many_pixels": _("Make the picture smaller, and send it again."),
    "not_text": _("Give it the ending that fits what it is, and send it again."),
    "encoding_unsupported": _("Save it as UTF-8, and send it again."),
    "crashed": _("Save it anew in the program that made it, and send that; or process it again."),
    "timed_out": _("Process it again when less is going on, or send a smaller file."),
    "cpu_exceeded": _SMALLER,
    "out_of_memory": _SMALLER,
    "output_exceeded": _SMALLER,
    "threads_exceeded": _AGAIN,
    "server_lost": _AGAIN,
    "worker_lost": _AGAIN,
    "storage_trouble": _AGAIN,
    "try_again": _AGAIN,
    "internal": _AGAIN,
    "bytes_missing": _("Send the file again."),
    "processor_missing": _("Ask the operator to install it on the worker, then process the file again."),
}


def advice_for(code: object) -> str:
    """Return a sentence on what to do about a reason, or nothing where none is known to help."""
    advice = _BY_CODE.get(code) if isinstance(code, str) else None
    return gettext(advice) if advice else ""
