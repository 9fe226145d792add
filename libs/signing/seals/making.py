"""Making seals, for tests, the sandbox and local stacks: who makes real ones is licensed to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat import asn1

from libs.signing.seals import structures
from libs.signing.seals.structures import Header, Picture, Properties, SealInfo, SealStructure
from libs.signing.signers import Signer

VENDOR = "Tongbao sandbox"


@dataclass(frozen=True, slots=True)
class Look:
    """A picture: its file, of which type (PNG, JPG), how large on paper in mm."""

    data: bytes
    type: str = "PNG"
    width: int = 42  # a company's round seal
    height: int = 42


def made(
    maker: Signer,
    number: str,
    name: str,
    holders: Iterable[bytes],
    look: Look,
    valid: tuple[datetime, datetime],
    kind: int = 1,
) -> bytes:
    """A seal (SESeal, DER) for the holders of these certificates. `kind` is the maker's own."""
    since, until = (_time(each) for each in valid)
    properties = Properties(
        type=kind,
        name=name,
        list_type=structures.CERTIFICATES,
        certificates=list(holders),
        created_at=since,
        valid_from=since,
        valid_until=until,
    )
    info = SealInfo(
        header=Header(
            id=asn1.IA5String(structures.SEAL_ID),
            version=structures.VERSION,
            vendor=asn1.IA5String(VENDOR),
        ),
        id=asn1.IA5String(number),
        properties=properties,
        picture=Picture(
            type=asn1.IA5String(look.type), data=look.data, width=look.width, height=look.height
        ),
        extensions=None,
    )
    suite = maker.suite
    return structures.encoded(
        SealStructure(
            info=info,
            certificate=maker.certificate,
            algorithm=suite.oid,
            signature=structures.bits(suite.wrapped(maker.sign(structures.encoded(info)))),
        )
    )


def _time(at: datetime) -> asn1.GeneralizedTime:
    return asn1.GeneralizedTime(at.replace(microsecond=0))
