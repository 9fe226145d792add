"""Where the user is asked: a window, a terminal, or whichever of them this computer has."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping

from card_signer.consent import Consent
from card_signer.settings import Settings
from card_signer.terminal import Terminal
from card_signer.window.ask import Window


def consent_of(settings: Settings) -> Consent:
    """How the settings want users to be asked. It may find no screen when it asks: NO_SCREEN."""
    return _KINDS[settings.consent](settings)


def has_window() -> bool:
    """Whether a window can be shown: there is a desktop, and this Python has Tk."""
    if sys.platform not in {"win32", "darwin"} and not os.environ.get("DISPLAY"):
        return False
    try:
        importlib.import_module("_tkinter")
    except ImportError:
        return False
    return True


def _window(settings: Settings) -> Consent:
    return Window()


def _terminal(settings: Settings) -> Consent:
    return Terminal(settings.terminal)


def _whichever(settings: Settings) -> Consent:
    return (_window if has_window() else _terminal)(settings)


_KINDS: Mapping[str, Callable[[Settings], Consent]] = {
    "auto": _whichever,
    "window": _window,
    "terminal": _terminal,
}
