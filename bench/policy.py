"""Benchmark `policy`: signed proposals from Kafka, decided and published, against a raw loop."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

from aiokafka import AIOKafkaConsumer

from bench.harness import Figure, Reference, Result
from bench.load.traders import Trader, trading
from bench.stand import Counter, counter, cpu_seconds, fill, only, processes, rate, stand
from deploy.local.members import CHECKOUT, services
from deploy.local.stack import LocalStack
from deploy.topics import TopicPlan
from libs.messages import numbers
from libs.messages.base import Meta
from libs.messages.envelope import envelope_of
from libs.messages.full_proposal import ROWS, a_full_proposal
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.partners import XML
from libs.messages.registry import kind_of
from libs.messages.topics import PARTITIONS
from libs.service.outbox import Outbound
from tongbao.demo.scenes import today

KIND = kind_of(SubmitCargoProposal)
TARGET, RATIO = 1000.0, 0.6
ROUNDS = 3
MESSAGES = 6_000
_SECONDS_MAX = 180.0
_RAW_OUT = "bench.raw.out"
_EVENTS = 2  # that a proposal gives: 已提交, 数据审核成功


def proposals(trader: Trader, count: int, terms: int = ROWS) -> list[Outbound]:
    """Signed proposals, each a new one, as the portal puts them on policy's topic."""
    full = a_full_proposal(today(), terms)  # of the first company of the local stack
    agreement = {"agreement_no": trader.agreement.partition(".")[2]}
    form = full.model_copy(update={"holder": full.holder.model_copy(update=agreement)})
    rows = []
    for _ in range(count):
        meta = Meta(
            message_id=uuid4(),
            document_id=numbers.new_number(numbers.PROPOSAL, today()),
            sender=trader.company.uscc,
            created_at=datetime.now(UTC),
        )
        message = SubmitCargoProposal(meta=meta, form=form)
        body = trader.operator.card.sign(KIND.codec.encode(message, XML))
        headers = tuple(envelope_of(message, KIND.ce_type, XML).to_headers())
        rows.append(Outbound("policy.commands", meta.document_id.encode(), headers, body))
    return rows


@dataclass
class Round:
    """One measurement: messages a second, and CPU microseconds of the process a message."""

    per_second: float
    cpu_us: float


def policy_bench() -> Result:
    """Proposals a second through the policy process, with all of them waiting."""
    with stand() as stack:
        return asyncio.run(_measure(stack, ROUNDS, MESSAGES))


async def _measure(stack: LocalStack, rounds: int, messages: int) -> Result:
    async with trading(stack) as traders:
        trader = traders[0]
        only(stack)
        load = [proposals(trader, messages) for _ in range(rounds)]
    stack.create_topics([TopicPlan(_RAW_OUT, PARTITIONS, -1)])
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka.bootstrap) as looking:
        ours, raw = [], []
        for number, batch in enumerate(load):
            await fill(stack.kafka.bootstrap, batch)
            ours.append(await _policy(stack, looking, len(batch)))
            raw.append(await _raw_loop(stack, looking, batch, number))
    value = median(row.per_second for row in ours)
    reference = median(row.per_second for row in raw)
    ratio = median(a.per_second / b.per_second for a, b in zip(ours, raw, strict=True))
    size = len(load[0][0].body)
    return Result(
        "policy",
        round(value),
        "signed proposals/s",
        [Reference("raw loop", round(reference), round(ratio, 2), RATIO, ratio >= RATIO)],
        target=TARGET,
        figures=[
            Figure("CPU of policy", round(median(row.cpu_us for row in ours)), "us a proposal"),
            Figure("CPU of the raw loop", round(median(row.cpu_us for row in raw)), "us a message"),
        ],
        load=f"{rounds} rounds of {messages} waiting proposals of {size} bytes, one process",
    )


async def _policy(stack: LocalStack, looking: AIOKafkaConsumer, count: int) -> Round:
    """From the first message out until all are: two events and a request each."""
    events = counter(looking, "policy.events")
    requests = counter(looking, "partner.picc.requests")
    before, asked = await events.count(), await requests.count()
    member = next(row for row in services(stack.surroundings) if row.name == "policy")
    stack.supervisor.start(member.program())
    looks = await events.reach(before + _EVENTS * count, _SECONDS_MAX)
    await requests.reach(asked + count, _SECONDS_MAX)
    used = cpu_seconds(processes(stack, ["policy"]))
    stack.supervisor.stop(["policy"])
    return Round(rate(looks, before) / _EVENTS, used / count * 1e6)


async def _raw_loop(
    stack: LocalStack, looking: AIOKafkaConsumer, batch: Sequence[Outbound], number: int
) -> Round:
    """The same messages through `bench.raw_loop`, on a topic of their own."""
    topic = f"bench.raw.in{number}"
    stack.create_topics([TopicPlan(topic, PARTITIONS, -1)])
    rows = [Outbound(topic, row.key, row.headers, row.body) for row in batch]
    await fill(stack.kafka.bootstrap, rows)
    sizes = [len(rows[0].body), *await _event_sizes(stack, batch[-1])]
    environment = {
        **os.environ,
        "RAW_COUNT": str(len(rows)),
        "RAW_IN": topic,
        "RAW_OUT": _RAW_OUT,
        "RAW_SIZES": ",".join(map(str, sizes)),
        "RAW_BOOTSTRAP": stack.kafka.bootstrap,
        "RAW_DATABASE": stack.database_url("policy"),
        "RAW_CERT": str(stack.home.cards / "tongda-operator.pem"),
    }
    out = Counter(looking, _RAW_OUT, PARTITIONS)
    before = await out.count()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.raw_loop", env=environment, cwd=CHECKOUT, stdout=PIPE
    )
    looks = await out.reach(before + len(sizes) * len(rows), _SECONDS_MAX)
    told, _ = await process.communicate()
    return Round(rate(looks, before) / len(sizes), float(told) / len(rows) * 1e6)


async def _event_sizes(stack: LocalStack, about: Outbound) -> list[int]:
    """The sizes of what policy says about a proposal."""
    sizes: list[int] = []
    async with AIOKafkaConsumer(
        "policy.events",
        bootstrap_servers=stack.kafka.bootstrap,
        auto_offset_reset="earliest",
    ) as consumer:
        async for record in consumer:
            if record.key == about.key:
                sizes.append(len(record.value))
                if len(sizes) == _EVENTS:
                    break
    return sizes
