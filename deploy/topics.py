"""Topics made from the table in `libs.messages.topics`, on any Kafka; auto-creation stays off."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import for_code

from libs.messages.topics import TOPICS

_ALREADY_EXISTS = 36


@dataclass(frozen=True)
class TopicPlan:
    """A topic as the broker must hold it. `retention_ms` -1 keeps its records forever."""

    name: str
    partitions: int
    retention_ms: int

    @property
    def configs(self) -> dict[str, str]:
        """Settings at the broker. Its clock stamps records: signatures are judged at that time."""
        return {
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": str(self.retention_ms),
            "cleanup.policy": "delete",
        }


def planned() -> list[TopicPlan]:
    """Every topic of the table."""
    return [TopicPlan(row.name, row.partitions, row.retention_ms) for row in TOPICS.values()]


@dataclass(frozen=True)
class Cluster:
    """How to reach a Kafka and how it copies; `security` are further options of the client."""

    bootstrap: str
    replication_factor: int = 1
    min_insync: int = 1
    # options of the client library, whose types it does not tell
    security: Mapping[str, Any] = field(default_factory=dict)


class TopicsRefused(Exception):
    """The broker refused; the text says which topic and why."""


async def create_topics(cluster: Cluster, plans: Iterable[TopicPlan]) -> list[str]:
    """Create what is missing and widen what has too few partitions; run again, it changes nothing.

    Returns: names of the topics created now. Raises: TopicsRefused; aiokafka's connection errors.
    """
    wanted = {plan.name: plan for plan in plans}
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap, **cluster.security)
    try:
        await admin.start()
        present = {
            topic["topic"]: len(topic["partitions"])
            for topic in await admin.describe_topics()
            if topic["topic"] in wanted
        }
        missing = [plan for name, plan in wanted.items() if name not in present]
        await _create(admin, cluster, missing)
        narrow = {
            name: NewPartitions(wanted[name].partitions)
            for name, partitions in present.items()
            if partitions < wanted[name].partitions
        }
        if narrow:
            _check(await admin.create_partitions(narrow))
        return [plan.name for plan in missing]
    finally:
        await admin.close()


async def _create(
    admin: AIOKafkaAdminClient, cluster: Cluster, missing: Iterable[TopicPlan]
) -> None:
    insync = {"min.insync.replicas": str(cluster.min_insync)}
    topics = [
        NewTopic(
            plan.name,
            plan.partitions,
            cluster.replication_factor,
            topic_configs=plan.configs | insync,
        )
        for plan in missing
    ]
    if topics:
        _check(await admin.create_topics(topics))


def _check(response: Any) -> None:
    """Raise TopicsRefused for the first error in a broker's answer; two makers at once are fine."""
    for name, code, *reason in response.topic_errors:
        if code and code != _ALREADY_EXISTS:
            raise TopicsRefused(f"{name}: {reason[0] if reason and reason[0] else for_code(code)}")
