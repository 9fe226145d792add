"""Whether every consumer has read what was published for it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.members import SERVICES
from libs.messages.partners import PARTNERS
from libs.messages.topics import TOPICS, topics_of_consumer

_LOOK_SECONDS = 0.2


async def unread(
    bootstrap: str, ends: Mapping[TopicPartition, int], seconds_max: float
) -> dict[str, int]:
    """Messages before `ends` that each consumer has not read, after giving it time to."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    waiting: dict[str, int] = {}
    try:
        groups = [(name, name) for name in SERVICES if topics_of_consumer(name)]
        groups += [(code, f"sandbox-{code}") for code in PARTNERS]
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds_max):
                while True:
                    waiting = {name: await _lag(admin, name, group, ends) for name, group in groups}
                    if not any(waiting.values()):
                        break
                    await asyncio.sleep(_LOOK_SECONDS)
        return waiting
    finally:
        await admin.close()


async def _lag(
    admin: AIOKafkaAdminClient, name: str, group: str, ends: Mapping[TopicPartition, int]
) -> int:
    read = await admin.list_consumer_group_offsets(group)
    return sum(
        max(0, end - (read[place].offset if place in read else 0))
        for place, end in ends.items()
        if name in TOPICS[place.topic].consumers
    )
