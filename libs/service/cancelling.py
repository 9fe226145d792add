"""Whose end a CancelledError is."""

import asyncio


def is_told_to_end() -> bool:
    """Whether the running task was cancelled.

    If not, a CancelledError in it comes from another task that it waited for: a library cancelled
    one of its own and let that pass on.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
