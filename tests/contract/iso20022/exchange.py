"""The gateway and a sandbox bank talk to each other: signed bytes and headers, nothing else.

Two implementations that share no code of ISO 20022. Every document that passes is checked against
the schemas here as well.
"""

from datetime import datetime
from functools import cache
from importlib.metadata import distribution
from uuid import UUID

from lxml import etree

from libs.messages.base import Message
from libs.messages.envelope import Envelope, check, envelope_of
from libs.messages.kinds.debit import (
    CancelMandate,
    DebitAgreementForm,
    MandateAction,
    MandateReceipt,
    RequestMandate,
)
from libs.messages.kinds.payment import (
    CollectionReceipt,
    CollectPremium,
    Items,
    Party,
    QueryCollection,
)
from libs.messages.partners import XML
from libs.messages.samples import ACCOUNT, COMPANY, ICBC_BANK_NO, USCC, a_debit_agreement
from libs.messages.topics import TOPICS
from libs.signing import sign_jws, verify
from sandbox.desk import Mail
from sandbox.posting import Letter
from services.gateway.iso20022.kinds import BANK_KINDS
from tests.unit.gateway.desk import AGREEMENT, PAYMENT, Desk, as_actor
from tests.unit.sandbox.counter import NOW, Counter

KIND_OF_MODEL = {kind.model: kind for kind in BANK_KINDS.values()}


class Exchange:
    """Payment on one side, one bank on the other, the gateway between."""

    def __init__(self, bank: Counter) -> None:
        self.desk = Desk(bank.code)
        self.bank = bank
        self.mail: list[Mail] = []
        self.letters: list[Letter] = []
        self.loses_mail = False

    def ask(self, request: Message, *, now: datetime = NOW) -> None:
        """Payment asks; whatever the gateway and the bank send goes to the other side."""
        self.desk.ask(request)
        topic, message = self.desk.office.sent[-1]
        mail = self.posted(topic, message)
        self.mail.append(mail)
        if not self.loses_mail:
            self.deliver(self.bank.post(mail, now))

    def posted(self, topic: str, message: Message) -> Mail:
        """The gateway's message as the chassis publishes it."""
        kind = KIND_OF_MODEL[type(message)]
        assert kind.ce_type in TOPICS[topic].kinds
        body = kind.codec.encode(message, XML)
        must_be_valid(kind.name, body)
        envelope = envelope_of(message, kind.ce_type, XML)
        headers = [
            *envelope.to_headers(),
            ("ce_signature", sign_jws(body, self.bank.keys.gateway).encode()),
        ]
        return Mail(headers, body)

    def deliver(self, letters: list[Letter]) -> None:
        """The bank's letters reach the gateway, checked as the chassis checks them."""
        for letter in letters:
            self.letters.append(letter)
            self.desk.hear(self.read(letter), as_actor(self.bank.code))

    def read(self, letter: Letter) -> Message:
        """The message in a letter of the bank."""
        envelope = Envelope.from_headers(letter.headers)
        kind = BANK_KINDS[envelope.type]
        found = verify(
            letter.body, envelope.content_type, envelope.signature, self.bank.keys.trust, NOW
        )
        assert found.verdict.permit(kind.signed_by).permitted
        assert isinstance(found.content, bytes)
        must_be_valid(kind.name, found.content)
        message = kind.codec.decode(found.content, envelope.content_type)
        check(envelope, kind.ce_type, message)
        return message

    def sign(
        self,
        form: DebitAgreementForm | None = None,
        action: MandateAction = MandateAction.INITIATE,
        attempt: int = 1,
    ) -> MandateReceipt:
        request = RequestMandate(
            meta=self.desk.meta(AGREEMENT),
            bank=self.bank.code,
            action=action,
            form=form or a_debit_agreement(self.bank.code),
            attempt=attempt,
        )
        self.ask(request)
        return self.desk.mandate_receipts[-1]

    def cancel(self, number: str) -> MandateReceipt:
        meta = self.desk.meta(AGREEMENT)
        self.ask(
            CancelMandate(
                meta=meta, bank=self.bank.code, agreement_no=number, reason="更换开户银行" * 30
            )
        )
        return self.desk.mandate_receipts[-1]

    def collect(self, number: str, items: Items, payment: str = PAYMENT) -> CollectionReceipt:
        request = CollectPremium(
            meta=self.desk.meta(payment),
            bank=self.bank.code,
            agreement_no=number,
            debtor=Party(name=COMPANY, account=ACCOUNT, bank_no=ICBC_BANK_NO),
            debtor_uscc=USCC,
            creditor=Party(name="人保财险（沙箱）"),
            insurer="PICC",
            items=items,
            total=sum(item.amount for item in items),
        )
        self.ask(request)
        return self.desk.collection_receipts[-1]

    def query(self, payment: str = PAYMENT, attempt: int = 1) -> None:
        meta = self.desk.meta(payment)
        self.ask(QueryCollection(meta=meta, bank=self.bank.code, attempt=attempt))


def must_be_valid(name: str, body: bytes) -> None:
    """Against the XSD, with this test's own eyes."""
    schema(name).assertValid(etree.fromstring(body))


@cache
def schema(name: str) -> etree.XMLSchema:
    folder = "services/gateway/iso20022" if name == "status-request.01" else None
    if folder is None:
        return etree.XMLSchema(
            etree.parse(str(distribution("sepa").locate_file(f"sepa/schemas/{name}.xsd")))
        )
    return etree.XMLSchema(etree.parse(f"{folder}/schemas/{name}.xsd"))


def letter_id(letter: Letter) -> UUID:
    """The message id of a letter."""
    return Envelope.from_headers(letter.headers).id
