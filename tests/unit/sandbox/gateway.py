"""What a gateway would ask a bank, and how it would read the answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID, uuid4

from lxml import etree

from libs.messages.envelope import Envelope, time_text
from libs.messages.samples import ACCOUNT, BANK_NUMBERS, COMPANY, USCC
from libs.signing import verify
from sandbox.bank import schemas
from sandbox.bank.replies import Builder
from sandbox.bank.schemas import AMEND, CANCEL, COLLECT, INITIATE, STATUS_REQUEST, TYPE_PREFIX
from sandbox.desk import Mail
from sandbox.posting import Letter
from tests.unit.sandbox.counter import NOW, Counter

AGREEMENT = "SQ20261123K7Q2M9XD4P"
PAYMENT = "JF20261123K7Q2M9XD4P"


@dataclass(frozen=True)
class Reply:
    """A bank's answer, verified and valid."""

    name: str
    root: etree._Element

    def text(self, tag: str) -> str | None:
        """The text of the first element of this name."""
        return self.root.findtext(f".//{{*}}{tag}")

    def texts(self, tag: str) -> list[str | None]:
        """The texts of all elements of this name."""
        return [found.text for found in self.root.iter(f"{{*}}{tag}")]


@dataclass
class Gateway:
    """Asks one bank."""

    bank: Counter
    name: str = COMPANY
    account: str = ACCOUNT
    most: str | None = "500000.00"
    posted: list[Mail] = field(default_factory=list)

    def sign(self, request_id: str = AGREEMENT, *, amend: bool = False) -> Reply:
        """Ask for a mandate (or to change one)."""
        message_id = uuid4()
        e = Builder(AMEND if amend else INITIATE)
        mandate = e(
            "Mndt",
            e("MndtId", "unknown to the test") if amend else None,
            e("MndtReqId", request_id),
            e("TrckgInd", "false"),
            self._most(e),
            e("Cdtr", e("Nm", "人保财险（沙箱）")),
            e("Dbtr", e("Nm", self.name), _org(e, USCC)),
            e("DbtrAcct", e("Id", e("Othr", e("Id", self.account)))),
            _agent(e, self.bank.code),
        )
        header = _header(e, message_id)
        if not amend:
            return self._ask(e, request_id, message_id, e("MndtInitnReq", header, mandate))
        original = e("OrgnlMndt", e("OrgnlMndtId", "unknown to the test"))
        reason = e("AmdmntRsn", e("Rsn", e("Prtry", "重新签署")))
        body = e("MndtAmdmntReq", header, e("UndrlygAmdmntDtls", reason, mandate, original))
        return self._ask(e, request_id, message_id, body)

    def cancel(self, mandate_id: str) -> Reply:
        """Ask to end a mandate."""
        message_id, e = uuid4(), Builder(CANCEL)
        details = e(
            "UndrlygCxlDtls",
            e("CxlRsn", e("Rsn", e("Prtry", "解约"))),
            e("OrgnlMndt", e("OrgnlMndtId", mandate_id)),
        )
        body = e("MndtCxlReq", _header(e, message_id), details)
        return self._ask(e, AGREEMENT, message_id, body)

    def collect(
        self, mandate_id: str, *rows: tuple[str, str], payment: str = PAYMENT, ccy: str = "CNY"
    ) -> Reply:
        """Ask to collect premiums."""
        message_id, e = uuid4(), Builder(COLLECT)
        total = f"{sum(Decimal(amount) for _, amount in rows):.2f}"
        details = e(
            "PmtInf",
            e("PmtInfId", payment),
            e("PmtMtd", "DD"),
            e("NbOfTxs", str(len(rows))),
            e("CtrlSum", total),
            e("ReqdColltnDt", "2026-11-23"),
            e("Cdtr", e("Nm", "人保财险（沙箱）")),
            e("CdtrAcct", e("Id", e("Othr", e("Id", "1234567890")))),
            e("CdtrAgt", e("FinInstnId")),
            *self._rows(e, mandate_id, rows, ccy),
        )
        body = e("CstmrDrctDbtInitn", _header(e, message_id, len(rows)), details)
        return self._ask(e, payment, message_id, body)

    def status(self, payment: str = PAYMENT) -> Reply:
        """Ask what became of a payment."""
        message_id, e = uuid4(), Builder(STATUS_REQUEST)
        root = e(
            "StatusRequest",
            e("MsgId", message_id.hex),
            e("CreDtTm", time_text(NOW)),
            e("InitgPty", e("Id", e("OrgId", e("Othr", e("Id", "gateway"))))),
            e("OrgnlPmtInfId", payment),
        )
        return self._send(STATUS_REQUEST, root, payment, message_id)

    def repeat(self) -> Reply:
        """Send the last request again, as it was."""
        (letter,) = self.bank.post(self.posted[-1])
        return self.read(letter)

    def _most(self, e: Builder) -> etree._Element | None:
        if self.most is None:
            return None
        amount = e("MaxAmt", self.most)
        amount.set("Ccy", "CNY")
        return amount

    def _rows(
        self, e: Builder, mandate_id: str, rows: Iterable[tuple[str, str]], ccy: str
    ) -> Iterable[etree._Element]:
        for proposal, text in rows:
            amount = e("InstdAmt", text)
            amount.set("Ccy", ccy)
            yield e(
                "DrctDbtTxInf",
                e("PmtId", e("EndToEndId", proposal)),
                amount,
                e("DrctDbtTx", e("MndtRltdInf", e("MndtId", mandate_id))),
                _agent(e, self.bank.code),
                e("Dbtr", e("Nm", self.name), _org(e, USCC)),
                e("DbtrAcct", e("Id", e("Othr", e("Id", self.account)))),
            )

    def _ask(self, e: Builder, document_id: str, message_id: UUID, body: etree._Element) -> Reply:
        return self._send(e.name, e("Document", body), document_id, message_id)

    def _send(self, name: str, root: etree._Element, document_id: str, message_id: UUID) -> Reply:
        schemas.must_be_valid(name, root)
        body = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        mail = self.bank.mail_of(f"{TYPE_PREFIX}{name}", body, document_id, message_id)
        self.posted.append(mail)
        (letter,) = self.bank.post(mail)
        return self.read(letter)

    def read(self, letter: Letter) -> Reply:
        """A letter of the bank: signed beside the body, valid, and to the right document."""
        envelope = Envelope.from_headers(letter.headers)
        found = verify(
            letter.body, envelope.content_type, envelope.signature, self.bank.keys.trust, NOW
        )
        assert found.verdict.trusted
        assert found.verdict.signer
        assert found.verdict.signer.party == self.bank.code
        root = etree.fromstring(letter.body)
        name = envelope.type.removeprefix(TYPE_PREFIX)
        assert schemas.schema(name).validate(root)
        assert letter.key.decode() == envelope.subject
        reply = Reply(name, root)
        assert reply.text("MsgId") == envelope.id.hex
        return reply


def _header(e: Builder, message_id: UUID, count: int | None = None) -> etree._Element:
    return e(
        "GrpHdr",
        e("MsgId", message_id.hex),
        e("CreDtTm", time_text(NOW)),
        e("NbOfTxs", str(count)) if count else None,
        e("InitgPty", _org(e, "gateway")),
    )


def _org(e: Builder, number: str) -> etree._Element:
    return e("Id", e("OrgId", e("Othr", e("Id", number))))


def _agent(e: Builder, bank: str) -> etree._Element:
    system = e("ClrSysMmbId", e("ClrSysId", e("Cd", "CNAPS")), e("MmbId", BANK_NUMBERS[bank]))
    return e("DbtrAgt", e("FinInstnId", system))
