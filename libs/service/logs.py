"""Logs: one JSON object a line; whatever may be somebody's is masked before it is written."""

import logging
import re
import sys
from collections.abc import Iterable
from typing import TextIO

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

MASK = "***"

# keys whose value is always masked
_PERSONAL = re.compile(
    r"(^|_)(name|holder|contact|phone|mobile|tel|email|mail|address|account|card|password|token|"
    r"secret|key_password|id_card|certificate_no)($|_)",
    re.IGNORECASE,
)
# keys whose value is ours, never personal, and may look like a number that is
_PLAIN = frozenset(
    {
        *("event", "level", "timestamp", "service", "message_id", "document_id", "kind", "topic"),
        *("partition", "offset", "signer", "outcome", "status", "reason", "correlation_id"),
    }
)
_IN_TEXT = (
    re.compile(r"//[^/\s:@]+:[^/\s@]+@"),  # login and password in an address
    re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),  # e-mail
    re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])"),  # resident identity number
    re.compile(r"(?<![0-9A-Za-z])(\d[ -]?){12,22}\d(?![0-9A-Za-z])"),  # account, bank card
    re.compile(r"(?<![0-9A-Za-z])(\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"),  # mobile phone
    re.compile(r"(?<![0-9A-Za-z])0\d{2,3}-\d{7,8}(?!\d)"),  # landline
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def masked(text: str) -> str:
    """`text` without e-mails, phones, accounts, identity numbers and passwords."""
    for pattern in _IN_TEXT:
        text = pattern.sub(MASK, text)
    return text


def mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Mask a log line's values."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: object) -> object:
    if key in _PLAIN or value is None or isinstance(value, bool | int | float):
        return value
    if _PERSONAL.search(key):
        return MASK
    if isinstance(value, dict):
        return {str(k): _clean(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", item) for item in value]
    return masked(str(value))


class _Lines:
    """Writes lines; a full disk or a closed pipe is no reason to stop working."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass

    debug = info = warning = error = critical = msg


def make_logger(
    service: str, level: str = "info", stream: TextIO | None = None
) -> FilteringBoundLogger:
    """A logger whose lines carry the service's name."""
    log: FilteringBoundLogger = structlog.wrap_logger(
        _Lines(stream or sys.stdout),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            mask,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=True,
        service=service,
    )
    return log


def _render(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str).decode()


class _Bridge(logging.Handler):
    """Lines of libraries (aiokafka, asyncio, uvicorn), into ours."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text = f"{text} ({type(record.exc_info[1]).__name__})"
        write = self._log.warning if record.levelno >= logging.WARNING else self._log.info
        write("library", logger=record.name, level_of=record.levelname.lower(), text=text[:500])


def bridge(log: FilteringBoundLogger, loggers: Iterable[str]) -> None:
    """Send these libraries' warnings to our log."""
    for name in loggers:
        logger = logging.getLogger(name)
        logger.handlers = [_Bridge(log)]
        logger.setLevel(logging.WARNING)
        logger.propagate = False


def where(error: BaseException, frames: int = 4) -> list[str]:
    """The last places of an error's trace, without any value."""
    places = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('site-packages/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return places[-frames:]
