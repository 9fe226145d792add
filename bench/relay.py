"""Benchmark `relay`: committed outbox rows to Kafka, against the client library alone."""

import asyncio
import os
from statistics import median
from time import perf_counter

import asyncpg
from aiokafka import AIOKafkaConsumer

from bench.harness import Figure, Reference, Result
from bench.stand import counter, cpu_seconds, fill, only, processes, rate, stand
from deploy.local.members import services
from deploy.local.stack import LocalStack
from libs.messages import numbers
from libs.service import outbox
from libs.service.outbox import Outbound
from tongbao.demo.scenes import today

TARGET, RATIO = 10_000.0, 0.7
ROUNDS = 3
MESSAGES = 60_000
_BODY_BYTES = 1024
_ROWS_AT_ONCE = 2000
_SECONDS_MAX = 120.0
_TOPIC = "policy.events"


def events(count: int) -> list[Outbound]:
    """Messages of 1 KB with the headers that events have, each of a document of its own."""
    rows = []
    for _ in range(count):
        number = numbers.new_number(numbers.PROPOSAL, today()).encode()
        headers = (
            ("ce_specversion", b"1.0"),
            ("ce_id", os.urandom(18).hex().encode()),
            ("ce_type", b"cn.tongbao.CargoProposalChanged.v1"),
            ("ce_source", b"policy"),
            ("ce_subject", number),
            ("ce_time", b"2026-11-24T00:00:00.000000Z"),
            ("content-type", b"application/json"),
            ("ce_status", b"12"),
        )
        rows.append(Outbound(_TOPIC, number, headers, os.urandom(_BODY_BYTES)))
    return rows


def relay_bench() -> Result:
    """Rows a second that the relay publishes and deletes, with all of them waiting."""
    with stand() as stack:
        only(stack)
        return asyncio.run(_measure(stack))


async def _measure(stack: LocalStack) -> Result:
    ours, alone, costs = [], [], []
    async with AIOKafkaConsumer(bootstrap_servers=stack.kafka.bootstrap) as looking:
        for _ in range(ROUNDS):
            rows = events(MESSAGES)
            speed, cpu_us = await _relay(stack, looking, rows)
            ours.append(speed)
            costs.append(cpu_us)
            alone.append(await _alone(stack, rows))
    value, reference = median(ours), median(alone)
    ratio = median(a / b for a, b in zip(ours, alone, strict=True))
    return Result(
        "relay",
        round(value),
        "messages/s",
        [Reference("aiokafka alone", round(reference), round(ratio, 2), RATIO, ratio >= RATIO)],
        target=TARGET,
        figures=[Figure("CPU of the process", round(median(costs), 1), "us a message")],
        load=f"{ROUNDS} rounds of {MESSAGES} waiting rows of {_BODY_BYTES} bytes, one relay",
    )


async def _relay(
    stack: LocalStack, looking: AIOKafkaConsumer, rows: list[Outbound]
) -> tuple[float, float]:
    topic = counter(looking, _TOPIC)
    before = await topic.count()
    connection = await asyncpg.connect(stack.database_url("policy"))
    try:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            async with connection.transaction():
                await outbox.put(connection, rows[start : start + _ROWS_AT_ONCE], notify=False)
        member = next(row for row in services(stack.surroundings) if row.name == "policy")
        stack.supervisor.start(member.program())
        looks = await topic.reach(before + len(rows), _SECONDS_MAX)
        used = cpu_seconds(processes(stack, ["policy"]))
        async with asyncio.timeout(_SECONDS_MAX):
            while await connection.fetchval("SELECT count(*) FROM outbox"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await connection.close()
        stack.supervisor.stop(["policy"])
    return rate(looks, before), used / len(rows) * 1e6


async def _alone(stack: LocalStack, rows: list[Outbound]) -> float:
    start = perf_counter()
    await fill(stack.kafka.bootstrap, rows)
    return len(rows) / (perf_counter() - start)
