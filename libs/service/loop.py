"""The event loop of services: uvloop, and aiokafka's connections made to fit it.

A write to a connection that its broker has just closed is no error on asyncio's own loop; uvloop
raises RuntimeError, and aiokafka (0.14, its issue 1038) expects nothing but OSError. The task that
is hit ends without a word: mostly the one that keeps a client's metadata, and from then on that
client waits for ever, for its coordinator or for a partition's leader.
"""

import asyncio
from collections.abc import Callable
from functools import wraps
from typing import Any

import uvloop
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_WRITERS = ("send", "_send_sasl_token")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop on which a service, and aiokafka in it, may run."""
    for name in _WRITERS:
        method = getattr(AIOKafkaConnection, name)
        if not hasattr(method, "__wrapped__"):
            setattr(AIOKafkaConnection, name, _telling_of_closed(method))
    return uvloop.new_event_loop()


def _telling_of_closed(write: Callable[..., Any]) -> Callable[..., Any]:
    """`write`, that says of a closed connection what aiokafka understands."""

    @wraps(write)
    def method(self: AIOKafkaConnection, *args: Any, **options: Any) -> Any:
        try:
            return write(self, *args, **options)
        except RuntimeError as error:
            self.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"{self!r} is closed") from error

    return method
