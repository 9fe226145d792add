"""A PKCS#11 token that is open: its signing certificate, its PIN, its signatures."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from cryptography import x509
from pkcs11 import Attribute, CertificateType, Mechanism, ObjectClass, TokenFlag
from pkcs11.exceptions import AttributeTypeInvalid

from card_signer.card import key_of_certificate, suite_of_certificate
from card_signer.pin import Pin
from card_signer.pkcs1 import digest_info
from card_signer.pkcs11.module import Module
from card_signer.troubles import Trouble

_CERTIFICATES_MAX = 64  # that are not read anew for each signature
# by the suite's name: what a token is asked for, and what it is given of a digest
_MECHANISMS: Mapping[str, tuple[Mechanism, Callable[[bytes], bytes]]] = {
    "ecdsa-p256-sha256": (Mechanism.ECDSA, bytes),
    "rsa-sha256": (Mechanism.RSA_PKCS, digest_info),
}
# what a token says of the tries that are left; the first flag that is set counts
_TRIES = ((TokenFlag.USER_PIN_LOCKED, 0), (TokenFlag.USER_PIN_FINAL_TRY, 1))


@dataclass(frozen=True, slots=True)
class _Held:
    """A certificate on the token; its key has the same `id` (CKA_ID)."""

    id: bytes
    der: bytes


class TokenCard:
    """An open token; `session` is its own for as long, and nobody is logged in to it."""

    def __init__(self, module: Module, token: Any, session: Any) -> None:
        self._module, self._token, self._session = module, token, session

    @property
    def certificate(self) -> bytes:
        """The certificate of the key that may sign, DER."""
        return self._held.der

    @cached_property
    def _held(self) -> _Held:
        """Most tokens hide their private keys until the PIN is shown; public ones tell then."""
        with self._module.speaking():
            found = [each for each in _certificates(self._session) if _may_sign(each.der)]
            if not found:
                raise Trouble("NOT_OUR_CARD", what="无签名证书 no signing certificate")
            if len(found) == 1:
                return found[0]
            keys = _ids(self._session, ObjectClass.PRIVATE_KEY, Attribute.SIGN) or _ids(
                self._session, ObjectClass.PUBLIC_KEY, Attribute.VERIFY
            )
        return next((each for each in found if each.id in keys), found[0])

    def tries_left(self) -> int | None:
        """0 or 1, when the token tells; None as long as there are more, or when it never tells."""
        with self._module.speaking():
            flags = self._token.slot.get_token().flags
        return next((left for flag, left in _TRIES if flag in flags), None)

    def verify_pin(self, pin: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED, BLANK."""
        with self._logged_in(pin):
            pass

    def change_pin(self, old: Pin, new: Pin) -> None:
        """Raises Trouble PIN_WRONG, PIN_LOCKED, PIN_FORM."""
        with self._judged():
            session = self._token.open(rw=True)
            try:
                session.set_pin(_text(old), _text(new))
            finally:
                self._module.close(session)

    def sign(self, data: bytes, pin: Pin) -> bytes:
        """The suite's signature over `data`; the PIN is shown to the token first.

        Raises Trouble NOT_OUR_CARD when there is no key to the certificate, GARBLED when what the
        token gives does not fit the certificate.
        """
        public = key_of_certificate(self.certificate)
        suite = suite_of_certificate(self.certificate)
        mechanism, prepared = _MECHANISMS[suite.name]
        digest = suite.digest(data)
        with self._logged_in(pin) as session:
            key = _private_key(session, self._held.id)
            again = _text(pin) if _asks_again(key) else None
            signature = bytes(key.sign(prepared(digest), mechanism=mechanism, pin=again))
        if not suite.verify(public, signature, data):
            raise Trouble("GARBLED", what="签名与证书不符 signature does not fit the certificate")
        return signature

    @contextmanager
    def _logged_in(self, pin: Pin) -> Iterator[Any]:
        with self._judged():
            session = self._token.open(user_pin=_text(pin))
            try:
                yield session
            finally:
                self._module.close(session)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        try:
            with self._module.speaking():
                yield
        except Trouble as trouble:
            if trouble.code != "PIN_WRONG" or (left := self.tries_left()) is None:
                raise
            raise Trouble("PIN_WRONG" if left else "PIN_LOCKED", left=left) from None


def _certificates(session: Any) -> Iterator[_Held]:
    wanted = {
        Attribute.CLASS: ObjectClass.CERTIFICATE,
        Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
    }
    for found in list(session.get_objects(wanted)):
        told = found.get_attributes((Attribute.ID, Attribute.VALUE))
        yield _Held(bytes(told[Attribute.ID]), bytes(told[Attribute.VALUE]))


def _ids(session: Any, kind: ObjectClass, use: Attribute) -> set[bytes]:
    found = list(session.get_objects({Attribute.CLASS: kind, use: True}))
    return {bytes(each[Attribute.ID]) for each in found}


@lru_cache(maxsize=_CERTIFICATES_MAX)
def _may_sign(der: bytes) -> bool:
    """A key that we can use, in a certificate that is for signatures and no authority's."""
    try:
        suite = suite_of_certificate(der)
        extensions = x509.load_der_x509_certificate(der).extensions
    except (Trouble, ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    if suite.name not in _MECHANISMS:
        return False
    for found in extensions:
        if isinstance(found.value, x509.BasicConstraints) and found.value.ca:
            return False
        if isinstance(found.value, x509.KeyUsage) and not found.value.digital_signature:
            return False
    return True


def _private_key(session: Any, wanted: bytes) -> Any:
    asked = {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.ID: wanted,
        Attribute.SIGN: True,
    }
    for found in list(session.get_objects(asked)):
        return found
    raise Trouble("NOT_OUR_CARD", what="证书无对应私钥 no private key for the certificate")


def _asks_again(key: Any) -> bool:
    """Whether the key wants the PIN before each use, as PIV's signature key does."""
    try:
        return bool(key[Attribute.ALWAYS_AUTHENTICATE])
    except AttributeTypeInvalid:
        return False


def _text(pin: Pin) -> str:
    """As the library wants it; its copy is not ours to wipe."""
    return pin.characters().decode("ascii")
