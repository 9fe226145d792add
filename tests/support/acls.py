"""Rights that are taken away from every client of the broker, and given back.

Fewer replicas than `min.insync.replicas` asks for would not do: Kafka 4 never asks for more than a
topic has, and these topics have one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest

# Kafka's numbers: kinds of resources, kinds of their names, operations, permissions
_TOPIC, _GROUP = 2, 3
_LITERAL = 3
_ALL, _READ, _WRITE = 2, 3, 4
_DENY, _ALLOW = 2, 3
EVERY = ("*",)


@dataclass(frozen=True)
class Right:
    """What may be done with which resources."""

    resource: int
    names: Sequence[str]
    operation: int

    def rules(self) -> list[tuple[object, ...]]:
        """All but this is allowed: where there is one rule, what has none is not."""
        return [
            (self.resource, name, _LITERAL, "User:*", "*", operation, permission)
            for name in self.names
            for operation, permission in ((_ALL, _ALLOW), (self.operation, _DENY))
        ]


def to_publish(topics: Sequence[str] = EVERY) -> Right:
    """To write to topics."""
    return Right(_TOPIC, topics, _WRITE)


def to_consume(groups: Sequence[str] = EVERY) -> Right:
    """To be a member of groups and to move their offsets."""
    return Right(_GROUP, groups, _READ)


@asynccontextmanager
async def without(right: Right, bootstrap: str) -> AsyncIterator[None]:
    """Nobody has this right meanwhile."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        try:
            for rule in right.rules():
                answer = await admin._send_request(CreateAclsRequest(*rule))
                _check(answer.creation_responses)
            yield
        finally:
            for rule in reversed(right.rules()):
                answer = await admin._send_request(DeleteAclsRequest(*rule))
                _check(answer.filter_responses)
    finally:
        await admin.close()


def _check(results: Sequence[tuple[int, str, *tuple[object, ...]]]) -> None:
    wrong = [text or code for code, text, *_ in results if code]
    assert not wrong, f"the broker changed no rights: {wrong}"
