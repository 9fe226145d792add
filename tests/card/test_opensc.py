"""OpenSC, another program that knows PIV cards, uses our virtual one through the real service."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from libs.signing.pki import Issued
from libs.signing.suites import suite_of
from sandbox.card.reader import Inserted
from tests.card.conftest import PIN

pytestmark = [
    pytest.mark.card,
    pytest.mark.skipif(not shutil.which("pkcs11-tool"), reason="not here: opensc"),
]
SIGNATURE_KEY = "02"  # OpenSC's number of 9C


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
