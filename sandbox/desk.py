"""One batch of requests: verify, decide, sign, remember. Knows no Kafka; runs in a thread."""

import hashlib
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from libs.messages.envelope import Envelope
from libs.messages.errors import Malformed
from libs.signing import FileSigner, SignerError, TrustStore, Verified, verify
from libs.signing.encryption import JOSE, Opener, Unreadable
from sandbox.behaviour import Behaviour, Steering
from sandbox.logs import say
from sandbox.posting import Draft, Letter, signed
from sandbox.store import Store

NONSENSE = b"\x00\xff<not-a-message>\xe4\xbd"


@dataclass(frozen=True, slots=True)
class Mail:
    """A Kafka record as it came."""

    headers: Sequence[tuple[str, bytes]]
    body: bytes


class Counterparty(Protocol):
    """What an insurer or a bank decides."""

    tables: str

    def answer(
        self, envelope: Envelope, verified: Verified, now: datetime, *, refuse: bool
    ) -> list[Draft]:
        """The replies to a trusted request. Raises Malformed for one that is not understood."""

    def attach(self, db: sqlite3.Connection) -> None:
        """Take the database that holds `tables`; all work happens in its transaction."""


class Desk:
    """Works on batches of mail for one counterparty."""

    def __init__(
        self,
        code: str,
        counterparty: Counterparty,
        store: Store,
        signer: FileSigner,
        trust: TrustStore,
        steering: Steering,
        opener: Opener | None = None,
    ) -> None:
        """With `opener` it takes encrypted requests, and no others."""
        self._code = code
        self._counterparty = counterparty
        self._store = store
        self._signer = signer
        self._trust = trust
        self._steering = steering
        self._opener = opener
        counterparty.attach(store.db)

    def work(self, batch: Iterable[Mail], now: datetime | None = None) -> list[Letter]:
        """The letters to send for a batch; what was decided is stored before this returns."""
        at = now or datetime.now(UTC)
        behaviour = self._steering.now
        self._refresh_trust()
        with self._store.transaction():
            return [letter for mail in batch for letter in self._one(mail, at, behaviour)]

    def _refresh_trust(self) -> None:
        try:
            self._trust.refresh()
        except SignerError as error:  # what was read before still holds
            say("trust files cannot be read", logging.ERROR, error=str(error))

    def _one(self, mail: Mail, now: datetime, behaviour: Behaviour) -> list[Letter]:
        try:
            with self._store.transaction():
                return self._answer(mail, now, behaviour)
        except Malformed as error:
            say("request not understood", logging.WARNING, reason=error.reason)
        except (ValueError, ArithmeticError, LookupError, sqlite3.IntegrityError) as error:
            say("request not answered", logging.ERROR, error=type(error).__name__)
        return []

    def _answer(self, mail: Mail, now: datetime, behaviour: Behaviour) -> list[Letter]:
        envelope, body = self._opened(Envelope.from_headers(mail.headers), mail.body)
        digest = hashlib.sha256(body).hexdigest()
        known = self._store.digest_of(envelope.id)
        if known == digest:
            say("request repeated", id=envelope.id, kind=envelope.type)
            due = now + timedelta(milliseconds=behaviour.delay_ms)
            old = [replace(letter, due=due) for letter in self._store.letters_of(envelope.id)]
            return _as_sent(old, behaviour, now)
        if known:
            raise Malformed("ID_REUSED")
        verified = verify(body, envelope.content_type, envelope.signature, self._trust, now)
        _must_be_trusted(envelope, verified)
        drafts = self._counterparty.answer(envelope, verified, now, refuse=behaviour.refuse)
        letters = self._letters(envelope, drafts, now, behaviour)
        hidden = behaviour.silent or behaviour.garbage
        kept = self._store.keep(envelope.id, digest, letters, send=not hidden)
        say("request answered", id=envelope.id, kind=envelope.type, replies=len(kept))
        return _as_sent(kept, behaviour, now)

    def _opened(self, envelope: Envelope, body: bytes) -> tuple[Envelope, bytes]:
        """What is inside. Raises Malformed for what nobody, or anybody, could read."""
        if self._opener is None:
            return envelope, body
        if envelope.content_type != JOSE:
            raise Malformed("NOT_ENCRYPTED")
        try:
            body, content_type, signature = self._opener.open(body)
        except Unreadable as error:
            raise Malformed("UNREADABLE", str(error)) from None
        return envelope._replace(content_type=content_type, signature=signature), body

    def _letters(
        self, envelope: Envelope, drafts: Iterable[Draft], now: datetime, behaviour: Behaviour
    ) -> list[Letter]:
        later = behaviour.delay_ms / 1000
        copies = 2 if behaviour.twice else 1
        return [
            signed(
                replace(draft, after=draft.after + later), envelope, self._code, now, self._signer
            )
            for draft in drafts
            for _ in range(copies)
        ]


def _must_be_trusted(envelope: Envelope, verified: Verified) -> None:
    verdict = verified.verdict
    if not (verdict.trusted and verdict.signer) or verified.content is None:
        raise Malformed(verdict.reason)
    if verdict.signer.party != envelope.source:
        raise Malformed("WRONG_SENDER")


def _as_sent(letters: list[Letter], behaviour: Behaviour, now: datetime) -> list[Letter]:
    """What really goes out."""
    if behaviour.silent:
        return []
    if behaviour.garbage:
        return [Letter(letter.key, NONSENSE, [], now) for letter in letters]
    return letters
