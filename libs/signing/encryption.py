"""Encryption to one recipient: JWE (RFC 7516) compact, ECDH-ES with A256GCM, signature inside.

Encrypted is the document as it was signed: XML with the signature that it carries, anything signed
beside it as a compact JWS, which holds content and signature. `cty` says which. That a partner's
business data travels like this is our own proposal (docs/decisions/0023); the manual (2.3.2) only
asks that it is encrypted.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from libs.messages.partners import JSON, XML
from libs.signing.ecdsa_rsa import P256
from libs.signing.jws import attached, detached
from libs.signing.profile import Profile
from libs.signing.signers import SignerError, read_pem
from libs.signing.suites import read_private_key
from libs.signing.trust import TrustStore

JOSE = "application/jose"
_ALG, _ENC = "ECDH-ES", "A256GCM"
_TYPE = "tongbao+jwe"
_BESIDE = "; signature=jws"
_CTY = {f"{kind}{how}": (kind, bool(how)) for kind in (XML, JSON) for how in ("", _BESIDE)}


class _Limits(jwe.JWERegistry):
    max_ciphertext_length = 4 * 1024 * 1024  # of text: a document of 1 MiB, twice in base64


_REGISTRY = _Limits(algorithms=[_ALG, _ENC])


class Unreadable(Exception):
    """What cannot be opened: not our form, or not for this key."""


class NoRecipient(LookupError):
    """A partner wants its messages encrypted and has no certificate that holds now."""


class Signed(NamedTuple):
    """A signed document; `signature` is the detached JWS where the body carries none."""

    body: bytes
    content_type: str
    signature: str | None = None


@dataclass(frozen=True)
class Recipient:
    """Encrypts to the certificate of one party, as long as it can be relied on."""

    party: str
    certificate: bytes  # DER
    trust: TrustStore
    key: ECKey

    @classmethod
    def load(cls, path: Path, party: str, trust: TrustStore) -> Self:
        """Read a certificate (PEM). Raises SignerError: not there, not P-256, not the party's."""
        certificate = read_pem(path, x509.load_pem_x509_certificate, "certificate")
        key = P256.key_of(certificate)
        if not (isinstance(key, ec.EllipticCurvePublicKey) and P256.takes(key)):
            raise SignerError(f"{path}: a key for encryption must be EC P-256")
        der = certificate.public_bytes(Encoding.DER)
        recipient = cls(party, der, trust, ECKey.import_key(key))
        if reason := recipient.trouble(datetime.now(UTC)):
            raise SignerError(f"{path}: no certificate to encrypt to {party} with: {reason}")
        return recipient

    def trouble(self, at: datetime) -> str:
        """Why it must not be used at a time (a reason of libs.messages.errors); empty: nothing."""
        checked = self.trust.check_recipient(self.certificate)
        reason = self.trust.judge(checked, at)
        if reason == "OK" and checked.identity and checked.identity.party != self.party:
            reason = "WRONG_SENDER"
        return "" if reason == "OK" else reason

    def encrypt(self, signed: Signed) -> bytes:
        """The JWE. Raises NoRecipient when the certificate has expired or is revoked."""
        if reason := self.trouble(datetime.now(UTC)):
            raise NoRecipient(f"{self.party}: the certificate to encrypt to is {reason}")
        body, content_type, signature = signed
        cty = content_type if signature is None else f"{content_type}{_BESIDE}"
        header = {"alg": _ALG, "enc": _ENC, "typ": _TYPE, "cty": cty}
        plain = body if signature is None else attached(signature, body)
        return jwe.encrypt_compact(header, plain, self.key, registry=_REGISTRY).encode()


@dataclass(frozen=True)
class Opener:
    """The recipient's side: the private key in a file."""

    key: ECKey

    @classmethod
    def load(cls, path: Path, password: bytes | None = None) -> Self:
        """Read a key (PEM). Raises SignerError."""
        key = read_pem(path, partial(read_private_key, password=password), "private key")
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise SignerError(f"{path}: a key for decryption must be EC P-256")
        return cls(ECKey.import_key(key))

    def open(self, data: bytes) -> Signed:
        """The signed document inside; nothing is said yet of who signed it. Raises Unreadable."""
        try:
            opened = jwe.decrypt_compact(data, self.key, registry=_REGISTRY)
            content_type, is_beside = _CTY[str(opened.headers().get("cty"))]
            plain = opened.plaintext or b""
            if not is_beside:
                return Signed(plain, content_type)
            signature, body = detached(plain.decode("ascii"))
        except (JoseError, Profile, ValueError, KeyError, TypeError) as error:
            raise Unreadable(type(error).__name__) from None
        return Signed(body, content_type, signature)
