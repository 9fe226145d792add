"""Cards of a made-up company, and someone before the screen who answers as a test wants."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from card_signer.card import Card, Slot
from card_signer.consent import Question
from card_signer.desk import Desk
from card_signer.pin import Pin
from card_signer.piv.apdu import Channel
from card_signer.piv.card import PivCard
from card_signer.troubles import Trouble
from libs.messages.parties import Role
from libs.messages.samples import COMPANY, USCC
from libs.signing.pki import Authority, Issued, Subject
from libs.signing.trust import TrustStore
from sandbox.card.applet import PivCard as Chip
from sandbox.card.reader import Inserted
from sandbox.card.service import Service
from tests.card.reader import put_in, take_out

PIN = "246802"
SITE = "https://trade.example"
OPERATOR = Subject(Role.OPERATOR, USCC, COMPANY, "李晓明", "C1")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority.create()


@pytest.fixture(scope="session", params=[None, 2048], ids=["p256", "rsa2048"])
def issued(authority: Authority, request: pytest.FixtureRequest) -> Issued:
    return authority.issue(OPERATOR, rsa_bits=request.param)


@pytest.fixture
def chip(issued: Issued) -> Chip:
    return Chip(issued.key, issued.certificate, PIN)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The real smart card service with a virtual reader."""
    pytest.importorskip("smartcard", reason="pyscard is not here")
    if missing := Service.lacks():
        pytest.skip(f"not here: {', '.join(missing)}")
    service = Service(tmp_path_factory.mktemp("pcscd"))
    service.start(instead=True)
    yield service
    service.stop()


@pytest.fixture
def inserted(service: Service, chip: Chip) -> Iterator[Inserted]:
    """The chip in that reader."""
    card = put_in(chip, service)
    yield card
    take_out(card)


def channel_to(chip: Any) -> Channel:
    """The chip without a reader between."""

    def transmit(command: bytes) -> tuple[bytes, int]:
        told = chip.answer(command)
        return told[:-2], int.from_bytes(told[-2:], "big")

    return Channel(transmit)


@dataclass
class Drawer:
    """A backend whose readers are held here: slot name → chip, or None for an empty one."""

    chips: dict[str, Chip | None]
    name: str = "drawer"
    trouble: str = ""  # why there is not even a reader to look at

    def slots(self) -> list[Slot]:
        if self.trouble:
            raise Trouble(self.trouble)
        return [Slot(self.name, name, chip is not None) for name, chip in self.chips.items()]

    @contextmanager
    def open(self, slot: Slot) -> Iterator[Card]:
        chip = self.chips[slot.name]
        if chip is None:
            raise Trouble("NO_CARD")
        try:
            yield PivCard(channel_to(chip))
        finally:
            chip.reset()


@dataclass
class Someone:
    """Answers every question: with a PIN, with no, or with what a test puts in."""

    pin: str = PIN
    asked: list[Question] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def ask(self, question: Question, seconds: float) -> Pin:
        self.asked.append(question)
        self.meanwhile()
        if not self.pin:
            raise Trouble("CANCELLED")
        if question.is_last_try:
            raise Trouble("LAST_TRY")
        return Pin.typed(self.pin)


def refused(code: str) -> Any:
    """A Trouble of this code is raised."""
    return pytest.raises(Trouble, match=f"^{code}:")


@pytest.fixture
def drawer(chip: Chip) -> Drawer:
    """One reader, with the chip in it."""
    return Drawer({"one": chip})


@pytest.fixture
def someone() -> Someone:
    """Agrees to everything."""
    return Someone()


@pytest.fixture
def desk(drawer: Drawer, someone: Someone) -> Desk:
    """That drawer, and who sits before it."""
    return Desk([drawer], someone)


@pytest.fixture
def trust(authority: Authority, tmp_path: Path) -> TrustStore:
    """Who trusts the cards' authority."""
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    return TrustStore(tmp_path / "ca.pem")
