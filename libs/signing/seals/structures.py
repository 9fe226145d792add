"""The ASN.1 of GB/T 38540-2020, clauses 6.1 (a seal) and 7.1 (what is sealed). All of it is DER.

Names are the standard's, without the prefixes of its C types.
"""

from typing import Annotated, TypeVar

from cryptography import x509
from cryptography.hazmat import asn1

T = TypeVar("T")

SEAL_ID = "ES"
VERSION = 4  # of seals by GB/T 38540-2020
VERSIONS = frozenset({VERSION, 5})  # some makers write 5; the structure is the same
CERTIFICATES, DIGESTS = 1, 2  # what kind of list names the holders' certificates


@asn1.sequence
class Extension:
    """ExtData: of whoever made it."""

    oid: x509.ObjectIdentifier
    critical: bool
    value: bytes


@asn1.sequence
class Header:
    """SES_Header."""

    id: asn1.IA5String
    version: int
    vendor: asn1.IA5String


@asn1.sequence
class CertificateDigest:
    """CertDigestObj: a holder's certificate by its digest."""

    type: asn1.PrintableString
    value: bytes


@asn1.sequence
class Properties:
    """SES_ESPropertyInfo. `certificates` are those of the holders, or digests of them."""

    type: int
    name: str
    list_type: int
    certificates: list[bytes | CertificateDigest]
    created_at: asn1.GeneralizedTime
    valid_from: asn1.GeneralizedTime
    valid_until: asn1.GeneralizedTime


@asn1.sequence
class Picture:
    """SES_ESPictrueInfo: type (PNG, JPG, …), the file, its size on paper in mm."""

    type: asn1.IA5String
    data: bytes
    width: int
    height: int


@asn1.sequence
class SealInfo:
    """SES_SealInfo: what the maker signs."""

    header: Header
    id: asn1.IA5String
    properties: Properties
    picture: Picture
    extensions: Annotated[list[Extension] | None, asn1.Explicit(0)]


@asn1.sequence
class SealStructure:
    """SESeal."""

    info: SealInfo
    certificate: bytes  # the maker's
    algorithm: x509.ObjectIdentifier
    signature: asn1.BitString


@asn1.sequence
class ToSign:
    """TBS_Sign: what the holder signs."""

    version: int
    seal: SealStructure
    at: asn1.GeneralizedTime
    digest: asn1.BitString
    covers: asn1.IA5String  # propertyInfo: at least what part of the file is protected
    extensions: Annotated[list[Extension] | None, asn1.Explicit(0)]


@asn1.sequence
class SealedStructure:
    """SES_Signature."""

    to_sign: ToSign
    certificate: bytes  # the holder's
    algorithm: x509.ObjectIdentifier
    signature: asn1.BitString
    timestamp: Annotated[asn1.BitString | None, asn1.Explicit(0)]


def parsed(kind: type[T], data: bytes) -> T:
    """A structure. Raises ValueError unless `data` is its one encoding."""
    found = asn1.decode_der(kind, data)
    if asn1.encode_der(found) != data:  # signatures are checked over what is encoded again
        raise ValueError("not DER")
    return found


def encoded(structure: object) -> bytes:
    """DER."""
    return asn1.encode_der(structure)


def bits(value: bytes) -> asn1.BitString:
    """A BIT STRING of whole bytes."""
    return asn1.BitString(value, 0)
