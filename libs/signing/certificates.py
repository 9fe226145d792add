"""What our certificates say: the party, its role, its card.

Role codes in extension 1.3.6.1.4.1.5315.100.5.3 and the party in organizationIdentifier are this
project's own proposal (docs/decisions/0012); the arc 1.3.6.1.4.1.5315.100 is that of real cards.
"""

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from libs.messages.parties import Role
from libs.signing.verdict import Identity

_ARC = "1.3.6.1.4.1.5315.100"
ROLE_OID = x509.ObjectIdentifier(f"{_ARC}.5.3")
CARD_OID = x509.ObjectIdentifier(f"{_ARC}.5.9")

ROLE_CODES = {
    Role.LEGAL_PERSON: b"01",
    Role.OPERATOR: b"02",
    Role.INSURER: b"11",
    Role.BANK: b"12",
    Role.SERVICE: b"21",
}
_ROLES = {code: role for role, code in ROLE_CODES.items()}


def identity_of(certificate: x509.Certificate) -> Identity:
    """The party of a certificate. Raises ValueError when it names none."""
    role = _ROLES.get(_private(certificate, ROLE_OID))
    party = _name(certificate, NameOID.ORGANIZATION_IDENTIFIER)
    if role is None or not party:
        raise ValueError("the certificate names no role or no party of this system")
    return Identity(
        role=role,
        party=party,
        name=_name(certificate, NameOID.ORGANIZATION_NAME),
        holder=_name(certificate, NameOID.COMMON_NAME),
        card=_private(certificate, CARD_OID).decode("ascii", "replace"),
        serial=f"{certificate.serial_number:x}",
        fingerprint=certificate.fingerprint(SHA256()).hex(),
    )


def _private(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes:
    try:
        value = certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return b""
    return value.value if isinstance(value, x509.UnrecognizedExtension) else b""


def _name(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""
