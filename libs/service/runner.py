"""Running services: start in the right order, wait for stores that are away, stop in good order."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from libs.service.backoff import Stopping
from libs.service.faults import kill_at
from libs.service.logs import bridge, make_logger
from libs.service.loop import new_event_loop
from libs.service.migrations import MigrationError
from libs.service.process import Process
from libs.service.service import Service
from libs.service.settings import ServiceSettings, WrongSettings, load_settings
from libs.signing import SignerError

WRONG_USE = 2
FAILED = 1
_LIBRARIES = ("aiokafka", "asyncio", "faststream", "tongbao", "uvicorn.error", "asyncpg")


def run(*services: Service) -> int:
    """Run services in this process until SIGTERM or SIGINT; returns the exit code.

    2: wrong settings, told on stderr. 1: it cannot run as things are, told in the log.
    """
    try:
        settings = _settings(services)
    except WrongSettings as wrong:
        print(wrong, file=sys.stderr)
        return WRONG_USE
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(_run(list(zip(services, settings, strict=True))))


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


async def _run(chosen: list[tuple[Service, ServiceSettings]]) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    first = make_logger(chosen[0][0].name, chosen[0][1].log_level)
    bridge(first, _LIBRARIES)
    codes = await asyncio.gather(*(serve(service, own, stop) for service, own in chosen))
    return max(codes)


async def serve(service: Service, settings: ServiceSettings, stop: asyncio.Event) -> int:
    """Run one service until `stop` is set; returns its exit code."""
    log = make_logger(service.name, settings.log_level)
    try:
        async with Process(service, settings, stop, log) as process:
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
