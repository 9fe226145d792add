"""What companies see through the portal: their own documents, by what their card may see."""

import asyncio
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import psutil
import pytest
from pypdf import PdfReader

from libs.messages.numbers import BOOKING, DEBIT_AGREEMENT, PROPOSAL, new_number
from libs.messages.samples import OTHER_USCC
from tests.integration.portal.conftest import World
from tests.support.events import (
    MORNING,
    a_booking_story,
    a_debit_story,
    a_proposal_story,
    a_rejection,
)
from tongbao.client import Overdue, Portal, PortalError

pytestmark = pytest.mark.stack
TODAY = date(2026, 11, 23)


def booking_number() -> str:
    return new_number(BOOKING, TODAY)


async def test_a_list_has_titles_rows_and_buttons(world: World, operator: Portal) -> None:
    number = new_number(PROPOSAL, TODAY)
    policy = f"P{uuid4().hex[:12]}"
    await world.happened([*a_proposal_story(number, policy_no=policy)])
    page = await operator.find("cargo-proposal", id=number)
    assert page["total"] == 1
    assert {"key": "premium", "title": "保费(元)"} in page["columns"]
    row = page["rows"][0]
    assert (row["statusName"], row["premium"]) == ("保单生效", "55.00")
    assert row["actions"] == []
    assert [button["name"] for button in page["newActions"]] == ["save", "submit"]
    policies = await operator.find("cargo-policy", proposalId=number)
    assert policies["rows"][0]["actions"][0]["label"] == "复制"


async def test_a_document_is_shown_as_it_is_and_as_it_was(world: World, operator: Portal) -> None:
    number = new_number(PROPOSAL, TODAY)
    await world.happened([*a_proposal_story(number, policy_no=f"P{uuid4().hex[:12]}")])
    now = await operator.document("cargo-proposal", number)
    then = await operator.document("cargo-proposal", number, MORNING + timedelta(minutes=2.5))
    assert (now["status"], now["form"]["insurance"]["invoiceAmount"]) == ("50", "200000.00")
    assert (then["status"], then["form"]["insurance"]["invoiceAmount"]) == ("11", "100000.00")


async def test_status_records_tell_who_did_what(world: World, operator: Portal) -> None:
    number = booking_number()
    await world.happened([*a_booking_story(number)])
    records = await operator.status_records("booking", number)
    assert [(row["sequence"], row["statusName"], row["role"]) for row in records] == [
        (1, "已发送", "operator"),
        (2, "保险公司已接收", "insurer"),
        (3, "预约成功", "insurer"),
    ]


async def test_anothers_documents_are_not_there(
    world: World, operator: Portal, other: Portal
) -> None:
    number = booking_number()
    await world.happened([*a_booking_story(number)])
    for path in ("", "/status-records", "/actions"):
        with pytest.raises(PortalError) as refused:
            await other.ask("GET", f"/api/documents/booking/{number}{path}")
        assert (refused.value.status, refused.value.code) == (404, "NOT_FOUND")
    assert (await other.find("booking", id=number))["total"] == 0
    assert (await operator.find("booking", id=number))["total"] == 1


async def test_the_legal_persons_card_sees_debit_agreements_only(
    world: World, operator: Portal, legal: Portal
) -> None:
    number = new_number(DEBIT_AGREEMENT, TODAY)
    await world.happened([*a_debit_story(number)])
    assert (await legal.document("debit-agreement", number))["statusName"] == "签约成功"
    assert await legal.actions("debit-agreement", number) == ["cancel"]
    assert await operator.actions("debit-agreement", number) == []
    for kind in ("booking", "cargo-proposal", "cargo-policy", "payment", "cargo-agreement"):
        with pytest.raises(PortalError) as refused:
            await legal.find(kind)
        assert (refused.value.status, refused.value.code) == (403, "ROLE")


async def test_account_numbers_are_masked_in_lists(world: World, operator: Portal) -> None:
    number = new_number(DEBIT_AGREEMENT, TODAY)
    await world.happened([*a_debit_story(number)])
    page = await operator.find("debit-agreement", id=number)
    assert page["rows"][0]["payerAcct"] == "**** 5702"


async def test_a_refused_command_is_told_with_its_reason(
    world: World, operator: Portal, other: Portal
) -> None:
    command = uuid4()
    await world.happened([a_rejection(command, "TB20261123AAAAAAAAAA")])
    found = await operator.settled(command, seconds=5)
    assert (found["state"], found["rejection"]["reasonCode"]) == ("rejected", "WRONG_STATE")
    assert (await other.outcome(command))["state"] == "unknown"


async def test_a_message_is_done_when_it_moved_something(world: World, operator: Portal) -> None:
    command = uuid4()
    await world.happened([*a_booking_story(booking_number(), cause_id=command)])
    found = await operator.settled(command, seconds=5)
    assert (found["state"], found["moves"][0]["status"]) == ("done", "10")


async def test_changes_come_as_they_happen_and_go_on_from_a_place(
    world: World, operator: Portal, other: Portal
) -> None:
    number = booking_number()
    story = a_booking_story(number)
    async with aclosing(operator.changes()) as changes:
        opening = await anext(changes)
        assert opening.told == {}
        await world.side.publish([*story, *a_booking_story(booking_number(), owner=OTHER_USCC)])
        async with asyncio.timeout(10):
            seen = [await anext(changes) for _ in story]
    assert [change.told["status"] for change in seen] == ["10", "12", "20"]
    async with aclosing(operator.changes(after=seen[0].position)) as changes:
        async with asyncio.timeout(10):
            again = [await anext(changes) for _ in range(3)]
    assert [change.told.get("status") for change in again] == [None, "12", "20"]


async def test_a_stream_that_nobody_listens_to_any_more_gives_its_connection_back(
    world: World, operator: Portal
) -> None:
    before = _connections_to(world.history.port)
    for _ in range(12):  # ended with an event at hand
        async with aclosing(operator.changes()) as changes:
            await anext(changes)
    for _ in range(12):  # ended while one is waited for, or before anything came
        listening = asyncio.create_task(_listen(operator))
        await asyncio.sleep(0.01)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    async with asyncio.timeout(10):
        while _connections_to(world.history.port) > before + 1:  # one is kept for the next question
            await asyncio.sleep(0.05)


async def _listen(portal: Portal) -> None:
    async with aclosing(portal.changes()) as changes:
        async for _ in changes:
            pass


def _connections_to(port: int) -> int:
    """Those that this process, which is portal and history, has open from the portal's side."""
    return sum(
        1
        for one in psutil.Process().net_connections()
        if one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
    )


async def test_the_legal_persons_stream_tells_of_debit_agreements_only(
    world: World, legal: Portal
) -> None:
    async with aclosing(legal.changes()) as changes:
        await anext(changes)
        await world.side.publish(
            [
                *a_booking_story(booking_number()),
                *a_debit_story(new_number(DEBIT_AGREEMENT, TODAY)),
            ]
        )
        async with asyncio.timeout(10):
            seen = [await anext(changes) for _ in range(2)]
    assert {change.told["kind"] for change in seen} == {"debit-agreement"}


async def test_waiting_for_what_does_not_come_says_what_is_there(
    world: World, operator: Portal
) -> None:
    number = booking_number()
    await world.happened([*a_booking_story(number)])
    assert (await operator.wait_for("booking", number, "20", seconds=5))["status"] == "20"
    with pytest.raises(Overdue, match="预约成功"):
        await operator.wait_for("booking", number, "21", seconds=0.3)


async def test_the_electronic_policy_says_what_was_signed_and_by_whom(
    world: World, operator: Portal, other: Portal
) -> None:
    policy = f"P{uuid4().hex[:12]}"
    events = a_proposal_story(new_number(PROPOSAL, TODAY), policy_no=policy)
    await world.happened([*events])
    data = await operator.e_policy(f"PICC.{policy}")
    text = PdfReader(BytesIO(data)).pages[0].extract_text().replace("\u200b", "")
    for said in (
        policy,
        "货物运输保险单",
        "人保财险",
        "110,000.00",
        "人民币壹拾壹万元整",
        "一切险",
        "CargoPolicyIssued",
        str(events[-1].cause.message_id),
        events[-1].cause.digest,
    ):
        assert said in text, said
    assert await operator.e_policy(f"PICC.{policy}") == data
    with pytest.raises(PortalError) as refused:
        await other.e_policy(f"PICC.{policy}")
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page": "x"}, "page"),
        ({"size": "101"}, "size"),
        ({"size": "999999999999999999999999"}, "size"),
        ({"status": "99"}, "status"),
        ({"insurer": "NOBODY"}, "insurer"),
        ({"from": "yesterday"}, "from"),
        ({"to": "0001-01-01"}, "to"),
        ({"to": "9999-12-31"}, "to"),
        ({"colour": "red"}, "colour"),
        ({"id": "\x00"}, "id"),
        ({"id": "x" * 100}, "id"),
    ],
)
async def test_a_wrong_query_says_which_key_and_what_would_be_right(
    operator: Portal, query: dict[str, str], path: str
) -> None:
    with pytest.raises(PortalError) as refused:
        await operator.ask("GET", "/api/documents/booking", params=query)
    assert (refused.value.status, refused.value.code) == (422, "WRONG_QUERY")
    assert [row["path"] for row in refused.value.errors] == [path]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/documents/nothing", 404, "NOT_FOUND"),
        ("/api/documents/Booking", 422, "REQUEST"),
        ("/api/documents/booking/%00", 422, "REQUEST"),
        ("/api/documents/booking/YY1?as_of=now", 422, "WRONG_QUERY"),
        ("/api/documents/booking/YY1?as_of=0001-01-01T00:00:00Z", 422, "WRONG_QUERY"),
        ("/api/documents/booking/YY1", 404, "NOT_FOUND"),
        ("/api/messages/not-a-uuid", 422, "REQUEST"),
        ("/api/changes?after=x", 422, "WRONG_QUERY"),
        ("/api/codes/nothing", 404, "NOT_FOUND"),
        ("/api/attachments/nothing", 404, "NOT_FOUND"),
        ("/api/nothing", 404, "NOT_FOUND"),
        ("/api/login", 405, "METHOD"),
    ],
)
async def test_wrong_questions_get_a_clear_answer(
    operator: Portal, path: str, status: int, code: str
) -> None:
    with pytest.raises(PortalError) as refused:
        await operator.ask("GET", path)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert refused.value.message


async def test_code_tables_are_served(operator: Portal) -> None:
    names = {row["name"] for row in await operator.ask("GET", "/api/codes")}  # type: ignore[index]  # a list
    assert {"port", "insurer", "main-cover"} <= names
    ports = await operator.ask("GET", "/api/codes/port")
    assert {"code": "CNSHA", "name": "Shanghai"} in ports["rows"]


async def test_the_api_describes_itself(operator: Portal) -> None:
    told = await operator.ask("GET", "/api/openapi.json")
    assert {"/api/login", "/api/messages", "/api/changes"} <= told["paths"].keys()
    taken = told["paths"]["/api/messages"]["post"]
    assert set(taken["requestBody"]["content"]) == {"application/xml", "application/json"}


async def test_time_now_is_never_before_what_happened(world: World, operator: Portal) -> None:
    number = booking_number()
    await world.happened([*a_booking_story(number, at=datetime.now(UTC) - timedelta(hours=1))])
    found = await operator.document("booking", number, datetime.now(UTC))
    assert found["status"] == "20"
