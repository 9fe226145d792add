"""Put a unit where the system looks, take it away, say how it stands."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress

from card_signer.autostart.units import Command, Unit
from card_signer.troubles import Trouble

_SECONDS = 30.0
_SAID_CHARACTERS_MAX = 300


def install(unit: Unit) -> None:
    """Start it now and at each log-in. Raises Trouble AUTOSTART; then nothing is left behind."""
    with suppress(Trouble):
        remove(unit)  # one of another version may run
    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        unit.path.write_bytes(unit.text)
    except OSError as error:
        raise Trouble("AUTOSTART", what=f"{unit.path}: {error.strerror}") from None
    if failures := _failures(unit.install):
        with suppress(Trouble):
            remove(unit)
        raise Trouble("AUTOSTART", what=failures[0])


def remove(unit: Unit) -> None:
    """Stop it, and start it no more; the file is gone in any case. Raises Trouble AUTOSTART."""
    if not unit.path.exists():
        return
    _failures(unit.stop)
    failures = _failures(unit.remove)
    try:
        unit.path.unlink(missing_ok=True)
    except OSError as error:
        failures.append(f"{unit.path}: {error.strerror}")
    failures += _failures(unit.forget)
    if failures:
        raise Trouble("AUTOSTART", what=failures[0])


def status(unit: Unit) -> Iterator[str]:
    """How it stands, a line each."""
    if not unit.path.exists():
        yield "未安装 (not installed)"
        return
    yield f"已安装 (installed): {unit.path}"
    if unit.path.read_bytes() != unit.text:
        yield "内容与本版本不同，请重新 install (not as this version has it: install again)"
    yield _run(unit.status) or "正常 (the system knows it)"


def _failures(commands: Sequence[Command]) -> list[str]:
    """What went wrong, after all of them were run."""
    return [said for command in commands if (said := _run(command))]


def _run(command: Command) -> str:
    """What went wrong; nothing when it went well."""
    try:
        done = subprocess.run(  # noqa: S603 - the commands of our own table
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        return f"{command[0]}: 没有此程序 (not found)"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]}: {error}"
    if done.returncode == 0:
        return ""
    said = (done.stderr or done.stdout).strip()[:_SAID_CHARACTERS_MAX]
    return f"{' '.join(command)}: {said or done.returncode}"
