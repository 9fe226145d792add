"""A rebuild's workers as their parent sees them: started, listened to, stopped."""

import asyncio
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe

from services.history.loading import Failed, Loaded, Task, work

_STOP_SECONDS = 10.0

Read = Callable[[int], None]  # so many messages more were read


class WorkerFailed(Exception):
    """A worker gave up, or was killed; the text says why."""


async def load(tasks: Sequence[Task], read: Read) -> Loaded:
    """Have every task done, a process each. Raises WorkerFailed; then all of them are stopped."""
    # forked from a process that has imported everything once, and has no event loop and no threads
    context = get_context("forkserver")
    context.set_forkserver_preload([work.__module__])
    workers, pipes = [], []
    try:
        for task in tasks:
            ours, theirs = context.Pipe()
            pipes.append(ours)
            worker = context.Process(target=work, args=(task, theirs), daemon=True)
            worker.start()
            workers.append(worker)
            theirs.close()  # so that a worker's end is the end of its pipe
        loop = asyncio.get_running_loop()
        told = [asyncio.to_thread(_follow, pipe, loop, read) for pipe in pipes]
        return _sum(await asyncio.gather(*told))
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            await asyncio.to_thread(worker.join, _STOP_SECONDS)
        for pipe in pipes:
            pipe.close()


def _follow(pipe: Pipe, loop: asyncio.AbstractEventLoop, read: Read) -> Loaded:
    while True:
        try:
            told = pipe.recv()
        except (EOFError, OSError):
            raise WorkerFailed("a worker ended before its work") from None
        if isinstance(told, Failed):
            raise WorkerFailed(told.cause)
        if isinstance(told, Loaded):
            return told
        loop.call_soon_threadsafe(read, told)


def _sum(parts: Sequence[Loaded]) -> Loaded:
    total = Loaded()
    for part in parts:
        total.add(part)
    return total
