"""Who may come in: this computer's address, an allowed site, so many at a time, so much a frame."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from card_signer.troubles import Trouble

HOST = "127.0.0.1"
FRAME_BYTES_MAX = 2 * 1024 * 1024  # a document of 1 MiB with its quotes escaped
CONNECTIONS_MAX = 32
_CLOSE_SECONDS = 1.0
_CLOSE_LATER = 1013
_log = logging.getLogger("card_signer.door")
_wire = logging.getLogger("card_signer.door.wire")
_wire.setLevel(logging.INFO)  # finer, the library logs frames, and pages send PINs in them

# what is done with a connection whose site is known: one row a path
Serve = Callable[[ServerConnection, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the door waits for who says nothing, in seconds."""

    opening: float = 5.0
    ping: float = 20.0  # between pings, and for their answer: who is gone is let go after two


@dataclass
class Door:
    """One listening address."""

    paths: Mapping[str, Serve]
    origins: frozenset[str]
    port: int
    patience: Patience = Patience()
    _open: set[ServerConnection] = field(default_factory=set)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[int]:
        """Listen; the port. Raises OSError when it is taken."""
        async with serve(
            self._handle,
            HOST,
            self.port,
            process_request=self._examine,
            max_size=FRAME_BYTES_MAX,
            max_queue=4,
            open_timeout=self.patience.opening,
            close_timeout=_CLOSE_SECONDS,
            ping_interval=self.patience.ping,
            ping_timeout=self.patience.ping,
            compression=None,
            server_header=None,
            logger=_wire,
        ) as server:
            yield _port(server)

    def _examine(self, connection: ServerConnection, request: Request) -> Response | None:
        """None lets it in. A page of another site, or another name for this address, stays out."""
        hosts, origins = request.headers.get_all("Host"), request.headers.get_all("Origin")
        own = {f"{name}:{_own_port(connection)}" for name in (HOST, "localhost")}
        if len(hosts) != 1 or hosts[0] not in own:
            return connection.respond(HTTPStatus.MISDIRECTED_REQUEST, "wrong Host\n")
        if len(origins) != 1 or origins[0] not in self.origins:
            trouble = Trouble("ORIGIN", origin=", ".join(origins)[:200] or "-")
            _log.warning("refused: %s", trouble.code)
            return connection.respond(HTTPStatus.FORBIDDEN, f"{trouble}\n")
        if request.path not in self.paths:
            return connection.respond(HTTPStatus.NOT_FOUND, "no such door\n")
        if len(self._open) >= CONNECTIONS_MAX:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        return None

    async def _handle(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None  # noqa: S101 - it was examined
        if len(self._open) >= CONNECTIONS_MAX:  # others came while it was let in
            await connection.close(_CLOSE_LATER, "too many connections")
            return
        self._open.add(connection)
        try:
            await self.paths[request.path](connection, request.headers["Origin"])
        except ConnectionClosed:
            return
        finally:
            self._open.discard(connection)


def _port(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def _own_port(connection: ServerConnection) -> int:
    return int(connection.local_address[1])
