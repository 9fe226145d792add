"""What a signature costs without us: the bare APDUs, PKCS#11 calls and key operations.

Each does what our layer does with a card for one signature, from opening it to leaving it: the
certificate is read, the PIN shown, the key used, the card reset or logged out of.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

Sign = Callable[[bytes], object]
_SELECT = bytes.fromhex("00A404000BA00000030800001000010000")
_GET_CERTIFICATE = bytes.fromhex("00CB3FFF055C035FC10A00")
_VERIFY = bytes.fromhex("0020008008")
_AUTHENTICATE = bytes.fromhex("0087119C267C2482008120")
_MORE, _OK = 0x61, [0x90, 0x00]
_PIN_BYTES = 8


def pcsc_signature(reader: str, pin: str) -> Sign:
    """By the APDUs of a PIV card's signature, through PC/SC."""
    from smartcard import scard  # noqa: PLC0415 - where pyscard is

    shown = _VERIFY + pin.encode().ljust(_PIN_BYTES, b"\xff")

    def sign(data: bytes) -> object:
        challenge = _AUTHENTICATE + hashlib.sha256(data).digest() + b"\0"
        context = _done(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
        result, handle, protocol = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_ANY
        )
        _done((result, handle))
        scard.SCardBeginTransaction(handle)
        header = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0

        def exchange(command: bytes) -> list[int]:
            answer = list(_done(scard.SCardTransmit(handle, header, list(command))))
            told = answer[:-2]
            while answer[-2] == _MORE:
                again = [0, 0xC0, 0, 0, answer[-1]]
                answer = list(_done(scard.SCardTransmit(handle, header, again)))
                told += answer[:-2]
            if answer[-2:] != _OK:
                raise AssertionError(answer)
            return told

        exchange(_SELECT)
        exchange(_GET_CERTIFICATE)
        exchange(shown)
        signature = exchange(challenge)
        scard.SCardEndTransaction(handle, scard.SCARD_RESET_CARD)
        scard.SCardDisconnect(handle, scard.SCARD_RESET_CARD)
        scard.SCardReleaseContext(context)
        return signature

    return sign


def pkcs11_signature(module: Path, slot: str, pin: str) -> Sign:
    """By the same PKCS#11 calls, through the same library; `slot` is the slot's description."""
    import pkcs11  # noqa: PLC0415 - where python-pkcs11 is

    certificate = {
        pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
        pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
    }
    key = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.Attribute.SIGN: True}
    told = (pkcs11.Attribute.ID, pkcs11.Attribute.VALUE)

    def sign(data: bytes) -> object:
        slots = pkcs11.lib(str(module)).get_slots()
        token = next(each for each in slots if each.slot_description == slot).get_token()
        session = token.open()
        (held,) = [each.get_attributes(told) for each in list(session.get_objects(certificate))]
        private_session = token.open(user_pin=pin)
        wanted = key | {pkcs11.Attribute.ID: held[pkcs11.Attribute.ID]}
        (private,) = list(private_session.get_objects(wanted))
        if private[pkcs11.Attribute.ALWAYS_AUTHENTICATE]:
            raise AssertionError("a key of another kind than was put there")
        signature = private.sign(hashlib.sha256(data).digest(), mechanism=pkcs11.Mechanism.ECDSA)
        private_session.close()
        session.close()
        return signature

    return sign


def software_signature(path: Path, pin: str) -> Sign:
    """By decrypting the key and using it."""

    def sign(data: bytes) -> object:
        key = load_pem_private_key(path.read_bytes(), pin.encode())
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(type(key))
        return key.sign(data, ec.ECDSA(hashes.SHA256()))

    return sign


def _done(told: Any) -> Any:
    """What a call of the smart card service gives behind its result. Raises AssertionError."""
    result, given = told
    if result:
        raise AssertionError(hex(result))
    return given
