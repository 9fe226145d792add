"""Which port is whose, and what to say when one is taken."""

import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

from deploy.local.errors import PortInUse, StackError

HOST = "127.0.0.1"
PORT_BASE = 17000
_SPAN = 60
_UNPRIVILEGED = 1024


@dataclass(frozen=True)
class Ports:
    """The ports of one stack, counted from a base so that two stacks stand side by side."""

    base: int = PORT_BASE

    def __post_init__(self) -> None:
        if not _UNPRIVILEGED <= self.base <= 65535 - _SPAN:
            raise StackError(f"the port base must lie between {_UNPRIVILEGED} and {65535 - _SPAN}")

    @property
    def portal(self) -> int:
        """The companies' HTTP API."""
        return self.base

    @property
    def kafka(self) -> int:
        """Kafka's clients."""
        return self.base + 1

    @property
    def kafka_controller(self) -> int:
        """Kafka's own controller listener."""
        return self.base + 2

    @property
    def postgres(self) -> int:
        """PostgreSQL."""
        return self.base + 3

    def service(self, index: int) -> int:
        """Health and metrics of the n-th service."""
        return self.base + 10 + index

    def sandbox(self, index: int) -> int:
        """Control port of the n-th sandbox partner."""
        return self.base + 40 + index


def is_free(port: int) -> bool:
    """Whether a server could listen on the port of this machine's loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        return True


def is_listening(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def check_free(wanted: Iterable[tuple[str, int]]) -> None:
    """Raise PortInUse with every taken port, its holder if it can be known, and the way out."""
    taken = [(owner, port) for owner, port in wanted if not is_free(port)]
    if taken:
        lines = [f"port {port} ({owner}) is in use by {_holder(port)}" for owner, port in taken]
        raise PortInUse(
            "; ".join(lines) + ". Stop that program, or choose other ports: "
            "`make up PORT_BASE=18000` or `tongbao up --port-base 18000`."
        )


def free_base() -> int:
    """A base whose ports are free just now, below the ports the system gives away: for tests."""
    bases = list(range(20000, 32000, _SPAN))
    turn = os.getpid() % len(bases)
    for base in bases[turn:] + bases[:turn]:
        if all(is_free(base + offset) for offset in range(_SPAN)):
            return base
    raise StackError("no free range of ports on this machine")


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("inet"):
            local = connection.laddr
            if local and local.port == port and connection.status == psutil.CONN_LISTEN:
                if connection.pid is None:
                    break
                process = psutil.Process(connection.pid)
                return f"`{process.name()}` (process {connection.pid})"
    except psutil.Error:
        pass
    return "another program"
