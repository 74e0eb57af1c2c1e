"""Values of facts that processors take from words of their own; what a file says stays as the file says it."""

from collections.abc import Mapping

from django.utils.translation import get_language_info, gettext, ngettext, pgettext
from django.utils.translation import gettext_noop as _

from filemill.languages import sentences
from filemill.web import words

#: By the name of the fact, what stands for a value; what is not told here is a name, such as that of a codec.
WORDS: Mapping[str, Mapping[str, str]] = {
    "root": {"object": _("object"), "array": _("array"), "string": _("string"), "number": _("number"),
             "boolean": _("yes or no"), "null": "null", "scalar": _("single value")},
    "form": {"none": _("none"), "acroform": "AcroForm", "xfa": "XFA"},
    "line_endings": {"lf": "LF", "crlf": "CRLF", "cr": "CR", "none": _("none"), "mixed": _("mixed")},
    "type": {"integer": _("whole number"), "number": _("number"), "text": _("text"), "boolean": _("yes or no"),
             "date": _("date"), "time": _("time of day"), "datetime": _("date and time"), "duration": _("duration"),
             "list": _("list"), "object": _("object"), "mixed": _("mixed"), "binary": _("bytes"),
             "video": _("video"), "audio": _("sound"), "subtitle": _("subtitles"), "cover": _("cover"),
             "attachment": _("attachment"), "data": _("data"), "unknown": _("unknown")},
    "encrypted": {"smime": "S/MIME", "openpgp": "OpenPGP"},
    "signed": {"smime": "S/MIME", "openpgp": "OpenPGP"},
    "compression": {"stored": _("stored"), "uncompressed": _("uncompressed")},
    "delimiter": {"\t": _("tab"), " ": _("space")},
    "description": {"empty file": _("empty file")},
}  # fmt: skip
#: Facts that are sentences of processors, or of the libraries that they ask.
SENTENCES = frozenset({"reason", "fault"})
#: What the step that identifies a text says of it.
IDENTIFIED = _("text ({0})")

_LANGUAGES = frozenset({"language", "language_stated"})
#: Languages whose names Django has in English only.
_UNTRANSLATED = (_("Norwegian"), _("Norwegian Bokmal"))
_ABBREVIATED = {"pixels": _("px"), "hz": _("Hz"), "points": _("pt"), "mm": _("mm")}
#: What the ends of names mean that are units; those without a measure here only go.
UNITS = (
    "seconds", "bytes", "percent", "degrees", "characters", "levels", "per_second", "bits_per_second", "bits_per_byte",
    "hex", *_ABBREVIATED,
)  # fmt: skip


def in_words(name: str, value: str) -> str:
    """Return a value in the language of the page, where it is a processor's word or sentence."""
    if name in SENTENCES:
        return sentences.said(value)
    if name in _LANGUAGES:
        return _language(value)
    known = WORDS.get(name, {}).get(value)
    return gettext(known) if known else value


def _language(code: str) -> str:
    """Return the name of a language by its code, `Russian (ru)`, as far as Django knows it."""
    try:
        return f"{get_language_info(code.lower())['name_translated']} ({code})"
    except KeyError:
        return code


def measure(value: float, unit: str) -> str:
    """Return a figure with its unit: `5 min`, `7.4 MB`, `3 levels`."""
    if unit == "seconds":
        return words.duration(value)
    if unit == "bytes":
        return words.size(int(value))
    figure = words.figure(value)
    if unit in _ABBREVIATED:
        return f"{figure} {gettext(_ABBREVIATED[unit])}"
    signs = {"percent": f"{figure} %", "degrees": f"{figure}°"}
    return signs.get(unit) or _counted(value, unit) % {"count": figure}


def _counted(value: float, unit: str) -> str:
    # Parts of one are said as two are, in the languages that there are.
    count = int(value) if isinstance(value, int) or value.is_integer() else 2
    if unit == "characters":
        return ngettext("%(count)s character", "%(count)s characters", count)
    if unit == "levels":
        return ngettext("%(count)s level", "%(count)s levels", count)
    if unit == "bits_per_second":
        return ngettext("%(count)s bit a second", "%(count)s bits a second", count)
    if unit == "bits_per_byte":
        return ngettext("%(count)s bit a byte", "%(count)s bits a byte", count)
    return pgettext("rate", "%(count)s a second") if unit == "per_second" else "%(count)s"
