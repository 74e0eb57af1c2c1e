"""Counts the cues of subtitles while their text goes by, and finds where the last one ends."""

import re
from typing import Any

_MAX_LINE = 4096
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
#: What a cue's line of times is like, and what shows that a line was meant to be one.
_ARROW = (
    re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}", re.MULTILINE),
    re.compile(r"^[ \t]*\d[^\n]{0,40}?-->", re.MULTILINE),
)
_DIALOGUE = (
    re.compile(rf"^Dialogue:[^,\n]*,[ \t]*{_TIME}[ \t]*,[ \t]*{_TIME}[ \t]*,", re.MULTILINE),
    re.compile(r"^Dialogue:", re.MULTILINE),
)
_FORMS = {"application/x-subrip": _ARROW, "text/vtt": _ARROW, "text/x-ssa": _DIALOGUE}


class Subtitles:
    """The cues of one file; a broken one is counted apart and stops nothing."""

    def __init__(self, media_type: str) -> None:
        self._cue, self._mark = _FORMS[media_type]
        self._rest = ""
        self._cues = 0
        self._marks = 0
        self._end = 0.0

    def add(self, text: str) -> None:
        """Take the next piece; its last line waits for the rest of it."""
        lines = (self._rest + text).replace("\r", "\n")
        cut = lines.rfind("\n") + 1
        self._count(lines[:cut])
        # The times stand at the start of a line, so the rest of a long one says nothing.
        self._rest = lines[cut : cut + _MAX_LINE]

    def facts(self) -> dict[str, Any]:
        """Return what was counted, the last line included."""
        self._count(self._rest)
        self._rest = ""
        broken = self._marks - self._cues
        facts: dict[str, Any] = {"cues": self._cues, "duration_seconds": round(self._end, 3)}
        return facts | {"broken_cues": broken} if broken > 0 else facts

    def _count(self, lines: str) -> None:
        self._marks += sum(1 for _ in self._mark.finditer(lines))
        for found in self._cue.finditer(lines):
            times = found.groups()
            start, end = _seconds(times[:4]), _seconds(times[4:])
            if start <= end:
                self._cues += 1
                self._end = max(self._end, end)


def subtitles_in(media_type: str) -> Subtitles | None:
    """Return what counts the cues of this type; None for text that is no subtitles."""
    return Subtitles(media_type) if media_type in _FORMS else None


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction}")
