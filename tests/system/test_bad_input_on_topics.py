"""Bad input on a topic: a dead letter with its reason and original bytes; neighbours go on."""

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local.keys import ensure_authority
from deploy.local.stack import LocalStack
from libs.messages import numbers
from libs.messages.base import Message, Meta
from libs.messages.envelope import envelope_of
from libs.messages.kinds.booking import BookingReceipt, BookingResult, SubmitBooking
from libs.messages.kinds.proposal import UnderwritingReceipt, UnderwritingResult
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.registry import kind_of
from libs.messages.samples import COMPANY, USCC, a_booking
from libs.signing import FileSigner, Signer, sign_jws, sign_xml
from libs.signing.pki import Authority, Subject

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

Headers = list[tuple[str, bytes]]
MEGABYTE = 1024 * 1024


@dataclass
class Case:
    """A record for a topic."""

    topic: str
    headers: Headers
    body: bytes


@dataclass
class Sender:
    """Builds records signed by whoever is needed."""

    stack: LocalStack
    authority: Authority

    def card(self, name: str = "tongda-operator") -> Signer:
        path = self.stack.home.cards / name
        return FileSigner.load(path.with_suffix(".key"), path.with_suffix(".pem"))

    def party(self, name: str) -> Signer:
        pki = self.stack.home.pki
        return FileSigner.load(pki / f"{name}.key", pki / f"{name}.pem")

    def booking(self, **over: object) -> SubmitBooking:
        number = numbers.new_number(numbers.BOOKING, datetime.now(UTC).date())
        fields = {
            "message_id": uuid4(),
            "document_id": number,
            "sender": USCC,
            "created_at": datetime.now(UTC),
        }
        return SubmitBooking(meta=Meta(**(fields | over)), form=a_booking())

    def xml(self, message: Message, signer: Signer, topic: str = "booking.commands") -> Case:
        kind = kind_of(type(message))
        body = sign_xml(kind.codec.encode(message, XML), signer)
        return Case(topic, envelope_of(message, kind.ce_type, XML).to_headers(), body)

    def json(self, message: Message, signer: Signer, topic: str) -> Case:
        kind = kind_of(type(message))
        body = kind.codec.encode(message, JSON)
        envelope = envelope_of(message, kind.ce_type, JSON)
        return Case(topic, envelope._replace(signature=sign_jws(body, signer)).to_headers(), body)

    def good(self) -> Case:
        return self.xml(self.booking(), self.card())


@pytest.fixture(scope="module")
def sender(stack: LocalStack) -> Sender:
    return Sender(stack, ensure_authority(stack.home))


def _with_header(case: Case, name: str, value: bytes) -> Case:
    return replace(case, headers=[(n, v) for n, v in case.headers if n != name] + [(name, value)])


def unsigned(s: Sender) -> Case:
    message = s.booking()
    kind = kind_of(SubmitBooking)
    headers = envelope_of(message, kind.ce_type, XML).to_headers()
    return Case("booking.commands", headers, kind.codec.encode(message, XML))


def badly_signed(s: Sender) -> Case:
    case = s.good()
    return replace(case, body=case.body.replace("李晓明".encode(), "李小明".encode()))


def untrusted(s: Sender) -> Case:
    stranger = Authority.create("Somebody").issue(Subject(Role.OPERATOR, USCC, COMPANY))
    return s.xml(s.booking(), stranger.signer)


def expired(s: Sender) -> Case:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    card = s.authority.issue(Subject(Role.OPERATOR, USCC, COMPANY), since=long_ago, days=10)
    return s.xml(s.booking(), card.signer)


def legal_card(s: Sender) -> Case:
    return s.xml(s.booking(), s.card("tongda-legal"))


def other_company(s: Sender) -> Case:
    return s.xml(s.booking(), s.card("haifeng-operator"))


def wrong_topic(s: Sender) -> Case:
    return s.xml(s.booking(), s.card(), topic="policy.commands")


def other_kind_in_header(s: Sender) -> Case:
    return _with_header(s.good(), "ce_type", b"cn.tongbao.BookingReceipt.v1")


def other_document_in_header(s: Sender) -> Case:
    return _with_header(s.good(), "ce_subject", b"YY20261123AAAAAAAAAA")


def unknown_kind(s: Sender) -> Case:
    return _with_header(s.good(), "ce_type", b"cn.tongbao.Nothing.v1")


def unknown_version(s: Sender) -> Case:
    return _with_header(s.good(), "ce_type", b"cn.tongbao.SubmitBooking.v9")


def no_headers(s: Sender) -> Case:
    return replace(s.good(), headers=[])


def bad_header(s: Sender) -> Case:
    return _with_header(s.good(), "ce_source", b"\xff\xfe")


def broken_xml(s: Sender) -> Case:
    return replace(s.good(), body=b"<SubmitBooking")


def broken_json(s: Sender) -> Case:
    signature = sign_jws(b"{", s.card())
    case = _with_header(s.good(), "content-type", JSON.encode())
    return replace(_with_header(case, "ce_signature", signature.encode()), body=b"{")


def dtd(s: Sender) -> Case:
    return replace(s.good(), body=b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')


def ten_megabytes(s: Sender) -> Case:
    return replace(s.good(), body=b"<a>" + b"x" * (10 * MEGABYTE) + b"</a>")


def ten_thousand_deep(s: Sender) -> Case:
    return replace(s.good(), body=b"<a>" * 10_000 + b"</a>" * 10_000)


def empty(s: Sender) -> Case:
    return replace(s.good(), body=b"")


def wrong_insurer_on_topic(s: Sender) -> Case:
    meta = s.booking(sender="CPIC").meta
    receipt = BookingReceipt(meta=meta, result=BookingResult.ACCEPTED)
    return s.json(receipt, s.party("CPIC"), "partner.picc.replies")


def reply_to_nothing(s: Sender) -> Case:
    meta = s.booking(sender="PICC").meta
    receipt = UnderwritingReceipt(meta=meta, result=UnderwritingResult.PENDING)
    return s.xml(receipt, s.party("PICC"), "policy.commands")


CASES: list[tuple[Callable[[Sender], Case], str, str]] = [
    (unsigned, "booking", "NOT_SIGNED"),
    (badly_signed, "booking", "BAD_SIGNATURE"),
    (untrusted, "booking", "NOT_TRUSTED"),
    (expired, "booking", "EXPIRED"),
    (legal_card, "booking", "NOT_PERMITTED"),
    (other_company, "booking", "WRONG_SENDER"),
    (wrong_topic, "policy", "WRONG_KIND"),
    (other_kind_in_header, "booking", "*"),
    (other_document_in_header, "booking", "HEADERS"),
    (unknown_kind, "booking", "UNKNOWN_KIND"),
    (unknown_version, "booking", "UNKNOWN_VERSION"),
    (no_headers, "booking", "HEADERS"),
    (bad_header, "booking", "HEADERS"),
    (broken_xml, "booking", "SYNTAX"),
    (broken_json, "booking", "SYNTAX"),
    (dtd, "booking", "DTD"),
    (ten_megabytes, "booking", "TOO_LARGE"),
    (ten_thousand_deep, "booking", "TOO_DEEP"),
    (empty, "booking", "*"),
    (wrong_insurer_on_topic, "gateway", "*"),
    (reply_to_nothing, "policy", "UNKNOWN_DOCUMENT"),
]


def _name(value: object) -> str:
    return getattr(value, "__name__", str(value))


@pytest.mark.parametrize(("build", "service", "reason"), CASES, ids=_name)
async def test_it_is_set_aside_whole_and_its_neighbours_go_on(
    sender: Sender, build: Callable[[Sender], Case], service: str, reason: str
) -> None:
    case, neighbour = build(sender), sender.good()
    place = await _publish(sender.stack, [case, neighbour])
    letter = await _dead_letter(sender.stack, service, case.topic, place)
    body = zlib.decompress(letter["body"]) if letter["packed"] else letter["body"]
    assert body == case.body
    assert reason in ("*", letter["reason"]), letter["detail"]
    number = dict(neighbour.headers)["ce_subject"].decode()
    await _record(sender.stack, "booking", number)


async def test_the_same_message_twice_takes_effect_once(sender: Sender) -> None:
    case = sender.good()
    number = dict(case.headers)["ce_subject"].decode()
    await _publish(sender.stack, [case, case, case])
    await _publish(sender.stack, [case, sender.good()])
    await _record(sender.stack, "booking", number)
    source = dict(case.headers)["ce_id"].decode()
    assert (
        await _value(
            sender.stack, "SELECT count(*) FROM booking.inbox WHERE message_id::text = $1", source
        )
        == 1
    )


async def test_the_same_id_with_another_body_is_set_aside(sender: Sender) -> None:
    first = sender.booking()
    other = first.model_copy(update={"form": first.form.model_copy(update={"remark": "改"})})
    await _publish(sender.stack, [sender.xml(first, sender.card())])
    await _record(sender.stack, "booking", first.meta.document_id)
    place = await _publish(sender.stack, [sender.xml(other, sender.card())])
    letter = await _dead_letter(sender.stack, "booking", "booking.commands", place)
    assert letter["reason"] == "ID_REUSED"


async def _publish(stack: LocalStack, cases: list[Case]) -> tuple[int, int]:
    """Partition and offset of the first."""
    producer = AIOKafkaProducer(
        bootstrap_servers=stack.kafka.bootstrap, max_request_size=12 * MEGABYTE
    )
    await producer.start()
    try:
        sent = [
            await producer.send_and_wait(
                case.topic, case.body, key=b"bad-input", headers=case.headers
            )
            for case in cases
        ]
    finally:
        await producer.stop()
    return sent[0].partition, sent[0].offset


async def _dead_letter(
    stack: LocalStack, service: str, topic: str, place: tuple[int, int]
) -> asyncpg.Record:
    query = (
        f"SELECT * FROM {service}.dead_letter"  # noqa: S608 - a name of ours
        ' WHERE topic = $1 AND partition = $2 AND "offset" = $3'
    )
    found = await _wait(stack, query, topic, *place)
    assert isinstance(found, asyncpg.Record)
    return found


async def _record(stack: LocalStack, service: str, id: str) -> None:
    await _wait(stack, f"SELECT * FROM {service}.record WHERE id = $1", id)  # noqa: S608


async def _wait(stack: LocalStack, query: str, *arguments: object) -> asyncpg.Record:
    db = await asyncpg.connect(stack.admin_url)
    try:
        async with asyncio.timeout(30):
            while (row := await db.fetchrow(query, *arguments)) is None:
                await asyncio.sleep(0.05)
    finally:
        await db.close()
    return row


async def _value(stack: LocalStack, query: str, *arguments: object) -> object:
    db = await asyncpg.connect(stack.admin_url)
    try:
        return await db.fetchval(query, *arguments)
    finally:
        await db.close()
