"""Cards, and certificates that our own authority would not issue."""

from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from libs.messages.partners import XML
from libs.signing import TrustStore, sign_xml, verify
from libs.signing.pki import Authority, Issued
from tests.support.people import OPERATOR, a_document, now

Builder = x509.CertificateBuilder
Extension = x509.ExtensionType


def signed_by(card: Issued) -> bytes:
    """A proposal."""
    return sign_xml(a_document(), card.signer)


def trusting(folder: Path, *authorities: Authority) -> TrustStore:
    """A store that trusts `authorities`."""
    path = folder / "ca.pem"
    path.write_bytes(b"".join(one.issued.certificate_pem() for one in authorities))
    return TrustStore.load(path)


def judged(card: Issued, store: TrustStore) -> str:
    """What a store says of what a card signs now."""
    return verify(signed_by(card), XML, None, store, now()).verdict.reason


def issued(
    authority: Authority,
    change: Callable[[Builder], Builder] = lambda builder: builder,
    without: tuple[type[Extension], ...] = (),
) -> Issued:
    """A leaf as `authority.issue` makes it, with other extensions."""
    model = authority.issue(OPERATOR)
    builder = Builder(
        issuer_name=model.certificate.issuer,
        subject_name=model.certificate.subject,
        public_key=model.certificate.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=model.certificate.not_valid_before_utc,
        not_valid_after=model.certificate.not_valid_after_utc,
    )
    for extension in model.certificate.extensions:
        if not isinstance(extension.value, without):
            builder = builder.add_extension(extension.value, extension.critical)
    return Issued(model.key, change(builder).sign(authority.issued.key, hashes.SHA256()))


def usage(**chosen: bool) -> x509.KeyUsage:
    """A key usage of only what is chosen."""
    names = (
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only"
    )
    return x509.KeyUsage(**(dict.fromkeys(names.split(), False) | chosen))
