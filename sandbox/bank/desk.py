"""The bank as a counterparty: reads requests, looks up, decides, books, answers."""

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from uuid import UUID

from lxml import etree

from libs.messages.envelope import Envelope
from libs.messages.errors import Malformed
from libs.messages.parsing import parse_xml
from libs.messages.parties import Role
from libs.messages.partners import XML
from libs.signing import Verified
from sandbox.bank import rules
from sandbox.bank.ledger import TABLES, Ledger
from sandbox.bank.replies import mandate_reply, status_reply
from sandbox.bank.requests import (
    CancelRequest,
    CollectRequest,
    Head,
    MandateRequest,
    Request,
    StatusRequest,
    read,
)
from sandbox.bank.rules import Day, Mandate, Result
from sandbox.bank.schemas import (
    AMEND,
    CANCEL,
    COLLECT,
    INITIATE,
    MANDATE_REPLY,
    STATUS_REPLY,
    STATUS_REQUEST,
    TYPE_PREFIX,
)
from sandbox.posting import Draft

BEIJING = timezone(timedelta(hours=8))
_NAMES = frozenset({INITIATE, AMEND, CANCEL, COLLECT, STATUS_REQUEST})


class Bank:
    """One bank."""

    tables = TABLES

    def __init__(self, code: str) -> None:
        self._code = code
        self.ledger: Ledger

    def attach(self, db: sqlite3.Connection) -> None:
        """Take the database that holds `tables`."""
        self.ledger = Ledger(db)

    def answer(
        self, envelope: Envelope, verified: Verified, now: datetime, *, refuse: bool
    ) -> list[Draft]:
        """The reply to a trusted request."""
        signer = verified.verdict.signer
        if signer is None or signer.role is not Role.SERVICE:
            raise Malformed("NOT_PERMITTED")
        name = envelope.type.removeprefix(TYPE_PREFIX)
        if name not in _NAMES:
            raise Malformed("UNKNOWN_KIND", envelope.type)
        head, request = read(name, _root(verified))
        _must_agree(envelope, head, request)
        original = (head.message_id, name)
        match request:
            case MandateRequest() | CancelRequest():
                return [self._mandate_draft(envelope, original, request, refuse=refuse)]
            case CollectRequest():
                today = now.astimezone(BEIJING).date()
                result = self._collect(request, today, refuse=refuse)
                return [self._status_draft(envelope, original, result)]
            case StatusRequest(payment_id):
                return [self._status_draft(envelope, original, self._result(payment_id))]

    def _mandate_draft(
        self,
        envelope: Envelope,
        original: tuple[str, str],
        request: MandateRequest | CancelRequest,
        *,
        refuse: bool,
    ) -> Draft:
        if isinstance(request, CancelRequest):
            mandate, fault = self._cancel(request, refuse)
        else:
            mandate, fault = self._have(request, refuse)

        def write(message_id: UUID, at: datetime) -> bytes:
            return mandate_reply(message_id, at, self._code, original, mandate, fault)

        subject = mandate if isinstance(mandate, str) else mandate.request_id
        return _draft(MANDATE_REPLY, subject, write)

    def _have(self, request: MandateRequest, refuse: bool) -> tuple[Mandate, str]:
        mandate = Mandate(
            f"MD{_digest(self._code, request.request_id)}",
            request.request_id,
            request.debtor,
            request.creditor,
            request.most,
            request.daily,
            request.last_day,
        )
        account = self.ledger.account(request.debtor.account)
        fault = rules.mandate_fault(request, account, self._code, refuse=refuse)
        if not fault:
            self.ledger.open_account(request.debtor)
            self.ledger.put_mandate(mandate)
        return mandate, fault

    def _cancel(self, request: CancelRequest, refuse: bool) -> tuple[Mandate | str, str]:
        mandate = self.ledger.mandate(request.mandate_id)
        if mandate is None:
            return request.mandate_id, "MD01"
        if refuse:
            return mandate, "MS03"
        self.ledger.cancel_mandate(mandate.id)
        return replace(mandate, active=False), ""

    def _result(self, payment_id: str) -> Result:
        """The present result; a payment told to be unknown is not collected any more."""
        if found := self.ledger.payment(payment_id):
            return found
        unknown = rules.unknown(payment_id)
        self.ledger.put_unknown(unknown)
        return unknown

    def _collect(self, request: CollectRequest, today: date, *, refuse: bool) -> Result:
        if found := self.ledger.payment(request.payment_id):
            return found  # never debited again, whatever is asked under this id
        known = (self.ledger.mandate(row.mandate_id) for row in request.rows)
        mandates = {mandate.id: mandate for mandate in known if mandate}
        payer = next((m.debtor.account for m in mandates.values()), "")
        account = self.ledger.account(payer)
        collected = self.ledger.collected(row.id for row in request.rows)
        day = Day(today, self.ledger.spent(mandates, today))
        fault = rules.collection_fault(request, mandates, account, collected, day, refuse=refuse)
        reference = f"{self._code}{_digest(self._code, request.payment_id)}"
        result = rules.result(request, fault, reference, collected)
        self.ledger.put_payment(request, result, payer, today)
        return result

    def _status_draft(self, envelope: Envelope, original: tuple[str, str], result: Result) -> Draft:
        def write(message_id: UUID, at: datetime) -> bytes:
            return status_reply(message_id, at, self._code, original, result)

        return _draft(STATUS_REPLY, envelope.subject, write)


def _draft(name: str, subject: str, write: Callable[[UUID, datetime], bytes]) -> Draft:
    """`subject` is the document that the reply's body names."""
    return Draft(f"{TYPE_PREFIX}{name}", XML, subject, write, enveloped=False)


def _root(verified: Verified) -> etree._Element:
    content = verified.content
    if isinstance(content, bytes):
        return parse_xml(content)
    raise Malformed("PROFILE", "银行报文的签名应在报文头内")


def _must_agree(envelope: Envelope, head: Head, request: Request) -> None:
    """Headers are not signed: they must say what the signed body says."""
    match request:
        case MandateRequest(request_id=document_id):
            pass
        case CollectRequest(payment_id=document_id) | StatusRequest(payment_id=document_id):
            pass
        case CancelRequest():
            document_id = envelope.subject  # the body names only the bank's number
    told = (head.message_id, head.sender, document_id)
    if told != (envelope.id.hex, envelope.source, envelope.subject):
        raise Malformed("HEADERS")


def _digest(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:16].upper()
