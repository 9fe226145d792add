"""Every metric of a service, in one table: name, what it counts, its labels."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500)


@dataclass(frozen=True, slots=True)
class Row:
    """One metric."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    sentence: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = _FAST


TABLE: tuple[Row, ...] = (
    Row("messages", "counter", "Messages by what became of them.", ("kind", "outcome")),
    Row("batch_messages", "histogram", "Messages a batch.", buckets=_SIZES),
    Row("batch_seconds", "histogram", "Time a batch took, by part.", ("part",)),
    Row("dead_letters", "counter", "Messages set aside because they can never work.", ("reason",)),
    Row("unexpected", "counter", "Messages that broke our own code: alert on any."),
    Row("conflicts", "counter", "Batches decided again because another instance was quicker."),
    Row("halvings", "counter", "Batches split to find the one message that breaks them."),
    Row("store_waits", "counter", "Tries that failed: a store was away, or refused.", ("store",)),
    Row("store_up", "gauge", "1 when the last use of a store went well.", ("store",)),
    Row("deferred", "counter", "Messages kept waiting for what they need."),
    Row("timers", "counter", "Timers that came due.", ("name",)),
    Row("published", "counter", "Messages published.", ("topic",)),
    Row("publish_seconds", "histogram", "Time from sending a window to the brokers' answers."),
    Row("outbox_age_seconds", "gauge", "Age of the oldest message not published yet."),
    Row("relay_active", "gauge", "1 when this instance is the one that publishes."),
    Row("lag", "gauge", "Messages on our partitions that are not taken yet."),
    Row("stalled", "gauge", "1 when work waits and nothing moves.", ("activity",)),
    Row("migrations_pending", "gauge", "1 while the tables are older than the code."),
)


class Metrics:
    """The table's metrics of one service."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self._service = service
        self._made = {row.name: self._make(row) for row in TABLE}

    def count(self, name: str, *labels: str, by: float = 1) -> None:
        """Add to a counter."""
        metric = self._made[name]
        assert isinstance(metric, Counter)  # noqa: S101 - the table says so
        metric.labels(self._service, *labels).inc(by)

    def set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        metric = self._made[name]
        assert isinstance(metric, Gauge)  # noqa: S101
        metric.labels(self._service, *labels).set(value)

    def observe(self, name: str, value: float, *labels: str) -> None:
        """Add to a histogram."""
        metric = self._made[name]
        assert isinstance(metric, Histogram)  # noqa: S101
        metric.labels(self._service, *labels).observe(value)

    def value(self, name: str, *labels: str) -> float:
        """A counter's or gauge's present value; 0 when never touched. For tests and health."""
        names = ("service", *next(row.labels for row in TABLE if row.name == name))
        suffix = "_total" if isinstance(self._made[name], Counter) else ""
        wanted = dict(zip(names, (self._service, *labels), strict=True))
        return self.registry.get_sample_value(f"tongbao_{name}{suffix}", wanted) or 0.0

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)

    @cached_property
    def content_type(self) -> str:
        """Of `text`."""
        return "text/plain; version=0.0.4; charset=utf-8"

    def _make(self, row: Row) -> Counter | Gauge | Histogram:
        name, labels = f"tongbao_{row.name}", ("service", *row.labels)
        if row.kind == "counter":
            return Counter(name, row.sentence, labels, registry=self.registry)
        if row.kind == "gauge":
            return Gauge(name, row.sentence, labels, registry=self.registry)
        return Histogram(name, row.sentence, labels, buckets=row.buckets, registry=self.registry)
