"""PKCS#11 tokens, through the module of whoever made them. `python-pkcs11` is an extra."""

from importlib import import_module
from pathlib import Path

from card_signer.card import Backend
from card_signer.troubles import Trouble


def backend(module: Path) -> Backend:
    """The tokens of a module. Raises Trouble NO_PART when `python-pkcs11` is not installed."""
    try:
        tokens = import_module("card_signer.pkcs11.tokens")
    except ModuleNotFoundError:
        raise Trouble("NO_PART", part="tongbao-card-signer[pkcs11]") from None
    made: Backend = tokens.Pkcs11Backend(module)
    return made
