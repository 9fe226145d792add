"""The door for messages: the signed bytes go to their service untouched, or a clear refusal."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import uuid4

import pytest

from libs.messages.base import Message, Meta
from libs.messages.envelope import Envelope
from libs.messages.kinds.booking import BookingReceipt, BookingResult, SubmitBooking
from libs.messages.kinds.debit import SignDebitAgreement
from libs.messages.kinds.proposal import (
    SaveCargoProposal,
    SubmitCargoProposal,
    WithdrawCargoProposal,
)
from libs.messages.kinds.proposal_draft import Attachment, CargoProposalDraft
from libs.messages.numbers import BOOKING, DEBIT_AGREEMENT, PROPOSAL, new_number
from libs.messages.partners import JSON, XML
from libs.messages.registry import kind_of
from libs.messages.samples import (
    OTHER_COMPANY,
    OTHER_USCC,
    a_booking,
    a_debit_agreement,
    a_proposal,
)
from libs.signing import FileSigner, sign_xml
from tests.integration.portal.conftest import World
from tongbao.client import SIGNATURE_HEADER, Portal, PortalError

pytestmark = pytest.mark.stack
TODAY = date(2026, 11, 23)
AS_XML = {"content-type": XML}


def a_booking_message(portal: Portal, **changes: object) -> SubmitBooking:
    meta = portal.meta(new_number(BOOKING, TODAY))
    return SubmitBooking(meta=meta, form=a_booking(**changes))  # type: ignore[arg-type]  # names


def signed(message: Message, signer: FileSigner) -> bytes:
    return sign_xml(unsigned(message), signer)


def unsigned(message: Message) -> bytes:
    return kind_of(type(message)).codec.encode(message, XML)


async def refusal(
    portal: Portal, data: bytes, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    with pytest.raises(PortalError) as refused:
        await portal.hand_in(data, AS_XML if headers is None else headers)
    assert refused.value.message
    return refused.value.status, refused.value.code


async def test_signed_xml_reaches_its_service_byte_for_byte(world: World, operator: Portal) -> None:
    message = a_booking_message(operator)
    data, headers = operator.sign(message)
    taken = await operator.hand_in(data, headers)
    assert taken == {
        "messageId": str(message.meta.message_id),
        "documentId": message.meta.document_id,
        "kind": "SubmitBooking",
    }
    (record,) = await world.side.sent("booking.commands", taken["messageId"])
    assert record.value == data
    assert record.key == message.meta.document_id.encode()
    envelope = Envelope.from_headers(record.headers)
    assert envelope.type == "cn.tongbao.SubmitBooking.v1"
    assert envelope.source == envelope.actor == operator.who.uscc
    assert envelope.correlation_id == taken["messageId"]
    assert (envelope.content_type, envelope.signature) == (XML, None)


async def test_signed_json_takes_its_signature_along(world: World, operator: Portal) -> None:
    message = a_booking_message(operator)
    data, headers = operator.sign(message, JSON)
    taken = await operator.hand_in(data, headers)
    (record,) = await world.side.sent("booking.commands", taken["messageId"])
    assert record.value == data
    assert Envelope.from_headers(record.headers).signature == headers[SIGNATURE_HEADER]


@pytest.mark.parametrize(
    ("card", "kind", "topic"),
    [
        ("operator", SubmitCargoProposal, "policy.commands"),
        ("operator", SaveCargoProposal, "policy.commands"),
        ("operator", WithdrawCargoProposal, "policy.commands"),
        ("legal", SignDebitAgreement, "payment.commands"),
    ],
)
async def test_each_kind_goes_to_the_service_that_owns_it(
    world: World, card: str, kind: type[Message], topic: str
) -> None:
    async with await world.side.login(card) as portal:
        taken = await portal.send(a_message(portal, kind))
    assert len(await world.side.sent(topic, taken["messageId"])) == 1


def a_message(portal: Portal, kind: type[Message]) -> Message:
    meta = portal.meta(new_number(PROPOSAL, TODAY))
    made: dict[type[Message], Message] = {
        SubmitCargoProposal: SubmitCargoProposal(meta=meta, form=a_proposal(TODAY)),
        SaveCargoProposal: SaveCargoProposal(
            meta=meta, draft=CargoProposalDraft(holder=a_proposal(TODAY).holder)
        ),
        WithdrawCargoProposal: WithdrawCargoProposal(meta=meta, reason="货物不再出运"),
        SignDebitAgreement: SignDebitAgreement(
            meta=portal.meta(new_number(DEBIT_AGREEMENT, TODAY)), form=a_debit_agreement()
        ),
    }
    return made[kind]


async def test_the_same_message_may_be_handed_in_again(world: World, operator: Portal) -> None:
    """Both copies travel; the service's inbox lets one take effect."""
    data, headers = operator.sign(a_booking_message(operator))
    first, second = [await operator.hand_in(data, headers) for _ in range(2)]
    assert first == second
    assert len(await world.side.sent("booking.commands", first["messageId"])) == 2


@pytest.mark.parametrize(
    ("card", "status", "code"),
    [
        ("stranger", 403, "NOT_TRUSTED"),
        ("revoked", 403, "REVOKED"),
        ("expired", 403, "EXPIRED"),
        ("colleague", 403, "CARD_DIFFERS"),
        ("other", 403, "CARD_DIFFERS"),
        ("legal", 403, "CARD_DIFFERS"),
        ("PICC", 403, "CARD_DIFFERS"),
    ],
)
async def test_signatures_of_other_cards(
    world: World, operator: Portal, card: str, status: int, code: str
) -> None:
    data = signed(a_booking_message(operator), world.side.keys.cards[card])
    assert await refusal(operator, data) == (status, code)


async def test_unsigned_and_tampered(operator: Portal) -> None:
    message = a_booking_message(operator)
    assert await refusal(operator, unsigned(message)) == (403, "NOT_SIGNED")
    data, _ = operator.sign(message)
    changed = data.replace("每周两船".encode(), "每周三船".encode())
    assert changed != data
    assert await refusal(operator, changed) == (403, "BAD_SIGNATURE")
    twice = data.replace(
        b"</ds:Signature>",
        b"</ds:Signature><ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>",
    )
    assert await refusal(operator, twice) == (403, "PROFILE")
    body, headers = operator.sign(message, JSON)
    assert await refusal(operator, body, {"content-type": JSON}) == (403, "NOT_SIGNED")
    other = body.replace("每周两船".encode(), "每周三船".encode())
    assert await refusal(operator, other, headers) == (403, "BAD_SIGNATURE")


async def test_each_card_may_sign_its_own_kinds_only(
    world: World, operator: Portal, legal: Portal
) -> None:
    theirs = a_message(operator, SignDebitAgreement)
    assert await refusal(operator, operator.sign(theirs)[0]) == (403, "NOT_PERMITTED")
    for kind in (SubmitCargoProposal, SaveCargoProposal, WithdrawCargoProposal):
        data, _ = legal.sign(a_message(legal, kind))
        assert await refusal(legal, data) == (403, "NOT_PERMITTED")
    assert await refusal(legal, legal.sign(a_booking_message(legal))[0]) == (403, "NOT_PERMITTED")


async def test_a_message_in_anothers_name(operator: Portal) -> None:
    message = a_booking_message(operator)
    foreign = message.meta.model_copy(update={"sender": OTHER_USCC})
    data, _ = operator.sign(message.model_copy(update={"meta": foreign}))
    assert await refusal(operator, data) == (403, "WRONG_SENDER")


async def test_a_form_of_another_company_names_the_fields(operator: Portal) -> None:
    message = a_booking_message(operator, name=OTHER_COMPANY, uscc=OTHER_USCC)
    with pytest.raises(PortalError) as refused:
        await operator.hand_in(*operator.sign(message))
    assert (refused.value.status, refused.value.code) == (422, "HOLDER_DIFFERS")
    assert [(row["path"], row["expected"]) for row in refused.value.errors] == [
        ("form.uscc", operator.who.uscc),
        ("form.entName", operator.who.company),
    ]
    proposal = SubmitCargoProposal(
        meta=operator.meta(new_number(PROPOSAL, TODAY)), form=a_proposal(TODAY, uscc=OTHER_USCC)
    )
    with pytest.raises(PortalError) as refused:
        await operator.hand_in(*operator.sign(proposal))
    assert [row["path"] for row in refused.value.errors] == ["form.holder.uscc"]


async def test_kinds_that_companies_do_not_send(operator: Portal) -> None:
    meta = operator.meta(new_number(BOOKING, TODAY))
    receipt = BookingReceipt(meta=meta, result=BookingResult.ACCEPTED)
    assert await refusal(operator, operator.sign(receipt)[0]) == (422, "NOT_FOR_COMPANIES")


async def test_wrong_fields_are_told_all_at_once_with_their_labels(operator: Portal) -> None:
    xml = unsigned(a_booking_message(operator))
    for right, wrong in (
        (b"<contactPhone>13800138000</contactPhone>", b"<contactPhone>12345</contactPhone>"),
        (b"<insurerId>PICC</insurerId>", b"<insurerId>NOBODY</insurerId>"),
        (b"<annualValue>120000000.00</annualValue>", b""),
    ):
        assert right in xml
        xml = xml.replace(right, wrong)
    with pytest.raises(PortalError) as refused:
        await operator.hand_in(operator.card.sign(xml), AS_XML)
    assert (refused.value.status, refused.value.code) == (422, "FIELDS")
    assert {(row["path"], row["label"]) for row in refused.value.errors} == {
        ("form.contactPhone", "联系人电话"),
        ("form.insurerId", "保险机构名称"),
        ("form.annualValue", "预计年货值(元)"),
    }


SUBMIT = b'<SubmitBooking xmlns="urn:tongbao:messages:v1"/>'


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "SYNTAX"),
        (b"hello", 400, "SYNTAX"),
        (b"<a><b></a>", 400, "SYNTAX"),
        (b"\xff\xfe<a/>", 400, "SYNTAX"),
        (b"<!DOCTYPE a><a/>", 400, "DTD"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 400, "DTD"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 400, "DTD"),
        (b"<a>" * 10_000 + b"</a>" * 10_000, 400, "TOO_DEEP"),
        (SUBMIT, 403, "NOT_SIGNED"),
    ],
)
async def test_hostile_xml(operator: Portal, data: bytes, status: int, code: str) -> None:
    assert await refusal(operator, data) == (status, code)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"{", 400, "SYNTAX"),
        (b"[]", 400, "SYNTAX"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400, "TOO_DEEP"),
        (b'{"kind":"cn.tongbao.Nothing.v1"}', 422, "UNKNOWN_KIND"),
        (b'{"kind":"cn.tongbao.SubmitBooking.v9"}', 422, "UNKNOWN_VERSION"),
        (b'{"kind":7}', 422, "UNKNOWN_KIND"),
        (b'{"kind":"cn.tongbao.SubmitBooking.v1"}', 422, "FIELDS"),
    ],
)
async def test_signed_json_that_can_never_work(
    operator: Portal, data: bytes, status: int, code: str
) -> None:
    headers = {"content-type": JSON, SIGNATURE_HEADER: operator.card.sign_beside(data)}
    assert await refusal(operator, data, headers) == (status, code)


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b'<Nothing xmlns="urn:tongbao:messages:v1"/>', "UNKNOWN_KIND"),
        (b'<SubmitBooking xmlns="urn:tongbao:messages:v9"/>', "UNKNOWN_VERSION"),
        (b"<SubmitBooking/>", "UNKNOWN_KIND"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.07"/>', "UNKNOWN_KIND"),
    ],
)
async def test_signed_xml_of_no_known_kind(operator: Portal, xml: bytes, code: str) -> None:
    assert await refusal(operator, operator.card.sign(xml)) == (422, code)


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 10 * 1024 * 1024, 40 * 1024 * 1024])
async def test_a_body_that_is_too_large(operator: Portal, size: int) -> None:
    assert await refusal(operator, b"<a>" + b"x" * size) == (413, "TOO_LARGE")


async def test_a_body_too_large_without_a_length(operator: Portal) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 65_536

    answer = await operator.http.post("/api/messages", content=chunks(), headers=AS_XML)
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize("content_type", ["", "text/plain", "text/xml", "multipart/form-data"])
async def test_a_content_type_that_is_not_taken(operator: Portal, content_type: str) -> None:
    data, _ = operator.sign(a_booking_message(operator))
    assert await refusal(operator, data, {"content-type": content_type}) == (415, "CONTENT_TYPE")


async def test_content_of_another_type_than_it_says(operator: Portal) -> None:
    data, _ = operator.sign(a_booking_message(operator))
    assert await refusal(operator, data, {"content-type": JSON}) == (403, "NOT_SIGNED")


async def test_nothing_that_was_refused_is_published(world: World, operator: Portal) -> None:
    message = a_booking_message(operator)
    await refusal(operator, unsigned(message))
    assert await world.side.sent("booking.commands", str(message.meta.message_id)) == []


async def test_an_attachment_is_uploaded_named_by_its_digest_and_needed(
    operator: Portal, other: Portal
) -> None:
    data = b"%PDF-1.7 " + uuid4().bytes
    digest = sha256(data).hexdigest()
    row = Attachment(
        kind="INVOICE", name="发票.pdf", media_type="application/pdf", size=len(data), sha256=digest
    )
    form = a_proposal(TODAY).model_copy(update={"attachments": (row,)})
    proposal = SubmitCargoProposal(meta=operator.meta(new_number(PROPOSAL, TODAY)), form=form)
    with pytest.raises(PortalError) as refused:
        await operator.hand_in(*operator.sign(proposal))
    assert (refused.value.code, refused.value.errors[0]["label"]) == ("FIELDS", "附件信息")
    kept = await operator.upload(data, "application/pdf")
    assert kept == {"sha256": digest, "size": len(data), "mediaType": "application/pdf"}
    await operator.hand_in(*operator.sign(proposal))
    answer = await operator.http.get(f"/api/attachments/{digest}")
    assert (answer.content, answer.headers["content-type"]) == (data, "application/pdf")
    assert (await other.http.get(f"/api/attachments/{digest}")).status_code == 404


@pytest.mark.parametrize(
    ("data", "media_type", "status"),
    [
        (b"%PDF-1.7", "text/html", 422),
        (b"<html>", "application/pdf", 422),
        (b"", "application/pdf", 422),
        (b"%PDF-" + b"x" * (4 * 1024 * 1024), "application/pdf", 413),
    ],
)
async def test_files_that_are_not_taken(
    operator: Portal, data: bytes, media_type: str, status: int
) -> None:
    with pytest.raises(PortalError) as refused:
        await operator.upload(data, media_type)
    assert refused.value.status == status


async def test_a_meta_of_long_ago_is_still_the_companys_message(operator: Portal) -> None:
    """What counts is the broker's time; the form's own time is only said."""
    meta = Meta(
        message_id=uuid4(),
        document_id=new_number(BOOKING, TODAY),
        sender=operator.who.uscc,
        created_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    message = replace_meta(a_booking_message(operator), meta)
    assert (await operator.send(message))["messageId"] == str(meta.message_id)


def replace_meta(message: SubmitBooking, meta: Meta) -> SubmitBooking:
    return message.model_copy(update={"meta": meta})
