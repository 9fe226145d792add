"""`autostart`: start at log-in, or not."""

import os
import sys

import typer
from rich.console import Console

from card_signer.autostart.install import install as put
from card_signer.autostart.install import remove as take
from card_signer.autostart.install import status as stands
from card_signer.autostart.units import Unit, this_person, unit_for
from card_signer.settings import FILE, PREFIX
from card_signer.troubles import Trouble

app = typer.Typer(no_args_is_help=True, help="Start at log-in: install, remove, status.")
_out, _err = Console(highlight=False, markup=False), Console(stderr=True, highlight=False)


@app.command()
def install() -> None:
    """Start `serve` now and at each log-in of this user."""
    put(_unit())
    _out.print("已设置登录时启动 (starts at log-in)")
    if forgotten := [name for name in os.environ if name.upper().startswith(PREFIX)]:
        _err.print(
            f"[yellow]环境变量 {'、'.join(forgotten)} 登录时不生效，请写入[/] {FILE} "
            "(not seen at log-in: put them in that file)",
            soft_wrap=True,
        )


@app.command()
def remove() -> None:
    """Stop it, and start it no more."""
    take(_unit())
    _out.print("已取消登录时启动 (no longer starts at log-in)")


@app.command()
def status() -> None:
    """Whether it starts at log-in."""
    for line in stands(_unit()):
        _out.print(line, soft_wrap=True)


def _unit() -> Unit:
    try:
        return unit_for(sys.platform, this_person())
    except KeyError:
        raise Trouble("AUTOSTART", what=sys.platform) from None
