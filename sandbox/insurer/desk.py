"""The insurer as a counterparty: reads requests, looks up, decides, remembers."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime

from libs.messages.base import Message
from libs.messages.codec import Content
from libs.messages.envelope import Envelope, check
from libs.messages.errors import Malformed
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.kinds.proposal import (
    PremiumPaid,
    SubmitCargoProposal,
    WithdrawCargoProposal,
)
from libs.messages.partners import PARTNERS
from libs.messages.registry import kind_of_type
from libs.signing import Verified
from sandbox.insurer.agreements import offer
from sandbox.insurer.answers import BEIJING, Answer, draft
from sandbox.insurer.booking import book
from sandbox.insurer.files import TABLES, Files, Proposal
from sandbox.insurer.policies import issued, policy, withdraw
from sandbox.insurer.underwriting import judge
from sandbox.logs import say
from sandbox.posting import Draft


class Insurer:
    """One insurance company."""

    tables = TABLES

    def __init__(self, code: str) -> None:
        self._code = code
        self._content_type = PARTNERS[code].content
        self._files: Files
        self._handlers: dict[type[Message], Callable[..., list[Answer]]] = {
            SubmitBooking: self._booking,
            SubmitCargoProposal: self._proposal,
            WithdrawCargoProposal: self._withdrawal,
            PremiumPaid: self._paid,
        }

    def attach(self, db: sqlite3.Connection) -> None:
        """Take the database that holds `tables`."""
        self._files = Files(db)

    def answer(
        self, envelope: Envelope, verified: Verified, now: datetime, *, refuse: bool
    ) -> list[Draft]:
        """The replies to a trusted request."""
        message = _read(envelope, verified)
        handler = self._handlers.get(type(message))
        if handler is None:
            raise Malformed("UNKNOWN_KIND", envelope.type)
        answers = handler(message, now, refuse=refuse)
        return [draft(row, message.meta, self._code, self._content_type) for row in answers]

    def _booking(self, message: SubmitBooking, now: datetime, *, refuse: bool) -> list[Answer]:
        today = now.astimezone(BEIJING).date()
        agreement = offer(message.form, message.meta.document_id, self._code, today)
        if not refuse:
            self._files.keep_agreement(agreement)
        return book(agreement, refuse=refuse)

    def _proposal(
        self, message: SubmitCargoProposal, now: datetime, *, refuse: bool
    ) -> list[Answer]:
        form = message.form
        if form.holder.insurer != self._code:
            raise Malformed("NOT_PERMITTED", f"投保单的保险机构为 {form.holder.insurer}")
        agreement = self._files.agreement(form.holder.agreement_no)
        judgement = judge(form, agreement, now.astimezone(BEIJING).date(), refuse=refuse)
        self._files.keep_proposal(message.meta.document_id, Proposal(form, judgement.quote))
        return judgement.answers()

    def _withdrawal(
        self, message: WithdrawCargoProposal, now: datetime, *, refuse: bool
    ) -> list[Answer]:
        proposal_id = message.meta.document_id
        has_policy = self._files.policy(proposal_id) is not None
        if not (has_policy or refuse):
            self._files.forget_quote(proposal_id)
        return [withdraw(has_policy=has_policy, refuse=refuse)]

    def _paid(self, message: PremiumPaid, now: datetime, *, refuse: bool) -> list[Answer]:
        proposal_id = message.meta.document_id
        if found := self._files.policy(proposal_id):
            return issued(found)
        proposal = self._files.proposal(proposal_id)
        if proposal is None or proposal.quote is None:
            say("premium for no approved proposal", logging.WARNING, proposal=proposal_id)
            return []
        if message.amount != proposal.quote.premium:
            say("premium of a wrong amount", logging.WARNING, proposal=proposal_id)
            return []
        form = policy(proposal.form, proposal.quote, proposal_id, now)
        self._files.keep_policy(form)
        return issued(form)


def _read(envelope: Envelope, verified: Verified) -> Message:
    kind = kind_of_type(envelope.type)
    signer = verified.verdict.signer
    if signer is None or signer.role not in kind.signed_by:
        raise Malformed("NOT_PERMITTED")
    content: Content = verified.content if verified.content is not None else b""
    message = kind.codec.decode(content, envelope.content_type)
    check(envelope, kind.ce_type, message)
    return message
