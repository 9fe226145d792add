"""Mechanisms of messages to take away: see `mutant`. Each is named after what is then wrong."""


def no_stall_watch() -> None:
    """Never find that work waits and nothing moves."""
    from libs.service.health import Progress

    Progress.stalled = lambda _: {}  # type: ignore[assignment, method-assign]


MUTATIONS = {function.__name__: function for function in (no_stall_watch,)}
