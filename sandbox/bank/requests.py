"""What a bank is asked, read from XML."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree

from libs.messages.errors import Malformed
from sandbox.bank import schemas
from sandbox.bank.schemas import AMEND, CANCEL, COLLECT, INITIATE, STATUS_REQUEST

CURRENCY = "CNY"
_DAY_LENGTH = 10  # an ISO date may carry a time zone


@dataclass(frozen=True, slots=True)
class Side:
    """Payer or payee."""

    name: str
    org: str = ""
    account: str = ""
    bank_no: str = ""


@dataclass(frozen=True, slots=True)
class MandateRequest:
    """pain.009 and pain.010: have or change a mandate.

    `company` is the debtor's own name; `debtor.name` is the account's, where one is given.
    """

    request_id: str
    company: str
    debtor: Side
    creditor: Side
    most: Decimal | None
    daily: Decimal | None
    last_day: date | None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """pain.011: end a mandate, named by the bank's number or the one it was asked for under."""

    mandate_id: str


@dataclass(frozen=True, slots=True)
class Row:
    """One premium of a collection."""

    id: str
    amount: Decimal
    currency: str
    mandate_id: str


@dataclass(frozen=True, slots=True)
class CollectRequest:
    """pain.008: one payment of one or more premiums."""

    payment_id: str
    rows: tuple[Row, ...]

    @property
    def total(self) -> Decimal:
        """The sum of the rows."""
        return sum((row.amount for row in self.rows), Decimal(0))


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Our own status request: what became of a payment."""

    payment_id: str


Request = MandateRequest | CancelRequest | CollectRequest | StatusRequest


@dataclass(frozen=True, slots=True)
class Head:
    """Who asks, and under which message id."""

    message_id: str
    sender: str


def read(name: str, root: etree._Element) -> tuple[Head, Request]:
    """A request that its schema allows. Raises Malformed."""
    schemas.must_be_valid(name, root)
    if name == STATUS_REQUEST:
        head = Head(_text(root, "MsgId"), _sender(root))
        return head, StatusRequest(_text(root, "OrgnlPmtInfId"))
    body = root[0]
    header = _one(body, "GrpHdr")
    return Head(_text(header, "MsgId"), _sender(header)), _READERS[name](body)


def _initiation(body: etree._Element) -> MandateRequest:
    return _mandate(body, _one(body, "Mndt"))


def _amendment(body: etree._Element) -> MandateRequest:
    return _mandate(body, _one(body, "UndrlygAmdmntDtls/Mndt"))


def _mandate(body: etree._Element, mandate: etree._Element) -> MandateRequest:
    request_id = _text(mandate, "MndtReqId")
    last_day = mandate.findtext(_path("Ocrncs/FnlColltnDt"))
    return MandateRequest(
        request_id,
        _text(mandate, "Dbtr/Nm"),
        _side(mandate, "Dbtr"),
        _side(mandate, "Cdtr"),
        _yuan(mandate, "MaxAmt"),
        _yuan(body, "SplmtryData/Envlp/DailyLimit"),
        date.fromisoformat(last_day[:_DAY_LENGTH]) if last_day else None,
    )


def _yuan(parent: etree._Element, path: str) -> Decimal | None:
    amount = parent.find(_path(path))
    if amount is None:
        return None
    if amount.get("Ccy") != CURRENCY:
        raise Malformed("FIELDS", f"{path} Ccy 应为 {CURRENCY}")
    return Decimal(amount.text or "")


def _cancellation(body: etree._Element) -> CancelRequest:
    original = _one(body, "UndrlygCxlDtls/OrgnlMndt")
    plain = original.findtext(_path("OrgnlMndtId"))
    return CancelRequest(plain or _text(original, "OrgnlMndt/MndtId"))


def _collection(body: etree._Element) -> CollectRequest:
    payment = _one(body, "PmtInf")
    rows = tuple(_row(row) for row in payment.findall(_path("DrctDbtTxInf")))
    if len({row.id for row in rows}) != len(rows):
        raise Malformed("FIELDS", "EndToEndId 重复")
    return CollectRequest(_text(payment, "PmtInfId"), rows)


def _row(row: etree._Element) -> Row:
    amount = _one(row, "InstdAmt")
    return Row(
        _text(row, "PmtId/EndToEndId"),
        Decimal(amount.text or ""),
        amount.get("Ccy", ""),
        _text(row, "DrctDbtTx/MndtRltdInf/MndtId"),
    )


def _side(mandate: etree._Element, who: str) -> Side:
    holder = mandate.findtext(_path(f"{who}Acct/Nm"))
    return Side(
        holder or _text(mandate, f"{who}/Nm"),
        mandate.findtext(_path(f"{who}/Id/OrgId/Othr/Id")) or "",
        mandate.findtext(_path(f"{who}Acct/Id/Othr/Id")) or "",
        mandate.findtext(_path(f"{who}Agt/FinInstnId/ClrSysMmbId/MmbId")) or "",
    )


def _sender(header: etree._Element) -> str:
    structured = header.findtext(_path("InitgPty/Id/OrgId/Othr/Id"))
    return structured or _text(header, "InitgPty").strip()


def _text(parent: etree._Element, path: str) -> str:
    found = parent.findtext(_path(path))
    if not found:
        raise Malformed("FIELDS", f"缺少 {path}")
    return found


def _one(parent: etree._Element, path: str) -> etree._Element:
    found = parent.findall(_path(path))
    if len(found) != 1:
        raise Malformed("FIELDS", f"{path} 应出现一次")
    return found[0]


def _path(path: str) -> str:
    return "/".join(f"{{*}}{step}" for step in path.split("/"))


_READERS: dict[str, Callable[[etree._Element], Request]] = {
    INITIATE: _initiation,
    AMEND: _amendment,
    CANCEL: _cancellation,
    COLLECT: _collection,
}
