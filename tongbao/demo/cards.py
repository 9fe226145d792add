"""The cards that the demo's people hold: files, or PIV cards in a reader (`tongbao.demo.piv`)."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from libs.signing import FileSigner
from tongbao.client import Card, SoftwareCard


class Cards(Protocol):
    """Where cards are kept, by name: `tongda-legal`, `haifeng-operator`, …"""

    def held(self, name: str) -> AbstractAsyncContextManager[Card]:
        """A card in the hand of its owner, for as long."""


@dataclass(frozen=True)
class SoftwareCards:
    """Key files of the local stack."""

    folder: Path

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[Card]:
        """As `Cards.held`."""
        path = self.folder / name
        yield SoftwareCard(FileSigner.load(path.with_suffix(".key"), path.with_suffix(".pem")))
