"""`python -m sandbox.card KEY CERTIFICATE [--port N]`: a PIV card in a virtual reader.

The PIN is in the environment (SANDBOX_CARD_PIN), so that no process list shows it. The card stays
in until the program ends.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.card.applet import PivCard
from sandbox.card.reader import PORT, insert

_DIGITS_MIN, _DIGITS_MAX = 6, 8
PIN_VARIABLE = "SANDBOX_CARD_PIN"


def main() -> int:
    """Put the card in and keep it there; 1 when there is no card to make or no reader."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.card", description=__doc__)
    parser.add_argument("key", type=Path, help="PEM private key: P-256 or RSA 2048")
    parser.add_argument("certificate", type=Path, help="PEM certificate")
    parser.add_argument("--port", type=int, default=PORT, help="the virtual reader's port")
    given = parser.parse_args()
    pin = os.environ.get(PIN_VARIABLE, "")
    if not (pin.isdigit() and _DIGITS_MIN <= len(pin) <= _DIGITS_MAX):
        return _fail(f"set {PIN_VARIABLE} to the card's PIN: six to eight digits")
    try:
        key = load_pem_private_key(given.key.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(given.certificate.read_bytes())
    except (OSError, ValueError, TypeError) as error:
        return _fail(f"no card can be made of {given.key} and {given.certificate}: {error}")
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return _fail(f"{given.key}: a PIV card holds P-256 or RSA 2048")
    try:
        inserted = insert(PivCard(key, certificate, pin), given.port)
    except OSError as error:
        return _fail(f"no virtual reader listens on port {given.port}: {error.strerror}")
    print("the card is in", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    inserted.pull()
    return 0


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
