"""Software cards: an encrypted key in a file, of every suite."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from typer.testing import CliRunner

from card_signer import cli
from card_signer.card import CardSigner
from card_signer.desk import LOCAL, Desk
from card_signer.pin import Pin
from card_signer.software import SoftwareBackend, SoftwareCard, write
from card_signer.troubles import Trouble
from libs.messages.partners import XML
from libs.signing import TrustStore, verify
from libs.signing.pki import Authority, Issued
from libs.signing.sm2 import PrivateKey
from libs.signing.suites import key_of
from tests.card.conftest import OPERATOR, PIN, Someone, refused
from tests.support.people import a_document, now

OTHER = "135791"
KEYS: dict[str, Callable[[], object]] = {
    "ecdsa-p256-sha256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa-sha256": lambda: rsa.generate_private_key(65537, 2048),
    "sm2-sm3": PrivateKey.generate,
}


@pytest.fixture(scope="module", params=KEYS)
def suite(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def holder(authority: Authority, suite: str) -> Issued:
    return authority.issue(OPERATOR, key=KEYS[suite]())


@pytest.fixture
def path(holder: Issued, tmp_path: Path) -> Path:
    path = tmp_path / "a.card"
    with Pin.typed(PIN) as pin:
        write(path, holder.key, holder.certificate, pin)
    return path


def test_its_signatures_fit_its_certificate(path: Path, holder: Issued, suite: str) -> None:
    with Pin.typed(PIN) as pin:
        signer = CardSigner(SoftwareCard(path), pin)
        signature = signer.sign(b"data")
    assert signer.suite.name == suite
    key = key_of(holder.certificate)
    assert signer.suite.verify(key, signature, b"data")
    assert not signer.suite.verify(key, signature, b"date")


def test_a_document_is_signed_at_the_desk_and_trusted(
    path: Path, authority: Authority, suite: str, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    signed = Desk([SoftwareBackend(path.parent)], Someone()).sign(LOCAL, a_document())
    verdict = verify(signed, XML, None, TrustStore.load(tmp_path / "ca.pem"), now()).verdict
    assert (verdict.reason, verdict.suite) == ("OK", suite)


def test_a_wrong_pin_is_told_and_costs_nothing(path: Path) -> None:
    card = SoftwareCard(path)
    with Pin.typed(OTHER) as wrong, Pin.typed(PIN) as right:
        for _ in range(4):
            with refused("PIN_WRONG"):
                card.sign(b"x", wrong)
        card.verify_pin(right)
    assert card.tries_left() is None


def test_the_pin_is_changed_in_the_file(path: Path, holder: Issued, suite: str) -> None:
    card = SoftwareCard(path)
    with Pin.typed(PIN) as old, Pin.typed(OTHER) as new:
        with refused("PIN_WRONG"):
            card.change_pin(new, old)
        card.change_pin(old, new)
        for each in (card, SoftwareCard(path)):
            signature = CardSigner(each, new).sign(b"data")
            assert CardSigner(each, new).suite.verify(
                key_of(holder.certificate), signature, b"data"
            )
            with refused("PIN_WRONG"):
                each.verify_pin(old)
    assert [file.name for file in path.parent.iterdir()] == ["a.card"]
    assert SoftwareCard(path).certificate == holder.signer.certificate


def test_only_its_owner_reads_the_file(path: Path) -> None:
    path.chmod(0o644)
    with Pin.typed(PIN) as old, Pin.typed(OTHER) as new:
        SoftwareCard(path).change_pin(old, new)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_key_does_not_stand_in_the_file(path: Path) -> None:
    assert b"ENCRYPTED PRIVATE KEY" in path.read_bytes()
    assert b"BEGIN PRIVATE KEY" not in path.read_bytes()


def test_a_key_that_is_not_encrypted_is_refused(path: Path, holder: Issued) -> None:
    path.write_bytes(holder.key_pem() + holder.certificate_pem())
    with Pin.typed(PIN) as pin, refused("CARD_FILE"):
        SoftwareCard(path).verify_pin(pin)


def test_a_key_of_another_suite_than_the_certificate_is_refused(
    path: Path, authority: Authority, suite: str
) -> None:
    other = next(key for name, key in KEYS.items() if name != suite)
    stranger = authority.issue(OPERATOR, key=other())
    with Pin.typed(PIN) as pin:
        path.write_bytes(stranger.key_pem(pin.characters()) + _certificate(path))
        with refused("CARD_FILE"):
            SoftwareCard(path).sign(b"x", pin)


def _certificate(path: Path) -> bytes:
    whole = path.read_bytes()
    return whole[whole.index(b"-----BEGIN CERTIFICATE") :]


@pytest.mark.parametrize("data", [b"", b"text", os.urandom(1000)])
def test_a_file_that_is_no_card_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.card").write_bytes(data)
    with refused("CARD_FILE"):
        SoftwareCard(tmp_path / "a.card")


def test_a_file_that_is_gone_is_told(path: Path) -> None:
    path.unlink()
    with refused("CARD_FILE"):
        SoftwareCard(path)


def test_a_key_that_is_cut_off_is_no_right_pin(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + whole[100:])
    with Pin.typed(PIN) as pin, pytest.raises(Trouble, match=r"^(PIN_WRONG|CARD_FILE):"):
        SoftwareCard(path).verify_pin(pin)


# the command that makes one


def made(tmp_path: Path, holder: Issued, key: bytes, typed: str) -> object:
    (tmp_path / "a.key").write_bytes(key)
    (tmp_path / "a.pem").write_bytes(holder.certificate_pem())
    paths = [str(tmp_path / name) for name in ("a.key", "a.pem", "new.card")]
    return CliRunner().invoke(cli.app, ["software-card", *paths], input=typed).exception


def test_the_command_makes_a_card(tmp_path: Path, holder: Issued) -> None:
    assert made(tmp_path, holder, holder.key_pem(), f"{PIN}\n{PIN}\n") is None
    with Pin.typed(PIN) as pin:
        SoftwareCard(tmp_path / "new.card").verify_pin(pin)


def test_the_command_refuses_a_key_of_another(
    tmp_path: Path, holder: Issued, authority: Authority
) -> None:
    stranger = authority.issue(OPERATOR, key=PrivateKey.generate())
    for key in (stranger.key_pem(), b"", holder.key_pem(b"secret")):
        trouble = made(tmp_path, holder, key, f"{PIN}\n{PIN}\n")
        assert isinstance(trouble, Trouble)
        assert trouble.code == "CARD_FILE"
    assert not (tmp_path / "new.card").exists()


def test_the_command_wants_the_same_pin_twice(tmp_path: Path, holder: Issued) -> None:
    trouble = made(tmp_path, holder, holder.key_pem(), f"{PIN}\n{OTHER}\n")
    assert isinstance(trouble, Trouble)
    assert trouble.code == "PIN_FORM"
