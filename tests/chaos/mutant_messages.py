"""Mechanisms of messages to take away: see `mutant`. Each is named after what is then wrong."""

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import uuid5

from libs.decisions import Context, Decision
from libs.messages import numbers
from libs.messages.kinds.payment import CollectPremium, QueryCollection
from libs.messages.partners import INSURERS, partner_topic
from libs.messages.topics import PARTITIONS

_INSURER_SECONDS = 2.0
_EVENTS_SECONDS = 3.0
BREAKS = "BREAKS"  # how a number ends whose document cannot be stored: `breaks_on_marked`


def no_stall_watch() -> None:
    """Never find that work waits and nothing moves."""
    from libs.service.health import Progress

    Progress.stalled = lambda _: {}  # type: ignore[assignment, method-assign]


def believes_any_insurer() -> None:
    """Let whoever answers be the insurer that was asked."""
    from services.policy.handlers import insurer

    insurer.partner_is = lambda *_: None  # type: ignore[attr-defined]


def never_asks() -> None:
    """Wait for partners' answers without ever asking for them."""
    from services.payment.handlers import HANDLERS as PAYMENT
    from services.policy.handlers import HANDLERS as POLICY

    for table in (PAYMENT, POLICY):
        table.timers.clear()


def collects_again() -> None:
    """Ask the bank, whose answer is lost, to collect once more: as another payment."""
    from services.gateway.handlers import HANDLERS, collections

    first: dict[str, CollectPremium] = {}
    again: dict[str, str] = {}  # number of the other payment

    def collect(exchange: Any, request: CollectPremium, ctx: Context) -> Decision:
        first[request.meta.document_id] = request
        return collections.collect(exchange, request, ctx)

    def query(exchange: Any, request: QueryCollection, ctx: Context) -> Decision:
        number = request.meta.document_id
        other = again.setdefault(number, numbers.new_number(numbers.PAYMENT, ctx.today))
        meta = request.meta.model_copy(
            update={"document_id": other, "message_id": uuid5(request.meta.message_id, "again")}
        )
        more = collections.collect(None, first[number].model_copy(update={"meta": meta}), ctx)
        return collections.query(exchange, request, ctx) + Decision(sends=more.sends)

    for kind, decide in ((CollectPremium, collect), (QueryCollection, query)):
        HANDLERS.messages[kind] = replace(HANDLERS.messages[kind], decide=decide)


def commands_first() -> None:
    """No mechanism is missing, but events come late: commands wait for what they need."""
    from aiokafka import AIOKafkaConsumer

    from libs.service.consumer import Found, PatientConsumer

    patient, begin = PatientConsumer.getmany, monotonic()
    held: Found = {}

    async def late(self: PatientConsumer, *args: Any, **options: Any) -> Found:
        while monotonic() - begin < _EVENTS_SECONDS:
            found: Found = await AIOKafkaConsumer.getmany(self, timeout_ms=100)
            for place in [place for place in found if place.topic.endswith(".events")]:
                held.setdefault(place, []).extend(found.pop(place))
            if found:
                return self._given(found)
        if held:
            events = dict(held)
            held.clear()
            return self._given(events)
        return await patient(self, *args, **options)

    PatientConsumer.getmany = late  # type: ignore[method-assign]


def breaks_on_marked() -> None:
    """No mechanism is missing, but what is marked cannot be stored: a fault of our own code."""
    from libs.service.store import RecordStore, Save

    save = RecordStore.save

    def saving(self: RecordStore, writing: Any, saves: Iterable[Save]) -> None:
        saves = list(saves)
        if any(each.record.ref.id.endswith(BREAKS) for each in saves):
            raise ValueError("this cannot be stored")
        save(self, writing, saves)

    RecordStore.save = saving  # type: ignore[method-assign]


def breaks_and_spreads() -> None:
    """As `breaks_on_marked`; and what breaks is not looked for: all of the batch is set aside."""
    from libs.service.applying import broken
    from libs.service.pipeline import Pipeline, _Poison
    from libs.service.plan import Work

    breaks_on_marked()

    async def settle_all(self: Pipeline, items: Sequence[Any]) -> None:
        try:
            self._tell(await self._persist(items))
        except _Poison as poison:
            dead = [
                broken(each, poison.error) if isinstance(each, Work) else each for each in items
            ]
            self._tell(await self._persist(dead))

    Pipeline._settle_all = settle_all  # type: ignore[method-assign]


def examined_together() -> None:
    """What is wrong with one message is taken for wrong with all that came with it."""
    from libs.service.examining import Examined, Examiner
    from libs.service.incoming import Dead, Incoming

    breaks_on_marked()

    def examine_all(self: Examiner, batch: Sequence[Incoming]) -> list[Examined]:
        found = [self.examine(source) for source in batch]
        bad = next((each for each in found if isinstance(each, Dead)), None)
        return found if bad is None else [Dead(source, bad.reason) for source in batch]

    Examiner.examine_all = examine_all  # type: ignore[method-assign]


def waits_for_insurers() -> None:
    """After each batch, wait a while until the insurers that it is about have read their mail."""
    from aiokafka import AIOKafkaConsumer, TopicPartition
    from aiokafka.admin import AIOKafkaAdminClient

    from libs.service.pipeline import Pipeline

    take, kafka = Pipeline.take, os.environ["POLICY_KAFKA_BOOTSTRAP"]

    async def unread(code: str) -> bool:
        topic = partner_topic(code, "requests")
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
            end = await consumer.end_offsets([TopicPartition(topic, n) for n in range(PARTITIONS)])
        read = await admin.list_consumer_group_offsets(f"sandbox-{code}")
        await admin.close()
        return any(at > (read[place].offset if place in read else 0) for place, at in end.items())

    async def taking(self: Pipeline, batch: Sequence[Any]) -> None:
        await take(self, batch)
        proposals = [each.body for each in batch if b"<SubmitCargoProposal" in each.body]
        codes = {code for code in INSURERS if any(code.encode() in body for body in proposals)}
        with suppress(TimeoutError):
            async with asyncio.timeout(_INSURER_SECONDS):
                while codes and any([await unread(code) for code in codes]):
                    await asyncio.sleep(0.05)

    Pipeline.take = taking  # type: ignore[method-assign]


def takes_all_at_once() -> None:
    """Fetch whatever waits before any of it is worked on."""
    from libs.service.consumer import Found, PatientConsumer

    patient = PatientConsumer.getmany
    taken: Found = {}

    async def getmany(self: PatientConsumer, *args: Any, **options: Any) -> Found:
        found = await patient(self, *args, **options)
        while found:
            for place, records in found.items():
                taken.setdefault(place, []).extend(records)
            found = await super(PatientConsumer, self).getmany(timeout_ms=1000)
        return {place: taken.pop(place) for place in list(taken)[:1]}

    PatientConsumer.getmany = getmany  # type: ignore[method-assign]


def relays_all_at_once() -> None:
    """Read the whole outbox before any of it is published."""
    from libs.service import outbox

    waiting, outbox._READ_BYTES_MAX = outbox.waiting, 1 << 40

    async def everything(connection: Any, after: int, _: int, *more: Any, **how: Any) -> list[Any]:
        return await waiting(connection, after, 1_000_000, *more, **how)

    outbox.waiting = everything  # type: ignore[assignment]


MUTATIONS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        no_stall_watch,
        believes_any_insurer,
        never_asks,
        collects_again,
        commands_first,
        breaks_on_marked,
        breaks_and_spreads,
        examined_together,
        waits_for_insurers,
        takes_all_at_once,
        relays_all_at_once,
    )
}
