"""Kafka by FastStream, all explicit: raw bytes, tolerant of headers, offsets after the commit."""

import logging
import ssl
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage, KafkaMessage
from faststream.message import AckStatus

from libs.service.consumer import IDLE_FETCH_MS, PatientConsumer
from libs.service.incoming import Incoming
from libs.service.settings import ServiceSettings

REQUEST_TIMEOUT_MS = 15_000
_WAIT_MS = 1000

_log = logging.getLogger("tongbao.kafka")

Records = tuple[ConsumerRecord, ...]
Take = Callable[[Sequence[Incoming]], Awaitable[None]]


def client_options(settings: ServiceSettings) -> dict[str, Any]:
    """What consumers and producers share: where the brokers are and how to prove who we are."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": settings.kafka_security,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
    }
    if settings.kafka_security != "PLAINTEXT":
        options["ssl_context"] = _ssl(settings)
    if settings.kafka_security == "SASL_SSL":
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        }
    return options


def make_broker(
    settings: ServiceSettings, name: str, topics: Sequence[str], take: Take
) -> KafkaBroker:
    """A broker with one batch subscriber over `topics`; `take` settles each batch.

    Offsets move when `take` returns. It raises only when the service stops; then the batch is
    given back.
    """
    broker = KafkaBroker(
        settings.kafka_bootstrap,
        client_id=f"tongbao-{name}",
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        logger=None,
        graceful_timeout=settings.stop_seconds_max,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )

    async def parse(records: Records) -> KafkaMessage:
        # FastStream's own parser wants headers in UTF-8; a partner's bad byte would choke it
        return _Batch(
            raw_message=records,
            body=b"",
            headers={},
            batch_headers=[],
            consumer=cast(PatientConsumer, subscriber.consumer),
        )

    subscriber = broker.subscriber(
        *topics,
        batch=True,
        group_id=settings.kafka_group or name,
        group_instance_id=settings.kafka_instance or None,
        ack_policy=AckPolicy.NACK_ON_ERROR,
        auto_offset_reset="earliest",
        fetch_max_bytes=settings.fetch_bytes_max,
        max_partition_fetch_bytes=settings.fetch_partition_bytes_max,
        fetch_max_wait_ms=IDLE_FETCH_MS,
        max_records=settings.batch_records_max,
        batch_timeout_ms=_WAIT_MS,
        session_timeout_ms=int(settings.kafka_session_seconds * 1000),
        heartbeat_interval_ms=int(settings.kafka_session_seconds * 1000 / 5),
        parser=parse,
        decoder=_undecoded,
        no_reply=True,
        listener=_Handover(lambda: cast(PatientConsumer | None, subscriber.consumer)),
    )

    @subscriber
    async def on_batch(records: Records) -> None:
        await take([incoming(record) for record in records])

    return broker


async def start_broker(
    broker: KafkaBroker, settings: ServiceSettings, refused: Callable[[], None]
) -> AIOKafkaConsumer:
    """Connect and start consuming; `refused` as `PatientConsumer` says it.

    Raises KafkaError when no broker answers.
    """
    await broker.connect()
    config = broker.config.broker_config
    built = cast("partial[AIOKafkaConsumer]", config.builder)
    options = {
        **built.keywords,
        **client_options(settings),
        "refused": refused,
        "gather_seconds": settings.gather_seconds,
    }
    config.builder = partial(PatientConsumer, **options)
    await broker.start()
    consumer = broker.subscribers[0].consumer  # type: ignore[attr-defined]  # a Kafka subscriber
    return cast(AIOKafkaConsumer, consumer)


def incoming(record: ConsumerRecord) -> Incoming:
    """A consumed record, untouched."""
    return Incoming(
        record.topic,
        record.partition,
        record.offset,
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
        record.key,
        tuple((name, bytes(value or b"")) for name, value in record.headers),
        record.value or b"",
    )


class _Batch(KafkaAckableMessage):
    """A batch whose offsets are told later, or never: then its messages come again."""

    consumer: PatientConsumer

    async def ack(self) -> None:
        if not self.committed:
            self.consumer.offsets.note(self.raw_message)
            self.committed = AckStatus.ACKED


class _Handover(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Whoever is given our partitions begins where we ended."""

    def __init__(self, consumer: Callable[[], PatientConsumer | None]) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: object) -> None:
        if (consumer := self._consumer()) is not None:
            await consumer.offsets.hand_over()

    async def on_partitions_assigned(self, assigned: object) -> None:
        pass


async def _undecoded(message: KafkaMessage) -> Records:
    return cast(Records, message.raw_message)


def _ssl(settings: ServiceSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.kafka_ssl_ca)
    if settings.kafka_ssl_cert is not None:
        context.load_cert_chain(settings.kafka_ssl_cert, settings.kafka_ssl_key)
    return context
