"""A counterparty's desk without Kafka: ask it as a company or a service would, read its answers."""

import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from libs.messages.base import Message, Meta
from libs.messages.envelope import Envelope, check, envelope_of
from libs.messages.parties import Role
from libs.messages.partners import JWE, PARTNERS, XML
from libs.messages.registry import kind_of, kind_of_type
from libs.messages.samples import COMPANY, USCC
from libs.signing import FileSigner, TrustStore, sign_jws, sign_xml, verify
from libs.signing.encryption import JOSE, Opener, Recipient, Signed
from libs.signing.pki import Authority, Subject
from sandbox.bank.desk import Bank
from sandbox.behaviour import Behaviour, Steering
from sandbox.desk import Desk, Mail
from sandbox.insurer.desk import Insurer
from sandbox.posting import Letter
from sandbox.store import Store

NOW = datetime.now(UTC)
ISSUED = NOW - timedelta(hours=1)  # keys are made when a test needs them, later than NOW


@dataclass(frozen=True)
class Keys:
    """One authority and a signer for each party a test needs."""

    folder: Path  # ca.pem, and each party's <role>-<party>.key and .pem
    trust: TrustStore
    operator: FileSigner
    legal: FileSigner
    policy: FileSigner
    gateway: FileSigner
    partners: Mapping[str, FileSigner]
    recipients: Mapping[str, Recipient]
    openers: Mapping[str, Opener]

    @classmethod
    def create(cls, folder: Path) -> "Keys":
        """Make them all."""
        authority = Authority.create(since=ISSUED)
        (folder / "ca.pem").write_bytes(authority.issued.certificate_pem())

        def issue(role: Role, party: str, name: str) -> FileSigner:
            issued = authority.issue(Subject(role, party, name), since=ISSUED)
            stem = f"{role}-{party}"
            issued.save(folder / f"{stem}.key", folder / f"{stem}.pem")
            return issued.signer

        trust = TrustStore.load(folder / "ca.pem")
        encrypted = [code for code, row in PARTNERS.items() if row.encryption == JWE]
        for code in encrypted:
            subject = Subject(PARTNERS[code].role, code, code)
            issued = authority.issue(subject, since=ISSUED, encryption=True)
            issued.save(folder / f"{code}-encryption.key", folder / f"{code}-encryption.pem")

        return cls(
            folder,
            trust,
            issue(Role.OPERATOR, USCC, COMPANY),
            issue(Role.LEGAL_PERSON, USCC, COMPANY),
            issue(Role.SERVICE, "policy", "policy"),
            issue(Role.SERVICE, "gateway", "gateway"),
            {code: issue(row.role, code, row.name) for code, row in PARTNERS.items()},
            {
                code: Recipient.load(folder / f"{code}-encryption.pem", code, trust)
                for code in encrypted
            },
            {code: Opener.load(folder / f"{code}-encryption.key") for code in encrypted},
        )


class Counter:
    """One counterparty and what a test may do with it."""

    def __init__(self, code: str, keys: Keys, store: Path | str = ":memory:") -> None:
        self.code = code
        self.keys = keys
        self.steering = Steering()
        counterparty = Insurer(code) if PARTNERS[code].role is Role.INSURER else Bank(code)
        self.store = Store(store, counterparty.tables)
        weakref.finalize(self, self.store.db.close)
        self.desk = Desk(
            code,
            counterparty,
            self.store,
            keys.partners[code],
            keys.trust,
            self.steering,
            keys.openers.get(code),
        )

    def steer(self, **how: object) -> None:
        """Change its behaviour."""
        self.steering.now = Behaviour.model_validate(how)

    def post(self, mail: Mail, now: datetime = NOW) -> list[Letter]:
        """The letters it answers with."""
        return self.desk.work([mail], now)

    def ask(self, message: Message, signer: FileSigner | None = None) -> list[Message]:
        """The messages it answers with."""
        return [self.read(letter) for letter in self.post(self.mail(message, signer))]

    def mail(
        self,
        message: Message,
        signer: FileSigner | None = None,
        change: Callable[[bytes], bytes] = lambda body: body,
    ) -> Mail:
        """The message, signed (by an operator's card unless told), as a Kafka record.

        `change` is made to the signed bytes, before they are encrypted to who wants that.
        """
        kind = kind_of(type(message))
        body = sign_xml(kind.codec.encode(message, XML), signer or self.keys.operator)
        body, envelope = change(body), envelope_of(message, kind.ce_type, XML)
        if recipient := self.keys.recipients.get(self.code):
            envelope = envelope._replace(content_type=JOSE)
            body = recipient.encrypt(Signed(body, XML))
        return Mail(envelope.to_headers(), body)

    def mail_of(
        self, ce_type: str, body: bytes, document_id: str, message_id: UUID, source: str = "gateway"
    ) -> Mail:
        """Bytes with a signature beside them, as the gateway sends to banks."""
        signature = sign_jws(body, self.keys.gateway)
        envelope = Envelope(message_id, ce_type, source, document_id, NOW, XML, signature=signature)
        return Mail(envelope.to_headers(), body)

    def read(self, letter: Letter) -> Message:
        """The message in a letter, after every check that its reader makes."""
        envelope = Envelope.from_headers(letter.headers)
        found = verify(letter.body, envelope.content_type, envelope.signature, self.keys.trust, NOW)
        assert found.verdict.trusted
        assert found.content is not None
        assert found.verdict.signer
        assert found.verdict.signer.party == self.code == envelope.source
        kind = kind_of_type(envelope.type)
        message = kind.codec.decode(found.content, envelope.content_type)
        check(envelope, kind.ce_type, message)
        assert envelope.content_type == PARTNERS[self.code].content
        assert letter.key == message.meta.document_id.encode()
        return message


def meta(document_id: str, sender: str = USCC, message_id: UUID | None = None) -> Meta:
    """The head of a request."""
    return Meta(
        message_id=message_id or uuid4(), document_id=document_id, sender=sender, created_at=NOW
    )


__all__ = ["NOW", "Counter", "Keys", "meta"]
