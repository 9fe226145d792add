"""Small helpers to wait for others: coroutines from plain code, and HTTP answers."""

import asyncio
import http.client
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from deploy.local.ports import HOST

T = TypeVar("T")
_TIMEOUT_SECONDS = 2.0


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run async work to its end, also below a running event loop (tests)."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def answers(port: int, path: str) -> Callable[[], bool]:
    """A question: does the server on this port answer the path with 200?"""

    def ask() -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask
