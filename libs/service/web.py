"""A service's own HTTP API beside the chassis' paths, on one port. Only services that have one."""

import asyncio
import socket
from contextlib import suppress

from libs.service.http import PATHS, answer
from libs.service.runtime import Runtime
from libs.service.service import AsgiApp

_START_SECONDS_MAX = 10.0


class WebServer:
    """Serves an ASGI application; the chassis answers /livez, /readyz and /metrics itself."""

    def __init__(self, app: AsgiApp, host: str, port: int, runtime: Runtime) -> None:
        import uvicorn  # noqa: PLC0415 - most services have no API and need not load it

        self._socket = socket.create_server((host, port), backlog=512)
        self._server = uvicorn.Server(
            uvicorn.Config(
                _with_health(app, runtime),
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=5,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Begin to answer; returns the port."""
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._task = asyncio.create_task(self._server._serve([self._socket]))
        async with asyncio.timeout(_START_SECONDS_MAX):
            while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it by this flag only
                await asyncio.sleep(0.01)
        port: int = self._socket.getsockname()[1]
        return port

    async def close(self) -> None:
        """Finish what is being answered."""
        self._server.should_exit = True
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await self._task


def _with_health(app: AsgiApp, runtime: Runtime) -> AsgiApp:
    async def outer(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await app(scope, receive, send)
            return
        status, content_type, body = answer(scope["path"], runtime.progress, runtime.metrics)
        head = [(b"content-type", content_type.encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body})

    return outer
