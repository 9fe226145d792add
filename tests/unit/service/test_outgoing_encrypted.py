"""What goes to a partner that wants it encrypted is encrypted, whatever way it came to go there."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from libs.decisions import Emit, Forward, Resend
from libs.messages.base import Meta
from libs.messages.envelope import Envelope, envelope_of
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.kinds.proposal import PremiumPaid
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.registry import KINDS, kind_of
from libs.messages.samples import USCC, a_booking
from libs.messages.topics import TOPICS
from libs.service.incoming import Accepted, Incoming
from libs.service.outbox import Outbound
from libs.service.outgoing import Outgoing, Trail
from libs.service.recipients import recipients
from libs.signing import Identity, SignerError, TrustStore, Verdict, sign_xml, verify
from libs.signing.encryption import JOSE, NoRecipient, Opener
from libs.signing.pki import Authority, Subject
from tests.support.people import OPERATOR

REQUESTS = "partner.cpic.requests"
BOOKING = "YY20261123K7Q2M9XD4P"
CARD = Identity(Role.OPERATOR, USCC, "c", "h", "C1", "01", "f" * 64)


class Office:
    """The service `policy`, a company's card, and CPIC's key."""

    def __init__(self, folder: Path) -> None:
        authority = Authority.create()
        (folder / "ca.pem").write_bytes(authority.issued.certificate_pem())
        self.folder = folder
        self.card = authority.issue(OPERATOR).signer
        self.policy = authority.issue(Subject(Role.SERVICE, "policy", "policy")).signer
        self.trust = TrustStore.load(folder / "ca.pem")
        cpic = authority.issue(Subject(Role.INSURER, "CPIC", "CPIC"), encryption=True)
        cpic.save(folder / "CPIC-encryption.key", folder / "CPIC-encryption.pem")
        self.opener = Opener.load(folder / "CPIC-encryption.key")

    def outgoing(self) -> Outgoing:
        found = recipients("policy", TOPICS, self.folder, self.trust)
        kinds = {kind.model: kind for kind in KINDS.values()}
        return Outgoing(self.policy, TOPICS, kinds, found)

    def opened(self, sent: Outbound) -> tuple[bytes, str]:
        """The document inside and its signer's party, after every check."""
        envelope = Envelope.from_headers(sent.headers)
        assert envelope.content_type == JOSE
        assert envelope.signature is None
        body, content_type, signature = self.opener.open(sent.body)
        verified = verify(body, content_type, signature, self.trust, datetime.now(UTC))
        assert verified.verdict.trusted
        assert verified.verdict.signer is not None
        return body, verified.verdict.signer.party


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def a_paid() -> PremiumPaid:
    now = datetime.now(UTC)
    meta = Meta(message_id=uuid4(), document_id=BOOKING, sender="policy", created_at=now)
    return PremiumPaid(meta=meta, payment_id="JF1", amount=Decimal("66.00"), paid_at=now)


def an_accepted(office: Office) -> Accepted:
    now = datetime.now(UTC)
    meta = Meta(message_id=uuid4(), document_id=BOOKING, sender=USCC, created_at=now)
    message = SubmitBooking(meta=meta, form=a_booking("CPIC"))
    kind = kind_of(SubmitBooking)
    body = sign_xml(kind.codec.encode(message, XML), office.card)
    envelope = envelope_of(message, kind.ce_type, XML)
    headers = tuple(envelope.to_headers())
    source = Incoming("policy.commands", 0, 0, now, BOOKING.encode(), headers, body)
    return Accepted(source, envelope, kind, message, Verdict(True, True, True, "OK"), CARD)


def test_our_own_message(office: Office) -> None:
    sent = office.outgoing().emit(Emit(REQUESTS, a_paid()), Trail("c", "c", "policy"))
    body, party = office.opened(sent)
    assert party == "policy"
    assert kind_of(PremiumPaid).codec.decode(body, JSON).meta.document_id == BOOKING


def test_a_companys_message_that_is_passed_on(office: Office) -> None:
    message = an_accepted(office)
    sent = office.outgoing().forward(Forward(REQUESTS), message)
    assert office.opened(sent) == (message.raw, USCC)


def test_both_when_they_are_sent_again(office: Office) -> None:
    outgoing, message = office.outgoing(), an_accepted(office)
    own = outgoing.emit(Emit(REQUESTS, a_paid()), Trail("c", "c", "policy"))
    again = Resend(REQUESTS, "policy", uuid4())
    assert outgoing.again(again, own) == own  # it was kept as it went out
    body, party = office.opened(outgoing.again(again, message.source))
    assert (body, party) == (message.raw, USCC)


def test_other_partners_messages_stay_as_they_are(office: Office) -> None:
    sent = office.outgoing().forward(Forward("partner.picc.requests"), an_accepted(office))
    assert Envelope.from_headers(sent.headers).content_type == XML


def test_without_a_certificate_nothing_goes_out(office: Office) -> None:
    kinds = {kind.model: kind for kind in KINDS.values()}
    with pytest.raises(NoRecipient, match="CPIC"):
        Outgoing(office.policy, TOPICS, kinds).forward(Forward(REQUESTS), an_accepted(office))


def test_who_writes_to_it_must_have_its_certificate(office: Office, tmp_path: Path) -> None:
    with pytest.raises(SignerError, match="POLICY_RECIPIENTS is not set: CPIC"):
        recipients("policy", TOPICS, None, office.trust)
    with pytest.raises(SignerError, match=r"nowhere/CPIC-encryption\.pem"):
        recipients("policy", TOPICS, tmp_path / "nowhere", office.trust)
    assert recipients("payment", TOPICS, None, office.trust) == {}
