"""What verification finds: intact, trusted, permitted, told apart, with a reason code."""

from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from libs.messages.parties import Role


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed, as the certificate says."""

    role: Role
    party: str  # USCC, partner code or service name
    name: str
    holder: str
    card: str
    serial: str
    fingerprint: str  # SHA-256 of the certificate, hex


class Verdict(NamedTuple):  # made and changed for every message: cheaper than a data class
    """`reason` is OK, or the first thing that was wrong (codes of libs.messages.errors)."""

    intact: bool
    trusted: bool
    permitted: bool | None
    reason: str
    signer: Identity | None = None
    kind: str | None = None
    suite: str | None = None
    detail: str = ""

    def permit(self, roles: Container[Role]) -> "Verdict":
        """The verdict when only `roles` may sign."""
        if not (self.trusted and self.signer):
            return self._replace(permitted=False)
        if self.signer.role in roles:
            return self._replace(permitted=True)
        return self._replace(permitted=False, reason="NOT_PERMITTED")


@dataclass(frozen=True, slots=True)
class Verified:
    """A verdict and, when the signature is intact, exactly what it covers.

    `content` is the document without its Signature (XMLDSig: bytes in canonical form when they
    came so, else the root element) or the bytes (JWS).
    """

    verdict: Verdict
    content: etree._Element | bytes | None = None


def refused(reason: str, detail: str = "", kind: str | None = None) -> Verified:
    """A signature that could not even be checked."""
    verdict = Verdict(False, False, None, reason, kind=kind, detail=detail)
    return Verified(verdict)
