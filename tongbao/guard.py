"""No stack trace reaches a user: what is expected is one sentence, what is not goes to a log."""

import errno
import os
import tempfile
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from deploy.local.errors import StackError

FAILED = 1
INTERNAL = 70

# what the machine refuses and its user can mend
_ENVIRONMENT = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}

_stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def guarded(work: Callable[[], object]) -> int:
    """Run a verb and turn whatever it raises into a sentence and an exit code.

    Wrong use, `--help` and Ctrl-C are told by the command-line library, which exits by itself.
    """
    try:
        work()
    except StackError as problem:
        _stderr.print("[red]tongbao:[/]", Text(str(problem)))
        return FAILED
    except BrokenPipeError:
        return FAILED
    except Exception as problem:  # noqa: BLE001 - the last guard: the user sees a sentence, the log all
        if isinstance(problem, OSError) and problem.errno in _ENVIRONMENT:
            where = f": {problem.filename}" if problem.filename else ""
            _stderr.print("[red]tongbao:[/]", Text(f"{problem.strerror}{where}"))
            return FAILED
        path = _keep_trace(problem)
        _stderr.print(
            f"[red]tongbao:[/] an internal error stopped this command ({type(problem).__name__}). "
            f"Details are in {path}"
        )
        return INTERNAL
    return 0


def _keep_trace(problem: Exception) -> Path:
    """Write the trace where the user can find it: the home's logs, else a temporary directory."""
    home = Path(os.environ.get("TONGBAO_HOME", ".tongbao"))
    name = f"tongbao-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    text = "".join(traceback.format_exception(problem))
    for place in (home / "logs", Path(tempfile.gettempdir())):
        try:
            path = place.absolute() / name
            path.write_text(text)
        except OSError:
            continue
        return path
    return Path(os.devnull)
