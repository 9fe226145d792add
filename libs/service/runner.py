"""Running services: start in the right order, wait for stores that are away, stop in good order."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import uvloop

from libs.service.assembly import fork_verifier
from libs.service.backoff import Stopping
from libs.service.faults import kill_at
from libs.service.logs import bridge, make_logger
from libs.service.migrations import MigrationError
from libs.service.process import Process
from libs.service.service import Service
from libs.service.settings import ServiceSettings, WrongSettings, load_settings
from libs.service.verifier import Verifier
from libs.signing import SignerError

WRONG_USE = 2
FAILED = 1
_LIBRARIES = ("aiokafka", "asyncio", "faststream", "tongbao", "uvicorn.error", "asyncpg")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A service to run, its settings, and the process beside it."""

    service: Service
    settings: ServiceSettings
    verifier: Verifier | None


def run(*services: Service) -> int:
    """Run services in this process until SIGTERM or SIGINT; returns the exit code.

    2: wrong settings, told on stderr. 1: it cannot run as things are, told in the log.
    """
    try:
        settings = _settings(services)
    except WrongSettings as wrong:
        print(wrong, file=sys.stderr)
        return WRONG_USE
    chosen = [
        Chosen(service, own, fork_verifier(service, own))
        for service, own in zip(services, settings, strict=True)
    ]
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(chosen))
    finally:
        Verifier.end(each.verifier for each in chosen if each.verifier is not None)


def _settings(services: Sequence[Service]) -> list[ServiceSettings]:
    """Settings of all, or one WrongSettings about all that is wrong."""
    found: list[ServiceSettings] = []
    lines: list[str] = []
    for service in services:
        try:
            settings = load_settings(service.settings, service.name)
            kill_at(settings.fault_point)
            found.append(settings)
        except WrongSettings as wrong:
            lines += wrong.lines
        except ValueError as wrong:
            lines.append(f"{service.name.upper()}_{wrong}")
    if lines:
        raise WrongSettings(", ".join(service.name for service in services), tuple(lines))
    return found


async def _run(chosen: list[Chosen]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    first = chosen[0]
    bridge(make_logger(first.service.name, first.settings.log_level), _LIBRARIES)
    codes = await asyncio.gather(*(serve(each, stop) for each in chosen))
    return max(codes)


async def serve(chosen: Chosen, stop: asyncio.Event) -> int:
    """Run one service until `stop` is set; returns its exit code."""
    service, settings = chosen.service, chosen.settings
    log = make_logger(service.name, settings.log_level)
    try:
        async with Process(service, settings, stop, log, chosen.verifier) as process:
            await process.run()
    except Stopping:
        pass
    except (MigrationError, SignerError) as wrong:
        log.error("cannot_start", because=str(wrong))  # noqa: TRY400 - a trace would show values
        stop.set()
        return FAILED
    except OSError as error:
        because = f"port {settings.http_port}: {error.strerror}"
        log.error("cannot_start", because=because)  # noqa: TRY400 - a trace would show values
        stop.set()
        return FAILED
    with suppress(BrokenPipeError):
        log.info("stopped")
    return 0
