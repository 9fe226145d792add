"""A signed message to measure with: a card, a store that trusts it, the message in its forms."""

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from libs.messages import samples
from libs.messages.base import Message, Meta
from libs.messages.full_proposal import a_full_proposal
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.parties import Role
from libs.messages.partners import XML
from libs.messages.registry import Kind, kind_of
from libs.signing import TrustStore, sign_xml
from libs.signing.pki import Authority, Issued, Subject


@dataclass(frozen=True)
class Bench:
    """A card, a store that trusts it, and a message in all its forms."""

    card: Issued
    trust: TrustStore
    root_pem: bytes
    message: Message
    kind: Kind
    signed: bytes


def a_meta() -> Meta:
    """The head of a message sent now."""
    return Meta(
        message_id=uuid4(),
        document_id="TB20261123ABCDEFGHJK",
        sender=samples.USCC,
        created_at=datetime.now(UTC),
    )


def a_bench(message: Message | None = None) -> Bench:
    """A fresh one; its message is a full proposal unless another is given."""
    authority = Authority.create()
    subject = Subject(Role.OPERATOR, samples.USCC, samples.COMPANY, "李晓明", "2110000001")
    card = authority.issue(subject)
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder) / "ca.pem"
        root_pem = authority.issued.certificate_pem()
        ca.write_bytes(root_pem)
        trust = TrustStore.load(ca)
    today = datetime.now(UTC).date()
    message = message or SubmitCargoProposal(meta=a_meta(), form=a_full_proposal(today))
    kind = kind_of(type(message))
    signed = sign_xml(kind.codec.encode(message, XML), card.signer)
    return Bench(card, trust, root_pem, message, kind, signed)
