"""Running: control over HTTP beside the work, until a signal or a fault."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine, Iterator

import uvicorn
from starlette.applications import Starlette

_GRACE_SECONDS = 3


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are ours."""
        yield


async def run_until_stopped(
    application: Starlette, port: int, work: Coroutine[None, None, None]
) -> None:
    """Serve and work until SIGTERM or SIGINT; raises what made either end before."""
    server = _Server(
        uvicorn.Config(
            application,
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
    )
    serving, working = asyncio.create_task(server.serve()), asyncio.create_task(work)
    stopping = asyncio.create_task(_told_to_stop())
    await asyncio.wait([stopping, serving, working], return_when=asyncio.FIRST_COMPLETED)
    ended = [task for task in (serving, working) if task.done()]
    server.should_exit = True
    stopping.cancel()
    working.cancel()
    await asyncio.gather(stopping, serving, working, return_exceptions=True)
    for task in ended:
        task.result()


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
