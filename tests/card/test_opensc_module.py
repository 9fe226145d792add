"""The virtual PIV card as a PKCS#11 token: our backend over OpenSC's module, on the real service.

The card is another process: while it finalises a module, python-pkcs11 lets no other thread run.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.card import Backend
from card_signer.desk import Desk
from card_signer.pin import Pin
from card_signer.pkcs11 import backend as backend_of
from card_signer.troubles import Trouble
from libs.signing.pki import Authority, Issued
from sandbox.card.apart import card_apart
from sandbox.card.service import Service
from tests.card.conftest import OPERATOR, PIN, SITE, Someone, refused
from tests.card.reader import slot_with_card, until
from tests.card.test_desk import NONCE, PROPOSAL

pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not here")
pytestmark = pytest.mark.card
WRONG = "135791"
_MODULES = (
    Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"),
    Path("/usr/lib64/opensc-pkcs11.so"),
)
Pull = Callable[[], None]
PutIn = Callable[[Issued], AbstractContextManager[Pull]]


@pytest.fixture
def backend(service: Service) -> Iterator[Backend]:
    module = next((path for path in _MODULES if path.exists()), None)
    if module is None:
        pytest.skip("not here: opensc-pkcs11")
    yield backend_of(module)
    pkcs11.lib(str(module)).finalize()  # the next test has another card


@pytest.fixture
def put_in(service: Service, tmp_path: Path) -> PutIn:
    @contextmanager
    def inserted(issued: Issued) -> Iterator[Pull]:
        key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
        issued.save(key, certificate)
        with card_apart(key, certificate, PIN, service.port) as process:
            until(lambda: slot_with_card() is not None)

            def pull() -> None:
                process.terminate()
                until(lambda: slot_with_card() is None)

            yield pull
            pull()

    return inserted


def test_it_signs_as_a_token(backend: Backend, put_in: PutIn, issued: Issued) -> None:
    desk = Desk([backend], Someone())
    with put_in(issued):
        (holder,) = desk.holders()
        assert holder.certificate == issued.certificate.public_bytes(Encoding.DER)
        for number in range(3):
            assert desk.login(SITE, f"{number}{NONCE}")["card"] == holder.fingerprint


def test_the_last_try_is_seen_and_kept(backend: Backend, put_in: PutIn, issued: Issued) -> None:
    desk = Desk([backend], Someone(pin=WRONG))
    with put_in(issued):
        for code in ("PIN_WRONG", "PIN_WRONG", "LAST_TRY"):
            with refused(code):
                desk.sign(SITE, PROPOSAL)
        with desk.looking() as (card, _), Pin.typed(WRONG) as pin:
            assert card.tries_left() == 1
            with refused("PIN_LOCKED"):
                card.verify_pin(pin)
            assert card.tries_left() == 0
        with refused("PIN_LOCKED"):
            desk.sign(SITE, PROPOSAL)


def test_a_card_that_is_pulled_signs_nothing(
    backend: Backend, put_in: PutIn, issued: Issued
) -> None:
    with put_in(issued) as pull:
        with refused("REMOVED"):
            Desk([backend], Someone(meanwhile=pull)).login(SITE, NONCE)
        with refused("NO_CARD"):
            Desk([backend], Someone()).login(SITE, NONCE)
    with put_in(issued):
        assert Desk([backend], Someone()).login(SITE, NONCE)


def test_a_card_never_signs_as_the_one_before_it(
    backend: Backend, put_in: PutIn, issued: Issued, authority: Authority
) -> None:
    """The module may not notice a change between two looks: both cards have one ATR."""
    desk = Desk([backend], Someone())
    with put_in(issued):
        (first,) = desk.holders()
    with put_in(authority.issue(replace(OPERATOR, holder="王大为", card="C2"))):
        with pytest.raises(Trouble, match=r"^(GARBLED|FAILED|REMOVED|NO_CARD|WRONG_CARD):"):
            desk.login(SITE, NONCE, first.fingerprint)
        assert [each.card for each in desk.holders()] == ["C2"]
        assert desk.login(SITE, f"again{NONCE}")
