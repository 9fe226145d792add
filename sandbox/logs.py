"""Log lines as JSON on standard output: ids, kinds and results, never personal data."""

import json
import logging
import sys
from datetime import UTC, datetime

_FIELDS = "fields"
_SELDOM_SECONDS = 10.0


class _JsonLines(logging.Formatter):
    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "partner": self._code,
            "event": record.getMessage(),
            **getattr(record, _FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


class _Seldom(logging.Filter):
    """Lets a line of the Kafka client through now and then: it repeats itself while it waits."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if not record.name.startswith("aiokafka"):
            return True
        is_due = record.created >= self._next
        if is_due:
            self._next = record.created + _SELDOM_SECONDS
        return is_due


_log = logging.getLogger("sandbox")


def set_up(code: str) -> None:
    """Write the log of this process as JSON lines; libraries only when something is wrong."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines(code))
    handler.addFilter(_Seldom())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    _log.setLevel(logging.INFO)


def say(event: str, level: int = logging.INFO, **fields: object) -> None:
    """One line."""
    _log.log(level, event, extra={_FIELDS: fields})
