"""An authority and signers for tests, with trust files on disk."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from libs.messages.base import Meta
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.parties import Role
from libs.messages.partners import XML
from libs.messages.registry import kind_of
from libs.messages.samples import COMPANY, USCC, a_proposal
from libs.signing import TrustStore
from libs.signing.pki import Authority, Issued, Subject

OPERATOR = Subject(Role.OPERATOR, USCC, COMPANY, "李晓明", "2110000001")


@dataclass
class People:
    """A root, what it issued, and the store that trusts it."""

    folder: Path
    authority: Authority = field(default_factory=Authority.create)

    def __post_init__(self) -> None:
        self.ca.write_bytes(self.authority.issued.certificate_pem())
        self.crl.write_bytes(self.authority.revocations([]))
        self.operator = self.authority.issue(OPERATOR)

    @property
    def ca(self) -> Path:
        """The root's file."""
        return self.folder / "ca.pem"

    @property
    def crl(self) -> Path:
        """The revocation list's file."""
        return self.folder / "crl.pem"

    @property
    def trust(self) -> TrustStore:
        """A store that has just read the files."""
        return TrustStore.load(self.ca, self.crl)

    def revoke(self, issued: Issued) -> None:
        """Put a certificate on the list."""
        self.crl.write_bytes(self.authority.revocations([issued.certificate]))


def now() -> datetime:
    """The time now."""
    return datetime.now(UTC)


def a_document() -> bytes:
    """An unsigned proposal, XML."""
    meta = Meta(
        message_id=UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        document_id="TB20261123ABCDEFGHJK",
        sender=USCC,
        created_at=datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
    )
    form = a_proposal(datetime(2026, 11, 23, tzinfo=UTC).date())
    message = SubmitCargoProposal(meta=meta, form=form)
    return kind_of(SubmitCargoProposal).codec.encode(message, XML)
