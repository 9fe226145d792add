"""The browser's door, over real WebSockets: who comes in, what is answered, what is too much."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from card_signer.desk import Desk
from card_signer.door.blocks import MARK, Block, Blocks, crc, units
from card_signer.door.server import CONNECTIONS_MAX, FRAME_BYTES_MAX
from card_signer.doors import serve
from card_signer.settings import Settings
from libs.messages.partners import XML
from libs.signing.pki import Authority, Issued
from libs.signing.proofs import login_statement, prove
from libs.signing.suites import suite_of
from libs.signing.trust import TrustStore
from libs.signing.verification import verify
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, SITE, Drawer, Someone, refused
from tests.card.test_desk import NONCE, PROPOSAL

FOREIGN = "https://evil.example"
OWN, OFFICIAL = "/tongbao/v1", "/"


class Room:
    """A signer that serves, its drawer, and who sits before it."""

    def __init__(self, chip: Chip, state: Path) -> None:
        self.chip = chip
        self.drawer = Drawer({"one": chip})
        self.someone = Someone()
        self.desk = Desk([self.drawer], self.someone)
        self.settings = Settings(origins=frozenset({SITE}), port=0, state=state)
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Room"]:
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(self.desk, self.settings, ready.set_result, stop))
        self.port = await ready
        try:
            yield self
        finally:
            stop.set()
            await serving

    @asynccontextmanager
    async def page(
        self, path: str = OWN, origin: str | None = SITE, **headers: str
    ) -> AsyncIterator[ClientConnection]:
        address = f"ws://127.0.0.1:{self.port}{path}"
        async with connect(
            address,
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
            proxy=None,
            compression=None,
            ping_interval=None,
        ) as page:
            yield page


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(OPERATOR)


@pytest.fixture
async def room(chip: Chip, tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(chip, tmp_path).open() as room:
        yield room


@pytest.fixture
def trust(authority: Authority, tmp_path: Path) -> TrustStore:
    (tmp_path / "ca.pem").write_bytes(authority.issued.certificate_pem())
    return TrustStore(tmp_path / "ca.pem")


async def ask(page: ClientConnection, **asked: object) -> dict[str, Any]:
    """The answer to a call; events on the way are passed over."""
    await page.send(json.dumps({"id": 7, **asked}))
    while True:
        told: dict[str, Any] = json.loads(await page.recv())
        if "event" not in told:
            return told


async def official(page: ClientConnection, method: str, **args: object) -> dict[str, Any]:
    await page.send(json.dumps({"_method": method, "_id": 3, "args": args}))
    told: dict[str, Any] = json.loads(await page.recv())
    return told


async def test_login_and_signature_through_our_own_protocol(room: Room, trust: TrustStore) -> None:
    async with room.page() as page:
        told = await ask(page, call="login", nonce=NONCE)
        assert (told["id"], told["ok"]) == (7, True)
        now = datetime.now(UTC)
        prove(login_statement(SITE, NONCE), told["result"]["signature"], trust, now)
        told = await ask(page, call="sign", document=PROPOSAL.decode(), card=told["result"]["card"])
        signed = told["result"]["document"].encode()
        assert verify(signed, XML, None, trust, datetime.now(UTC)).verdict.trusted
    assert [each.origin for each in room.someone.asked] == [SITE, SITE]


@pytest.mark.parametrize("path", [OWN, OFFICIAL])
@pytest.mark.parametrize(
    "origin", [FOREIGN, None, "null", f"{SITE}.evil.example", SITE.upper(), f"{SITE}:444"]
)
async def test_a_foreign_page_stays_out(room: Room, path: str, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with room.page(path, origin):
            pass
    assert refusal.value.response.status_code == 403
    assert not room.someone.asked


async def test_another_name_for_this_address_stays_out(room: Room) -> None:
    """DNS rebinding: the page's own name is made to point here."""
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    writer.write(
        f"GET {OWN} HTTP/1.1\r\nHost: trade.example:{room.port}\r\nOrigin: {SITE}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b" 421 " in await reader.readline()
    writer.close()


async def test_an_unknown_path_and_too_many_pages_are_told(room: Room) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with room.page("/else"):
            pass
    assert refusal.value.response.status_code == 404
    pages = [connect_to(room) for _ in range(CONNECTIONS_MAX)]
    opened = [await page for page in pages]
    with pytest.raises(InvalidStatus) as refusal:
        async with room.page():
            pass
    assert refusal.value.response.status_code == 503
    for page in opened:
        await page.close()


def connect_to(room: Room) -> connect:
    return connect(f"ws://127.0.0.1:{room.port}{OWN}", origin=SITE, proxy=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", "BAD_REQUEST"),
        ("[1]", "BAD_REQUEST"),
        ('{"id": 1}', "BAD_REQUEST"),
        ('{"id": 1, "call": "format"}', "BAD_REQUEST"),
        ('{"id": 1, "call": "login"}', "BAD_REQUEST"),
        ('{"id": 1, "call": "login", "nonce": 5}', "BAD_REQUEST"),
        ('{"id": 1, "call": "sign", "document": "<a/>"}', "DOCUMENT"),
        ('{"id": 1, "call": "sign", "document": ""}', "DOCUMENT"),
        (b"\xff\xfe", "BAD_REQUEST"),
    ],
)
async def test_wrong_requests_are_told_and_the_page_goes_on(
    room: Room, frame: str | bytes, code: str
) -> None:
    async with room.page() as page:
        await page.recv()  # the cards
        await page.send(frame)
        told = json.loads(await page.recv())
        assert told["error"]["code"] == code
        assert told["error"]["todo"]
        assert (await ask(page, call="status"))["ok"]
    assert not room.someone.asked


async def shut_out(page: ClientConnection, frames: Iterable[str]) -> int | None:
    """The code that the door closes with; None when the line was cut before we could read it."""
    try:
        for frame in frames:
            await page.send(frame)
        while True:
            await page.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def test_a_frame_that_is_too_large_ends_the_connection_and_nothing_else(room: Room) -> None:
    async with room.page() as other:
        page = await connect_to(room)
        assert await shut_out(page, ["x" * (16 * 1024 * 1024)]) in {1009, None}
        assert (await ask(other, call="status"))["ok"]
    assert FRAME_BYTES_MAX < 16 * 1024 * 1024


async def test_who_sends_frames_without_end_is_shut_out_and_nobody_else(room: Room) -> None:
    async with room.page() as other:
        page = await connect_to(room)
        sent = count()
        frames = (f'{{"id": {number}}}' for number in islice(sent, 1_000_000))
        assert await shut_out(page, frames) in {1008, None}
        assert next(sent) < 1_000_000  # before the end of it
        assert (await ask(other, call="status"))["ok"]


async def test_a_line_that_is_opened_and_says_nothing_is_closed(
    room: Room,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    async with asyncio.timeout(15):
        assert await reader.read() == b""
    writer.close()


async def test_a_page_learns_of_a_card_that_goes_and_comes(room: Room, chip: Chip) -> None:
    async with room.page() as page:
        first = json.loads(await page.recv())
        assert [card["cardNo"] for card in first["cards"]] == ["C1"]
        room.drawer.chips["one"] = None
        async with asyncio.timeout(2):
            gone = json.loads(await page.recv())
        assert gone["trouble"]["code"] == "NO_CARD"
        assert gone["trouble"]["message"] == "请检查是否正常接入IC卡"
        room.drawer.chips["one"] = chip
        async with asyncio.timeout(2):
            back = json.loads(await page.recv())
        assert [card["cardNo"] for card in back["cards"]] == ["C1"]


async def test_the_wrong_card_is_told_in_the_manuals_words(room: Room) -> None:
    async with room.page() as page:
        told = await ask(page, call="login", nonce=NONCE, card="00" * 32)
        assert told["error"]["message"] == "IC卡与当前登录人员不符"


async def test_a_fault_of_our_own_shows_no_trace(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> None:
        raise RuntimeError("secret")

    room.someone.meanwhile = broken
    async with room.page() as page:
        told = await ask(page, call="login", nonce=NONCE)
    assert told["error"]["code"] == "BROKEN"
    assert "secret" not in json.dumps(told)
    caplog.clear()


async def test_a_page_for_the_official_control_logs_in_and_signs(
    room: Room, issued: Issued
) -> None:
    async with room.page(OFFICIAL) as page:
        assert json.loads(await page.recv()) == {"_method": "open"}
        told = await official(page, "cus-sec_SpcSignRandom", random="4711", passwd="999999")
        assert (told["_id"], told["_method"], told["_status"]) == (3, "cus-sec_SpcSignRandom", "00")
        assert told["_args"]["Result"] is True
        signature, number = told["_args"]["Data"]
        suite = suite_of(issued.key)
        assert suite.verify(issued.certificate.public_key(), base64.b64decode(signature), b"4711")
        info = await official(page, "security_getGetCardUserInfoAll")
        fields = info["_args"]["Data"][0].split("||")
        assert (fields[0], fields[5]) == (number, "C1")
        room.drawer.chips["one"] = None
        told = await official(page, "cus-sec_SpcGetCardID")
        assert told["_args"] == {
            "Result": False,
            "Data": [],
            "Error": ["请检查是否正常接入IC卡。请插入IC卡", "Err:Custom51590"],
        }
        told = await official(page, "cus-sec_Format")
        assert told["_args"]["Error"][1] == "Err:Base50000"
    (question,) = room.someone.asked
    assert [line.text for line in question.lines] == ["4711"]


def blocks(text: str, size: int) -> list[str]:
    """As a page's script cuts a frame."""
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    guid = "0f8fad5b-d9cb-469f-a165-70867728950e"
    return [
        (
            f"{MARK}{crc(text)}{crc(piece)}{units(text):016}{units(piece):08}{len(pieces):04}"
            f"{guid}{number:04}"
        ).ljust(128, "0")
        + piece
        for number, piece in enumerate(pieces, 1)
    ]


async def test_a_large_frame_comes_in_blocks(room: Room) -> None:
    text = json.dumps(
        {"_method": "cus-sec_SpcSignDataAsPEM", "_id": 1, "args": {"inData": "数" * 3000}},
        ensure_ascii=False,
    )
    async with room.page(OFFICIAL) as page:
        await page.recv()
        *first, last = blocks(text, 1000)
        for number, block in enumerate(first, 1):
            await page.send(block)
            told = json.loads(await page.recv())
            assert told["_method"] == "_nextBlock"
            assert told["_args"]["Data"][0]["next"] == number + 1
        await page.send(last)
        assert json.loads(await page.recv())["_args"]["Result"] is True


def test_the_checksum_is_the_controls() -> None:
    assert crc("123456789") == "374B"


@given(st.text(min_size=1, max_size=400), st.integers(7, 100))
def test_blocks_put_together_are_the_text(text: str, size: int) -> None:
    taking = Blocks()
    if len(text) > size * 64:
        return
    *first, last = (Block.parse(each) for each in blocks(text, size))
    assert [taking.take(each) for each in first] == [None] * len(first)
    assert taking.take(last) == text


@pytest.mark.parametrize(
    "frame",
    [
        MARK,
        MARK + "0" * 120,
        MARK + "x" * 200,
        blocks("hello", 5)[0][:-1],
        blocks("hello", 5)[0] + "!",
        blocks("hello", 5)[0].replace("hello", "hallo"),
    ],
)
def test_a_damaged_block_is_refused(frame: str) -> None:
    with pytest.raises(Exception, match=r"^(BAD_REQUEST|TOO_LARGE):"):
        Block.parse(frame)


def test_a_whole_that_does_not_fit_its_checksum_is_refused() -> None:
    taking = Blocks()
    one, two = (Block.parse(each) for each in blocks("abcdef", 3))
    taking.take(two)
    with refused("BAD_REQUEST"):
        taking.take(Block("0000", one.total, one.count, one.guid, one.number, one.text))
