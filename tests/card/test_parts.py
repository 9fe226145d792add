"""Parts of the program that are installed only where they are used."""

import sys
from pathlib import Path

import pytest

from card_signer.pkcs11 import backend
from tests.card.conftest import refused


def test_tokens_without_their_part_are_told_with_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in sys.modules if name.startswith("card_signer.pkcs11.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with refused("NO_PART") as told:
        backend(Path("module.so"))
    assert "[pkcs11]" in told.value.todo_en
