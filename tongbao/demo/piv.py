"""PIV cards in a reader, used through the card signer: as on a company's own computer.

The smart card service and the card signer are the real programs; the reader is virtual
(vsmartcard), the chip is `sandbox/card`. There is one reader: a card is put in, used, taken out.
"""

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.local.errors import StackError
from deploy.local.home import Home
from sandbox.card.__main__ import PIN_VARIABLE
from sandbox.card.service import Service, ServiceFailed
from tongbao.client import Card, CardError
from tongbao.client.card_signer import CardSigner
from tongbao.demo.person import Person

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAM = CHECKOUT / ".venv-card" / "bin" / "card-signer"
_START_SECONDS = 15.0
_SEEN_SECONDS = 2.0
_TRIES = 5  # a virtual reader may miss a card
_PAUSE_SECONDS = 0.05
_OPERATIONS_A_MINUTE = 120  # the demo's people are quick


@dataclass
class PivCards:
    """One reader with no card in it yet, and the card signer that watches it."""

    home: Home
    origin: str
    pin: str
    reader_port: int
    address: str  # of the card signer
    _chip: "subprocess.Popen[bytes] | None" = None

    @classmethod
    @contextmanager
    def started(
        cls, home: Home, origin: str, shown: Callable[[list[str]], None]
    ) -> Iterator["PivCards"]:
        """Start what is needed. Raises StackError that says what is missing."""
        if not PROGRAM.exists():
            raise StackError(f"{PROGRAM} is not there: `make setup-card` installs the card signer")
        if missing := Service.lacks():
            raise StackError(f"a virtual card reader needs {', '.join(missing)}")
        place, pin, port = home.root / "card-signer", f"{secrets.randbelow(10**6):06}", _free_port()
        place.mkdir(mode=0o700, exist_ok=True)
        with ExitStack() as stack:
            service = Service(place)
            try:
                service.start()
            except ServiceFailed as failed:
                raise StackError(str(failed)) from None
            stack.callback(service.stop)
            person = Person(pin, shown)
            person.sit_down()
            stack.callback(person.leave)
            stack.enter_context(_card_signer(home, place, origin, port, person.device))
            yield cls(home, origin, pin, service.port, f"ws://127.0.0.1:{port}")

    @asynccontextmanager
    async def held(self, name: str) -> AsyncIterator[Card]:
        """As `Cards.held`: in the reader meanwhile."""
        with CardSigner.opened(self.address, self.origin, self.fingerprint(name)) as card:
            await asyncio.to_thread(self.put_in, name)
            try:
                yield card
            finally:
                await asyncio.to_thread(self.take_out)

    def fingerprint(self, name: str) -> str:
        """Of a card's certificate."""
        certificate = x509.load_pem_x509_certificate((self.home.cards / f"{name}.pem").read_bytes())
        return sha256(certificate.public_bytes(Encoding.DER)).hexdigest()

    def put_in(self, name: str) -> None:
        """Put a card into the reader and see that the card signer sees it. Raises CardError."""
        for _ in range(_TRIES):
            self._chip = self._inserted(name)
            if self._becomes({self.fingerprint(name)}):
                return
            self.take_out()
        raise CardError("NO_CARD", f"the reader does not see {name}")

    def take_out(self) -> None:
        """Take the card out of the reader, and see that the card signer sees it."""
        chip, self._chip = self._chip, None
        if chip is not None:
            _end(chip)
            self._becomes(set())

    def _becomes(self, wanted: set[str]) -> bool:
        """Whether, soon, the cards in the reader are those with these fingerprints."""
        end = time.monotonic() + _SEEN_SECONDS
        with CardSigner.opened(self.address, self.origin, "") as door:
            while {each["card"] for each in door.cards()} != wanted:
                if time.monotonic() > end:
                    return False
                time.sleep(_PAUSE_SECONDS)
        return True

    def _inserted(self, name: str) -> "subprocess.Popen[bytes]":
        path = self.home.cards / name
        files = (str(path.with_suffix(".key")), str(path.with_suffix(".pem")))
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            (sys.executable, "-m", "sandbox.card", *files, "--port", str(self.reader_port)),
            env={**os.environ, PIN_VARIABLE: self.pin},
            cwd=CHECKOUT,
            stdout=subprocess.DEVNULL,
        )


@contextmanager
def _card_signer(home: Home, place: Path, origin: str, port: int, terminal: str) -> Iterator[None]:
    settings = {
        "ORIGINS": json.dumps([origin]),
        "PORT": str(port),
        "TERMINAL": terminal,
        "STATE": str(place / "state"),
        "A_MINUTE": str(_OPERATIONS_A_MINUTE),
    }
    with (home.logs / "card-signer.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - the program that `make setup-card` installed
            (str(PROGRAM), "serve"),
            env={**os.environ, **{f"CARD_SIGNER_{key}": value for key, value in settings.items()}},
            stdout=log,
            stderr=log,
        )
    try:
        _until_it_listens(process, port, home.logs / "card-signer.log")
        yield
    finally:
        _end(process)


def _until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(_PAUSE_SECONDS)
    raise StackError(f"the card signer does not start: see {log}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
