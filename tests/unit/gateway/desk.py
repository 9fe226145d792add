"""The gateway, in the words of its tests."""

from decimal import Decimal
from uuid import UUID, uuid4

from libs.decisions import Actor
from libs.messages.base import Message, Meta
from libs.messages.kinds.debit import (
    CancelMandate,
    MandateAction,
    MandateReceipt,
    RequestMandate,
)
from libs.messages.kinds.payment import (
    CollectionReceipt,
    CollectPremium,
    Party,
    PaymentItem,
    QueryCollection,
)
from libs.messages.parties import Role
from libs.messages.partners import PARTNERS, partner_topic
from libs.messages.samples import ACCOUNT, COMPANY, ICBC_BANK_NO, USCC, a_debit_agreement
from services.gateway.handlers import HANDLERS
from services.gateway.iso20022.kinds import ALL_KINDS
from services.gateway.iso20022.models import MandateReport, RowStatus, Status, StatusReport
from tests.support.office import Office, a_meta

AGREEMENT = "SQ20261123K7Q2M9XD4P"
PAYMENT = "JF20261123AAAAAAAAAA"
PROPOSAL = "TB20261123AAAAAAAAAA"
OTHER_PROPOSAL = "TB20261123BBBBBBBBBB"
MANDATE_NO = "MD0001"
PAYMENT_SERVICE = Actor(Role.SERVICE, "payment", "单一窗口")
PREMIUM = Decimal("55.00")


def as_actor(code: str) -> Actor:
    """A partner, as its certificate names it."""
    return Actor(PARTNERS[code].role, code, PARTNERS[code].name)


ICBC, BOC = as_actor("ICBC"), as_actor("BOC")


class Desk:
    """The gateway's office between payment and the banks."""

    def __init__(self, bank: str = "ICBC") -> None:
        self.bank = bank
        self.office = Office("gateway", HANDLERS, kinds=ALL_KINDS)
        self.asked: Message

    def meta(self, document_id: str) -> Meta:
        return a_meta(document_id, PAYMENT_SERVICE)

    def ask(self, message: Message) -> str:
        """Payment asks; returns the MsgId that the bank will answer to."""
        self.office.topic = "gateway.commands"
        self.asked = message
        self.office.take(message, PAYMENT_SERVICE)
        return message.meta.message_id.hex

    def hear(self, message: Message, by: Actor, topic: str | None = None) -> None:
        """A partner says something, by its own topic unless told."""
        self.office.topic = topic or partner_topic(by.party, "replies")
        self.office.take(message, by)

    def sign(self, attempt: int = 1, action: MandateAction = MandateAction.INITIATE) -> str:
        return self.ask(
            RequestMandate(
                meta=self.meta(AGREEMENT),
                bank=self.bank,
                action=action,
                form=a_debit_agreement(),
                attempt=attempt,
            )
        )

    def cancel(self) -> str:
        meta = self.meta(AGREEMENT)
        return self.ask(
            CancelMandate(meta=meta, bank=self.bank, agreement_no=MANDATE_NO, reason="换银行")
        )

    def collect(self, *items: tuple[str, Decimal]) -> str:
        rows = tuple(PaymentItem(proposal_id=p, amount=a) for p, a in items)
        rows = rows or (PaymentItem(proposal_id=PROPOSAL, amount=PREMIUM),)
        return self.ask(
            CollectPremium(
                meta=self.meta(PAYMENT),
                bank=self.bank,
                agreement_no=MANDATE_NO,
                debtor=Party(name=COMPANY, account=ACCOUNT, bank_no=ICBC_BANK_NO),
                debtor_uscc=USCC,
                creditor=Party(name="人保财险（沙箱）"),
                insurer="PICC",
                items=rows,
                total=sum((row.amount for row in rows), Decimal(0)),
            )
        )

    def query(self, bank: str | None = None) -> str:
        meta = self.meta(PAYMENT)
        return self.ask(QueryCollection(meta=meta, bank=bank or self.bank, attempt=1))

    def decides(
        self,
        original: str,
        *,
        accepted: bool = True,
        by: Actor = ICBC,
        number: str = MANDATE_NO,
        reason: str | None = None,
        topic: str | None = None,
    ) -> None:
        """The bank's pain.012."""
        meta = a_meta(AGREEMENT, by).model_copy(update={"in_reply_to": UUID(original)})
        report = MandateReport(
            meta=meta,
            original_id=original,
            accepted=accepted,
            mandate_id=number if accepted else None,
            reason=reason,
        )
        self.hear(report, by, topic)

    def reports(
        self,
        status: Status,
        *rows: tuple[str, Status],
        by: Actor = ICBC,
        about: str = PAYMENT,
        original: str | None = None,
        name: str = "pain.008.001.07",
        reason: str | None = None,
        total: Decimal | None = None,
        reference: str | None = None,
    ) -> None:
        """The bank's pain.002."""
        original = original or uuid4().hex
        meta = a_meta(about, by).model_copy(update={"in_reply_to": UUID(original)})
        report = StatusReport(
            meta=meta,
            original_id=original,
            original_name=name,
            status=status,
            rows=tuple(RowStatus(proposal_id=p, status=s) for p, s in rows),
            control_sum=total,
            reason=reason,
            reference=reference,
        )
        self.hear(report, by)

    @property
    def mandate_receipts(self) -> list[MandateReceipt]:
        return self.office.messages(MandateReceipt)

    @property
    def collection_receipts(self) -> list[CollectionReceipt]:
        return self.office.messages(CollectionReceipt)
