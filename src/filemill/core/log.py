"""Structured logs: one line an event, with the ids of the request and job that it belongs to."""

import logging
import sys
from collections.abc import Sequence

import structlog


def _defuse(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Write out what a terminal would obey or what would look like another line: names and reasons are foreign."""
    return {key: _printable(value) if isinstance(value, str) else value for key, value in event.items()}


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _plainly(_logger: object, _method: str, event: structlog.typing.EventDict) -> str:
    """Write a line as structlog does to a terminal, without colours and for half of an upload's cost of logging."""
    told, error = event.pop("event"), event.pop("exception", None)
    line = f"{event.pop('timestamp')} [{event.pop('level'):9}] {told:30}"
    pairs = (f"{key}={_quoted(event[key])}" for key in sorted(event))
    return f"{line} {' '.join(pairs)}" + (f"\n{error}" if error else "")


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return repr(text) if " " in text or "=" in text else text


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Writes our own lines, which are ready but for that, without the copy that it makes of everybody's."""

    def __init__(self, renderer: structlog.typing.Processor, shared: Sequence[structlog.typing.Processor]) -> None:
        super().__init__(foreign_pre_chain=shared, processors=[self.remove_processors_meta, renderer])
        self._renderer = renderer

    def format(self, record: logging.LogRecord) -> str:
        """Return a line."""
        if hasattr(record, "_logger") and isinstance(record.msg, dict):
            return str(self._renderer(None, "", record.msg.copy()))
        return super().format(record)


def configure(line_format: str) -> None:
    """Send structlog's and the standard library's logs to stderr, as `console` lines or as `json`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _defuse,
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if line_format == "json"
        else (structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else _plainly)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(renderer, shared))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("filemill").setLevel(logging.INFO)
    logging.getLogger("django.request").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Say whether Django has more to tell than an answer's status, which has a line of ours: a traceback."""
    return record.levelno >= logging.ERROR and bool(record.exc_info)
