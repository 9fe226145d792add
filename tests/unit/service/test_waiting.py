"""Pauses: they grow, and end when the service stops. Which errors are a store's."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from libs.service.backoff import Backoff, Stopping
from libs.service.db import cause, is_infrastructure
from libs.service.deferrals import PAUSE_SECONDS_MAX, Deferral

NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def test_pauses_grow_up_to_the_longest_and_begin_anew() -> None:
    backoff = Backoff(asyncio.Event(), 0.2, _next=0.001)
    bounds = [0.001, 0.002, 0.004]
    for bound in bounds:
        assert bound / 2 <= await backoff.pause() <= bound
    backoff.reset()
    assert backoff._next == 0.1


async def test_a_stop_ends_a_pause_at_once() -> None:
    stop = asyncio.Event()
    backoff = Backoff(stop, 60, _next=60)
    asyncio.get_running_loop().call_soon(stop.set)
    with pytest.raises(Stopping):
        await asyncio.wait_for(backoff.pause(), 5)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DiskFullError("x"),
        asyncpg.DeadlockDetectedError("x"),
        asyncpg.TooManyConnectionsError("x"),
        asyncpg.AdminShutdownError("x"),
        asyncpg.CannotConnectNowError("x"),
        asyncpg.ConnectionDoesNotExistError("x"),
        asyncpg.InvalidPasswordError("x"),
        asyncpg.UndefinedTableError("x"),
        asyncpg.ReadOnlySQLTransactionError("x"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("another operation (2) is in progress"),
        ConnectionRefusedError(111, "refused"),
        TimeoutError(),
    ],
)
def test_a_stores_errors_are_waited_for(error: Exception) -> None:
    assert is_infrastructure(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DataError("x"),
        asyncpg.CharacterNotInRepertoireError("x"),
        asyncpg.CheckViolationError("x"),
        asyncpg.UniqueViolationError("x"),
        asyncpg.NumericValueOutOfRangeError("x"),
        ValueError("x"),
        KeyError("x"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"),
    ],
)
def test_a_messages_errors_are_not(error: Exception) -> None:
    assert not is_infrastructure(error)


def test_the_cause_of_an_error_holds_no_values() -> None:
    assert cause(asyncpg.UniqueViolationError("Key (phone)=(13800138000)")) == (
        "UniqueViolationError 23505"
    )
    assert cause(ValueError("13800138000")) == "ValueError"


def test_a_deferred_message_is_tried_with_growing_pauses() -> None:
    pauses = [Deferral(("a", "b"), NOW, attempts, "R").again(NOW) - NOW for attempts in range(12)]
    assert pauses[0] == timedelta(milliseconds=50)
    assert pauses[1] == 2 * pauses[0]
    assert pauses[-1] == timedelta(seconds=PAUSE_SECONDS_MAX)
