"""What can go wrong while the local stack is brought up, told in words a user can act on."""


class StackError(Exception):
    """The stack cannot go on; the text says what happened and what to do. Shown without a trace."""


class StartFailed(StackError):
    """A process ended, or did not become ready in time."""


class PortInUse(StackError):
    """A port of the stack belongs to another program."""
