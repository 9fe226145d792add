"""The browser's door, over real WebSockets: who comes in, what is answered, what is too much."""

import asyncio
import json
import logging
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from functools import partial
from itertools import count, islice
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from card_signer.asker import current
from card_signer.door.conversation import Pace
from card_signer.door.server import CONNECTIONS_MAX, FRAME_BYTES_MAX, Door, Patience
from card_signer.seals.verifying import verified
from card_signer.troubles import Trouble
from libs.messages.partners import XML
from libs.signing.pki import Authority, Issued
from libs.signing.proofs import login_statement, prove
from libs.signing.trust import TrustStore
from libs.signing.verification import verify
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, SITE
from tests.card.files import letter, seal_for
from tests.card.room import OFFICIAL, OWN, Room, ask
from tests.card.test_desk import NONCE, PROPOSAL

FOREIGN = "https://evil.example"
ORIGIN = Origin(SITE)


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(OPERATOR)


@pytest.fixture
async def room(chip: Chip, tmp_path: Path) -> AsyncIterator[Room]:
    async with Room(chip, tmp_path).open() as room:
        yield room


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


async def test_a_file_is_sealed_through_our_own_protocol(
    room: Room, issued: Issued, authority: Authority
) -> None:
    seal = b64encode(seal_for(issued, authority.issue(OPERATOR))).decode()
    asked = {"pdf": b64encode(letter()).decode(), "page": 0, "left": 120, "top": 40}
    async with room.page() as page:
        told = await ask(page, call="seal", seal=seal, **asked)
        (mark,) = verified(b64decode(told["result"]["pdf"]), room.desk.shelf)
        assert mark["person"] == OPERATOR.holder
        wrongs: list[tuple[dict[str, object], str]] = [
            ({}, "NO_SEAL"),
            ({"card": "another"}, "WRONG_CARD"),
            ({"seal": "§"}, "BAD_REQUEST"),
            ({"pdf": 5}, "BAD_REQUEST"),
            ({"page": "one"}, "BAD_REQUEST"),
        ]
        for wrong, code in wrongs:
            told = await ask(page, call="seal", **asked | wrong)
            assert (told["ok"], told["error"]["code"]) == (False, code)


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
    return connect(f"ws://127.0.0.1:{room.port}{OWN}", origin=ORIGIN, proxy=None)


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


def test_a_burst_is_borne_and_then_so_many_a_second() -> None:
    pace = Pace()
    assert sum(pace.allows(0.0) for _ in range(1000)) == 200
    pace = Pace()
    assert all(pace.allows(second / 20) for second in range(10_000))


async def test_a_line_that_is_opened_and_says_nothing_is_closed(
    room: Room,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", room.port)
    async with asyncio.timeout(15):
        assert await reader.read() == b""
    writer.close()


async def test_a_page_is_answered_while_its_user_reads_what_another_call_wants(room: Room) -> None:
    """And more than the line holds: the page is not cut off for asking meanwhile."""
    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()
    room.someone.meanwhile = partial(wait_here, go_on, loop)
    async with room.page() as page:
        await page.recv()  # the cards
        await page.send(json.dumps({"id": "slow", "call": "login", "nonce": NONCE}))
        await page.send(json.dumps({"id": "second", "call": "login", "nonce": NONCE}))
        told = json.loads(await page.recv())
        assert (told["id"], told["error"]["code"]) == ("second", "BUSY")
        for _ in range(20):
            assert (await ask(page, call="status"))["ok"]
        go_on.set()
        told = json.loads(await page.recv())
        assert (told["id"], told["ok"]) == ("slow", True)


async def test_a_page_that_leaves_while_its_user_reads_takes_its_question_back(room: Room) -> None:
    """Nothing is signed, and the next page need not wait."""
    gone = threading.Event()

    def read() -> None:
        with current().when_gone(gone.set):
            assert gone.wait(10)
        raise Trouble("GONE")

    room.someone.meanwhile = read
    async with room.page() as page, room.page() as other:
        await page.send(json.dumps({"id": 1, "call": "login", "nonce": NONCE}))
        while not room.someone.asked:
            await asyncio.sleep(0.01)
        await other.close()  # another page that goes changes nothing
        assert not gone.wait(0.2)
    room.someone.meanwhile = lambda: None
    async with asyncio.timeout(5), room.page() as page:
        while (told := await ask(page, call="login", nonce="m" * 32)).get("error"):
            assert told["error"]["code"] == "BUSY"
        assert told["ok"]
    assert gone.is_set()


async def test_who_is_gone_without_a_word_is_let_go() -> None:
    """All places are taken by pages that never answer again: soon there is room."""

    async def listen(connection: ServerConnection, origin: str) -> None:
        async for _ in connection:
            pass

    door = Door({"/": listen}, frozenset({SITE}), 0, Patience(opening=5, ping=0.3))
    async with door.opened() as port:
        silent = [await half_open(port) for _ in range(CONNECTIONS_MAX)]
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws://127.0.0.1:{port}/", origin=ORIGIN, proxy=None)
        assert refusal.value.response.status_code == 503
        start = time.monotonic()
        while True:
            try:
                page = await connect(f"ws://127.0.0.1:{port}/", origin=ORIGIN, proxy=None)
            except InvalidStatus:
                assert time.monotonic() - start < 10
                await asyncio.sleep(0.05)
            else:
                break
        await page.close()
        for writer in silent:
            writer.close()


async def half_open(port: int) -> asyncio.StreamWriter:
    """A page that shakes hands and is never heard of again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {SITE}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readline()
    return writer


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


async def test_a_pin_that_a_page_sends_is_in_no_log(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even when everything is logged that can be: pages for the official control send it."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.client").setLevel(logging.WARNING)  # the page's side
    secret = "86421357"
    async with room.page(OFFICIAL) as page:
        await page.recv()
        for method, args in (
            ("cus-sec_SpcSignRandom", {"random": "4711", "passwd": secret}),
            ("cus-sec_SpcChangePIN", {"oldPin": secret, "newPin": secret}),
            ("cus-sec_Format", {"passwd": secret}),
            ("security_getGetCardUserInfoAll", {"userpin": secret}),
        ):
            await page.send(json.dumps({"_method": method, "_id": 1, "args": args}))
            assert secret not in await page.recv(decode=True)
        await page.send(f'{{"passwd":"{secret}"')
        assert secret not in await page.recv(decode=True)
    assert caplog.records  # logs are watched
    assert secret not in caplog.text


def wait_here(event: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """In a thread of its own."""
    asyncio.run_coroutine_threadsafe(event.wait(), loop).result(20)
