"""Something sealed: a holder's signature over a digest, with the seal (clauses 7.1 and 7.3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hmac import compare_digest

from cryptography import x509
from cryptography.hazmat import asn1

from libs.signing.seals import structures
from libs.signing.seals.seal import Seal, SealError, certificate_of, check_signature
from libs.signing.seals.structures import SealedStructure, ToSign
from libs.signing.signers import Signer
from libs.signing.suites import BY_OID


def sealed(seal: Seal, content: bytes, covers: str, at: datetime, signer: Signer) -> bytes:
    """SES_Signature, DER, over `content`; `covers` says which part of the file that is (ASCII).

    `at` is the signer's own clock. Raises SealError HOLDER, TIME.
    """
    certificate, suite = signer.certificate, signer.suite
    seal.check(certificate, at)
    to_sign = ToSign(
        version=seal.structure.info.header.version,
        seal=seal.structure,
        at=asn1.GeneralizedTime(at.replace(microsecond=0)),
        digest=structures.bits(suite.digest(content)),
        covers=asn1.IA5String(covers),
        extensions=None,
    )
    signature = suite.wrapped(signer.sign(structures.encoded(to_sign)))
    return structures.encoded(
        SealedStructure(
            to_sign=to_sign,
            certificate=certificate,
            algorithm=suite.oid,
            signature=structures.bits(signature),
            timestamp=None,
        )
    )


@dataclass(frozen=True)
class Sealed:
    """What was sealed, with which seal, by whom, when. The time is the signer's word."""

    structure: SealedStructure
    seal: Seal
    signer: x509.Certificate

    @classmethod
    def read(cls, data: bytes) -> "Sealed":
        """Both signatures and the seal's use are checked. Raises SealError, but not CONTENT.

        Who issued the certificates, who made the seal, and whether either was revoked, the caller
        says.
        """
        try:
            structure = structures.parsed(SealedStructure, data)
        except ValueError as error:
            raise SealError("FORMAT", f"nothing sealed by GB/T 38540: {error}") from None
        to_sign = structure.to_sign
        if to_sign.version != to_sign.seal.info.header.version:
            raise SealError("FORMAT", "the seal is of another version")
        seal = Seal.of(structures.encoded(to_sign.seal), to_sign.seal)
        signer = certificate_of(structure.certificate)
        check_signature(
            signer, structure.algorithm, structure.signature, structures.encoded(to_sign)
        )
        found = cls(structure, seal, signer)
        seal.check(structure.certificate, found.at)
        return found

    @cached_property
    def at(self) -> datetime:
        """When, as the signer says."""
        return self.structure.to_sign.at.as_datetime()

    @property
    def covers(self) -> str:
        """Which part of the file, as the signer says."""
        return self.structure.to_sign.covers.as_str()

    def check(self, content: bytes) -> None:
        """Whether this is what was sealed. Raises SealError CONTENT."""
        digest = BY_OID[self.structure.algorithm].digest(content)
        if not compare_digest(digest, self.structure.to_sign.digest.as_bytes()):
            raise SealError("CONTENT", "the file was changed after it was sealed")
