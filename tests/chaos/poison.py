"""Signed proposals as they lie on policy's topic, and every kind of bad input made of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from uuid import uuid4

from bench.load.traders import Trader
from deploy.local.keys import ensure_authority
from deploy.local.stack import LocalStack
from libs.messages import numbers, samples
from libs.messages.base import Message, Meta
from libs.messages.envelope import envelope_of
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.kinds.proposal import (
    SubmitCargoProposal,
    UnderwritingReceipt,
    UnderwritingResult,
)
from libs.messages.kinds.proposal_form import CargoProposalForm
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.registry import kind_of
from libs.service.outbox import Outbound
from libs.signing import FileSigner
from libs.signing.pki import Authority, Subject
from sandbox.desk import NONSENSE
from tests.chaos.mutant_messages import BREAKS
from tongbao.client import Card, SoftwareCard
from tongbao.demo.scenes import today

TOPIC = "policy.commands"
_DEEP, _LARGE = 10_000, 10 * 1024 * 1024


@dataclass
class Signing:
    """Writes and signs records for policy's topic."""

    stack: LocalStack
    trader: Trader

    def proposal(self, card: Card | None = None, **over: object) -> Outbound:
        """A good one, unless `signer` or a field of its head is wrong."""
        return self.signed(SubmitCargoProposal(meta=self.meta(**over), form=self.form), card)

    def meta(self, **over: object) -> Meta:
        """The head of a message of this trader."""
        fields: dict[str, object] = {
            "message_id": uuid4(),
            "document_id": numbers.new_number(numbers.PROPOSAL, today()),
            "sender": self.trader.company.uscc,
            "created_at": datetime.now(UTC),
        }
        return Meta.model_validate(fields | over)

    def signed(self, message: Message, card: Card | None = None) -> Outbound:
        """A message as it travels, signed by the trader's operator unless told otherwise."""
        kind = kind_of(type(message))
        body = (card or self.trader.operator.card).sign(kind.codec.encode(message, XML))
        headers = tuple(envelope_of(message, kind.ce_type, XML).to_headers())
        return Outbound(TOPIC, message.meta.document_id.encode(), headers, body)

    @cached_property
    def form(self) -> CargoProposalForm:
        """What is proposed, always the same."""
        company = self.trader.company
        return samples.a_proposal(
            today(),
            company.insurer,
            name=company.name,
            uscc=company.uscc,
            agreement_no=self.trader.agreement.partition(".")[2],
        )

    def card(self, name: str) -> Card:
        """The signer of a card of the local stack."""
        path = self.stack.home.cards / name
        return SoftwareCard(FileSigner.load(path.with_suffix(".key"), path.with_suffix(".pem")))

    @cached_property
    def stranger(self) -> Card:
        """Certified by nobody whom we trust."""
        return SoftwareCard(Authority.create("Somebody").issue(self._operator).signer)

    @cached_property
    def expired(self) -> Card:
        """Certified, a month ago, for ten days."""
        since = datetime.now(UTC) - timedelta(days=30)
        authority = ensure_authority(self.stack.home)
        return SoftwareCard(authority.issue(self._operator, since=since, days=10).signer)

    @property
    def _operator(self) -> Subject:
        return Subject(Role.OPERATOR, self.trader.company.uscc, self.trader.company.name)


def _header(row: Outbound, name: str, value: bytes) -> Outbound:
    headers = tuple((n, v) for n, v in row.headers if n != name)
    return replace(row, headers=(*headers, (name, value)))


def _body(s: Signing, body: bytes) -> Outbound:
    return replace(s.proposal(), body=body)


def unsigned(s: Signing) -> Outbound:
    message = SubmitCargoProposal(meta=s.meta(), form=s.form)
    return replace(s.signed(message), body=kind_of(type(message)).codec.encode(message, XML))


def badly_signed(s: Signing) -> Outbound:
    good = s.proposal()
    return replace(good, body=good.body.replace("李晓明".encode(), "李小明".encode()))


def wrong_kind(s: Signing) -> Outbound:
    number = numbers.new_number(numbers.BOOKING, today())
    return s.signed(SubmitBooking(meta=s.meta(document_id=number), form=samples.a_booking()))


def broken_json(s: Signing) -> Outbound:
    signature = s.trader.operator.card.sign_beside(b"{").encode()
    return _header(
        _header(_body(s, b"{"), "content-type", JSON.encode()), "ce_signature", signature
    )


def reply_to_nothing(s: Signing) -> Outbound:
    pki, insurer = s.stack.home.pki, s.trader.company.insurer
    receipt = UnderwritingReceipt(meta=s.meta(sender=insurer), result=UnderwritingResult.PENDING)
    signer = FileSigner.load(pki / f"{insurer}.key", pki / f"{insurer}.pem")
    return s.signed(receipt, SoftwareCard(signer))


def breaks_our_code(s: Signing) -> Outbound:
    """Good in itself; a policy with the mutation `breaks_on_marked` cannot store it."""
    number = numbers.new_number(numbers.PROPOSAL, today())
    return s.proposal(document_id=number[: -len(BREAKS)] + BREAKS)


CASES: dict[str, tuple[Callable[[Signing], Outbound], str]] = {
    "unsigned": (unsigned, "NOT_SIGNED"),
    "badly signed": (badly_signed, "BAD_SIGNATURE"),
    "untrusted": (lambda s: s.proposal(s.stranger), "NOT_TRUSTED"),
    "expired": (lambda s: s.proposal(s.expired), "EXPIRED"),
    "legal card": (lambda s: s.proposal(s.card("tongda-legal")), "NOT_PERMITTED"),
    "other company": (lambda s: s.proposal(s.card("haifeng-operator")), "WRONG_SENDER"),
    "wrong kind": (wrong_kind, "WRONG_KIND"),
    "other document": (
        lambda s: _header(s.proposal(), "ce_subject", b"TB20261123AAAAAAAAAA"),
        "HEADERS",
    ),
    "unknown kind": (
        lambda s: _header(s.proposal(), "ce_type", b"cn.tongbao.Nothing.v1"),
        "UNKNOWN_KIND",
    ),
    "unknown version": (
        lambda s: _header(s.proposal(), "ce_type", b"cn.tongbao.SubmitCargoProposal.v9"),
        "UNKNOWN_VERSION",
    ),
    "no headers": (lambda s: replace(s.proposal(), headers=()), "HEADERS"),
    "bad header": (lambda s: _header(s.proposal(), "ce_source", b"\xff\xfe"), "HEADERS"),
    "broken XML": (lambda s: _body(s, b"<SubmitCargoProposal"), "SYNTAX"),
    "broken JSON": (broken_json, "SYNTAX"),
    "nonsense": (lambda s: _body(s, NONSENSE), "SYNTAX"),
    "DTD": (lambda s: _body(s, b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'), "DTD"),
    "10 MB": (lambda s: _body(s, b"<a>" + b"x" * _LARGE + b"</a>"), "TOO_LARGE"),
    "10,000 deep": (lambda s: _body(s, b"<a>" * _DEEP + b"</a>" * _DEEP), "TOO_DEEP"),
    "empty": (lambda s: _body(s, b""), "SYNTAX"),
    "reply to nothing": (reply_to_nothing, "UNKNOWN_DOCUMENT"),
    "breaks our code": (breaks_our_code, "UNEXPECTED"),
}
