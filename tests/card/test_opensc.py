"""OpenSC, another program that knows PIV cards, uses our virtual one through the real service."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from card_signer.card import Backend
from card_signer.desk import Desk
from card_signer.pin import Pin
from card_signer.pkcs11 import backend as backend_of
from libs.signing.pki import Issued
from libs.signing.suites import suite_of
from sandbox.card.applet import PivCard as Chip
from sandbox.card.reader import Inserted
from sandbox.card.service import Service
from tests.card.conftest import PIN, SITE, Someone, refused
from tests.card.reader import put_in, take_out
from tests.card.test_desk import NONCE, PROPOSAL

pytestmark = [
    pytest.mark.card,
    pytest.mark.skipif(not shutil.which("pkcs11-tool"), reason="not here: opensc"),
]
WRONG = "135791"
SIGNATURE_KEY = "02"  # OpenSC's number of 9C
_MODULES = (
    Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"),
    Path("/usr/lib64/opensc-pkcs11.so"),
)


def tool(*command: str, pin: str = "") -> str:
    done = subprocess.run(
        command,
        env={**os.environ, "CARD_PIN": pin},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_it_is_a_piv_card(inserted: Inserted) -> None:
    assert "Personal Identity Verification Card" in tool("piv-tool", "--name")


def test_its_certificate_is_the_one_that_we_read(
    inserted: Inserted, issued: Issued, tmp_path: Path
) -> None:
    listed = tool("pkcs11-tool", "--list-objects", "--type", "cert")
    assert "Certificate for Digital Signature" in listed
    path = tmp_path / "certificate.der"
    tool(
        *("pkcs11-tool", "--read-object", "--type", "cert", "--id", SIGNATURE_KEY),
        *("--output-file", str(path)),
    )
    assert path.read_bytes() == issued.certificate.public_bytes(Encoding.DER)


def test_a_signature_made_by_it_fits_the_certificate(
    inserted: Inserted, issued: Issued, tmp_path: Path
) -> None:
    """OpenSC digests for RSA; for P-256 it wants a digest."""
    told, signature, data = tmp_path / "told", tmp_path / "signature", b"data" * 100
    is_p256 = isinstance(issued.key, ec.EllipticCurvePrivateKey)
    told.write_bytes(hashlib.sha256(data).digest() if is_p256 else data)
    tool(
        *("pkcs11-tool", "--login", "--pin", "env:CARD_PIN", "--sign", "--id", SIGNATURE_KEY),
        *("--mechanism", "ECDSA" if is_p256 else "SHA256-RSA-PKCS"),
        *("--input-file", str(told), "--output-file", str(signature)),
        pin=PIN,
    )
    key = issued.certificate.public_key()
    assert suite_of(key).verify(key, signature.read_bytes(), data)


@pytest.fixture
def backend(service: Service) -> Backend:
    """The same card as a PKCS#11 token: our backend over OpenSC's module."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 is not here")
    module = next((path for path in _MODULES if path.exists()), None)
    if module is None:
        pytest.skip("not here: opensc-pkcs11")
    return backend_of(module)


def test_through_its_module_it_signs_as_a_token(
    backend: Backend, inserted: Inserted, issued: Issued
) -> None:
    desk = Desk([backend], Someone())
    (holder,) = desk.holders()
    assert holder.certificate == issued.certificate.public_bytes(Encoding.DER)
    for number in range(3):
        assert desk.login(SITE, f"{number}{NONCE}")["card"] == holder.fingerprint


def test_through_its_module_the_last_try_is_seen_and_kept(
    backend: Backend, inserted: Inserted, chip: Chip
) -> None:
    desk = Desk([backend], Someone(pin=WRONG))
    for code in ("PIN_WRONG", "PIN_WRONG", "LAST_TRY"):
        with refused(code):
            desk.sign(SITE, PROPOSAL)
    assert chip.tries == 1
    slot = next(each for each in backend.slots() if each.has_card)
    with backend.open(slot) as card, Pin.typed(WRONG) as pin:
        assert card.tries_left() == 1
        with refused("PIN_LOCKED"):
            card.verify_pin(pin)
        assert card.tries_left() == 0
    with refused("PIN_LOCKED"):
        desk.sign(SITE, PROPOSAL)


def test_through_its_module_a_card_that_is_pulled_signs_nothing(
    backend: Backend, service: Service, chip: Chip
) -> None:
    card = put_in(chip, service)
    desk = Desk([backend], Someone(meanwhile=lambda: take_out(card)))
    with refused("REMOVED"):
        desk.login(SITE, NONCE)
    with refused("NO_CARD"):
        desk.login(SITE, NONCE)
    card = put_in(chip, service)
    desk.consent = Someone()
    assert desk.login(SITE, NONCE)
    take_out(card)
