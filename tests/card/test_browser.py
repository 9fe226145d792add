"""The door as real pages meet it: headless Chromium, pages of allowed and of foreign origins."""

import asyncio
import base64
import json
import logging
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from card_signer.door.server import CONNECTIONS_MAX
from card_signer.pin import Pin
from card_signer.seals.shelf import Shelf
from card_signer.software import SoftwareBackend, write
from libs.messages.partners import XML
from libs.signing.pki import Authority, Issued
from libs.signing.proofs import NotProven, login_statement, prove
from libs.signing.suites import suite_of
from libs.signing.trust import TrustStore
from libs.signing.verification import verify
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, PIN
from tests.card.files import changed, seal_for
from tests.card.room import OFFICIAL, OWN, Room
from tests.card.sites import PAGES, Sites, served
from tests.card.test_desk import NONCE, PROPOSAL

playwright = pytest.importorskip(
    "playwright.async_api", reason="the Python package playwright is not here"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.card,
    pytest.mark.skipif(not CHROMIUM, reason="the system's package chromium is not here"),
]
REBOUND = "evil.example"
PLAIN = "plain.example"
REFUSED = "closed 1006"  # what a page sees of a handshake that was refused: no reason
CLEAR = Path("/proc/self/clear_refs")
MIB = 1024 * 1024
FLOOD = """async () => {
    let sent = 0;
    while (sent < 1e6 && socket.readyState === WebSocket.OPEN) {
        for (let n = 0; n < 1000; n++, sent++) socket.send('{"id":1,"call":"format"}');
        await new Promise(resolve => setTimeout(resolve));
    }
    return sent;
}"""
TEXT = "合同号 HT-2026-001，金额 55.00 元"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    with served(tmp_path_factory.mktemp("sites")) as sites:
        yield sites


@pytest.fixture(scope="module")
async def browser(sites: Sites) -> AsyncIterator[Any]:
    public = ",".join(f"127.0.0.1:{site.port}=public" for site in (sites.https, sites.plain))
    arguments = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1, MAP {PLAIN} 127.0.0.1",
        f"--ip-address-space-overrides={public}",
    ]
    async with playwright.async_playwright() as started:
        browser = await started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue(OPERATOR)


@pytest.fixture
async def room(chip: Chip, tmp_path: Path, sites: Sites) -> AsyncIterator[Room]:
    rebound = replace(sites.ours, name=REBOUND)  # allowed, to show that its name is what is wrong
    allowed = (sites.ours, sites.https, sites.plain, rebound)
    async with Room(chip, tmp_path, [site.origin for site in allowed]).open() as room:
        yield room


@asynccontextmanager
async def visit(browser: Any, address: str, *permissions: str) -> AsyncIterator[Any]:
    """A page in a profile of its own."""
    context = await browser.new_context(ignore_https_errors=True)
    try:
        if permissions:
            await context.grant_permissions(list(permissions))
        page = await context.new_page()
        await page.goto(address)
        yield page
    finally:
        await context.close()


@pytest.fixture
async def page(browser: Any, sites: Sites, room: Room) -> AsyncIterator[Any]:
    """One of ours, connected."""
    async with visit(browser, sites.ours.page("own.html", room.port)) as page:
        assert await connect(page) == "open"
        yield page


async def connect(page: Any, path: str = OWN) -> str:
    """How it went, in the page's eyes."""
    return str(await page.evaluate("path => connect(path)", path))


async def call(page: Any, **asked: object) -> dict[str, Any]:
    told: dict[str, Any] = await page.evaluate("asked => call(asked)", asked)
    return told


def refusals(caplog: pytest.LogCaptureFixture) -> int:
    """How often the door said no to an origin."""
    return sum(record.getMessage() == "refused: ORIGIN" for record in caplog.records)


@pytest.mark.parametrize("kind", ["piv", "software"])
async def test_an_allowed_page_logs_in_and_signs(
    page: Any,
    room: Room,
    sites: Sites,
    issued: Issued,
    trust: TrustStore,
    tmp_path: Path,
    kind: str,
) -> None:
    if kind == "software":
        with Pin.typed(PIN) as pin:
            write(tmp_path / "li.card", issued.key, issued.certificate, pin)
        room.desk.backends = [SoftwareBackend(tmp_path)]
    told = await call(page, call="login", nonce=NONCE)
    assert told["ok"], told
    signature, now = told["result"]["signature"], datetime.now(UTC)
    who = prove(login_statement(sites.ours.origin, NONCE), signature, trust, now)
    assert who.fingerprint == told["result"]["card"]
    for elsewhere in (
        login_statement(sites.foreign.origin, NONCE),
        login_statement(sites.ours.origin, NONCE + "n"),
    ):
        with pytest.raises(NotProven):
            prove(elsewhere, signature, trust, now)
    told = await call(page, call="sign", document=PROPOSAL.decode(), card=who.fingerprint)
    signed = told["result"]["document"].encode()
    assert verify(signed, XML, None, trust, datetime.now(UTC)).verdict.trusted
    assert [each.origin for each in room.someone.asked] == [sites.ours.origin] * 2


@pytest.mark.parametrize("path", [OWN, OFFICIAL])
async def test_a_page_of_a_foreign_origin_stays_out(
    browser: Any, sites: Sites, room: Room, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    async with visit(browser, sites.foreign.page("own.html", room.port)) as page:
        assert await connect(page, path) == REFUSED
    assert refusals(caplog) == 1
    assert not room.someone.asked


async def test_a_page_in_a_sandbox_stays_out_though_its_site_is_allowed(
    browser: Any, sites: Sites, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    address = sites.ours.page("own.html", room.port)
    async with visit(browser, sites.ours.origin) as page:
        await page.set_content(f'<iframe sandbox="allow-scripts" src="{address}"></iframe>')
        frame = page.frames[1]
        await frame.wait_for_load_state()
        assert await frame.evaluate("self.origin") == "null"
        assert await connect(frame) == REFUSED
    assert refusals(caplog) == 1


async def test_a_page_from_a_file_stays_out(
    browser: Any, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    async with visit(browser, f"{(PAGES / 'own.html').as_uri()}?door={room.port}") as page:
        assert await connect(page) == REFUSED
    assert refusals(caplog) == 1


async def test_a_name_that_is_bound_to_this_address_anew_stays_out(
    browser: Any, sites: Sites, room: Room
) -> None:
    """DNS rebinding, by a site that is even allowed: the name of the address is what is wrong."""
    evil = replace(sites.ours, name=REBOUND)
    async with visit(browser, evil.page("own.html", room.port, host=REBOUND)) as page:
        assert await connect(page) == REFUSED
    async with visit(browser, evil.page("own.html", room.port)) as page:
        assert await connect(page) == "open"


async def test_a_site_of_the_internet_needs_the_browsers_permission(
    browser: Any, sites: Sites, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """Local Network Access: without it nothing comes to the door; with it https may use ws."""
    address = sites.https.page("own.html", room.port)
    async with visit(browser, address) as page:
        assert await connect(page) == REFUSED
    async with visit(browser, address, "local-network-access") as page:
        assert await connect(page) == "open"
        assert (await call(page, call="login", nonce=NONCE))["ok"]
    async with visit(browser, sites.plain.page("own.html", room.port)) as page:
        assert await connect(page) == REFUSED  # without TLS it is not even asked
    assert refusals(caplog) == 0


async def test_the_second_page_is_told_busy_while_the_first_ones_user_reads(
    browser: Any, sites: Sites, room: Room, page: Any
) -> None:
    read, reading = threading.Event(), threading.Event()

    def meanwhile() -> None:
        reading.set()
        assert read.wait(20)

    room.someone.meanwhile = meanwhile
    first = asyncio.ensure_future(call(page, call="login", nonce=NONCE))
    assert await asyncio.to_thread(reading.wait, 20)
    async with visit(browser, sites.ours.page("own.html", room.port)) as other:
        assert await connect(other) == "open"
        told = await call(other, call="sign", document=PROPOSAL.decode())
        assert told["error"]["code"] == "BUSY"
        assert (await call(other, call="status"))["ok"]
    read.set()
    assert (await first)["ok"]
    assert len(room.someone.asked) == 1


async def test_a_page_hears_within_two_seconds_that_the_card_is_gone(
    page: Any, room: Room, chip: Chip, authority: Authority
) -> None:
    card = (await call(page, call="login", nonce=NONCE))["result"]["card"]
    await page.wait_for_function("events.length > 0")
    room.drawer.chips["one"] = None
    await page.wait_for_function("events.some(each => each.trouble)", timeout=2000)
    assert await page.evaluate("document.getElementById('card').value") == "请检查是否正常接入IC卡"
    told = await call(page, call="sign", document=PROPOSAL.decode(), card=card)
    assert told["error"]["message"] == "请检查是否正常接入IC卡"
    other = authority.issue(replace(OPERATOR, holder="王大为", card="C2"))
    room.drawer.chips["one"] = Chip(other.key, other.certificate, PIN)
    await page.wait_for_function("events.at(-1).cards.length === 1", timeout=2000)
    told = await call(page, call="sign", document=PROPOSAL.decode(), card=card)
    assert told["error"]["message"] == "IC卡与当前登录人员不符"
    room.drawer.chips["one"] = chip
    assert (await call(page, call="sign", document=PROPOSAL.decode(), card=card))["ok"]


async def test_a_nonce_serves_once_whichever_page_has_it(
    browser: Any, sites: Sites, room: Room, page: Any
) -> None:
    assert (await call(page, call="login", nonce=NONCE))["ok"]
    assert (await call(page, call="login", nonce=NONCE))["error"]["code"] == "NONCE"
    async with visit(browser, sites.ours.page("own.html", room.port)) as other:
        await connect(other)
        assert (await call(other, call="login", nonce=NONCE))["error"]["code"] == "NONCE"


@pytest.fixture
async def official(browser: Any, sites: Sites, room: Room) -> AsyncIterator[Any]:
    """A page that was written for the official control."""
    async with visit(browser, sites.ours.page("official.html", room.port)) as page:
        yield page


async def test_a_page_for_the_official_control_logs_in_and_signs(
    official: Any, room: Room, issued: Issued, authority: Authority
) -> None:
    """Its whole sequence, as its buttons start it."""
    await official.click("#login button")
    await official.wait_for_function("session !== undefined")
    session = await official.evaluate("session")
    assert (session["icCard"], session["alerted"]) == ("C1", "")
    assert session["certNo"] == f"{issued.certificate.serial_number:x}"
    fits = suite_of(issued.key).verify
    key = issued.certificate.public_key()
    assert fits(key, base64.b64decode(session["signData"]), b"20261126-4711")
    await official.click("#signing button")
    await official.wait_for_function("log.length === 2")
    signature, number = json.loads(await official.evaluate("log[1]"))
    assert fits(key, base64.b64decode(signature), TEXT.encode())
    assert number == session["certNo"]
    assert [[line.text for line in each.lines] for each in room.someone.asked] == [
        ["20261126-4711"],
        [TEXT],
    ]
    other = authority.issue(replace(OPERATOR, holder="王大为", card="C2"))
    room.drawer.chips["one"] = Chip(other.key, other.certificate, PIN)
    await official.click("#signing button")
    await official.wait_for_function("log.length === 3")
    assert "不一致" in await official.evaluate("log[2]")
    assert len(room.someone.asked) == 2


@pytest.mark.parametrize(("days", "told"), [(10, "您的IC卡还有10天到期"), (-1, "过期")])
async def test_a_page_for_the_official_control_sees_that_a_card_expires(
    official: Any, room: Room, authority: Authority, days: int, told: str
) -> None:
    since = datetime.now(UTC) - timedelta(days=20)
    soon = authority.issue(OPERATOR, since=since, days=20 + days)
    room.drawer.chips["one"] = Chip(soon.key, soon.certificate, PIN)
    await official.click("#login button")
    await official.wait_for_function("log.length > 0")
    assert told in await official.evaluate("log[0]")


async def test_a_text_that_nobody_reads_is_refused_in_the_page_that_sent_it_in_blocks(
    official: Any, room: Room, issued: Issued
) -> None:
    await official.evaluate("connect()")
    start = time.monotonic()
    told = await official.evaluate("signInBlocks('数'.repeat(170 * 1024))")  # 510 KiB
    assert told["Result"] is False
    assert told["Error"] == [
        "原文超过4000字，无法逐字核对，未签名。请联系网站改用单证签名",
        "Err:Base50000",
    ]
    assert time.monotonic() - start < 5
    assert not room.someone.asked
    text = "数" * 3900
    told = await official.evaluate("text => signInBlocks(text)", text)
    signature = base64.b64decode(told["Data"][0])
    key = issued.certificate.public_key()
    assert suite_of(issued.key).verify(key, signature, text.encode())
    assert await official.evaluate("Object.keys(sent).length") == 0  # the page was told to forget
    assert await official.evaluate("log") == []


async def test_a_page_for_the_official_control_has_a_large_file_sealed_and_checked(
    official: Any, room: Room, issued: Issued, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "company.esl").write_bytes(seal_for(issued, authority.issue(OPERATOR)))
    room.desk.shelf = Shelf(tmp_path)
    large = changed(lambda writer: writer.add_metadata({"/Filler": "x" * 400_000}))
    await official.evaluate("connect()")
    marks = await official.evaluate("file => sealed(file)", base64.b64encode(large).decode())
    assert [(mark["person"], mark["whole"]) for mark in marks] == [(OPERATOR.holder, True)]
    (question,) = room.someone.asked
    assert question.title == "电子签章"
    assert await official.evaluate("Object.keys(sent).length") == 0


async def test_a_page_that_sends_a_frame_of_16_mb_is_shut_out_alone(
    browser: Any, sites: Sites, room: Room, page: Any
) -> None:
    async with visit(browser, sites.ours.page("own.html", room.port)) as greedy:
        await connect(greedy)
        await greedy.evaluate(f"socket.send('x'.repeat({16 * MIB}))")
        await greedy.wait_for_function("log.some(line => line.startsWith('closed'))")
        assert await greedy.evaluate("log.at(-1)") in {"closed 1009", "closed 1006"}
        assert await connect(greedy) == "open"  # and may come again
    assert (await call(page, call="login", nonce=NONCE))["ok"]


@pytest.mark.skipif(not CLEAR.exists(), reason="the peak of memory is read from Linux' /proc")
async def test_a_page_that_sends_a_million_frames_is_shut_out_alone_and_costs_no_memory(
    browser: Any, sites: Sites, room: Room, page: Any
) -> None:
    async with visit(browser, sites.ours.page("own.html", room.port)) as flooding:
        await connect(flooding)
        before = peak_bytes(reset=True)
        flood = asyncio.ensure_future(flooding.evaluate(FLOOD))
        assert (await call(page, call="status"))["ok"]  # meanwhile
        assert await flood < 1_000_000
        await flooding.wait_for_function("log.some(line => line.startsWith('closed'))")
        assert await flooding.evaluate("log.at(-1)") in {"closed 1008", "closed 1006"}
    assert peak_bytes() - before < 32 * MIB
    assert (await call(page, call="login", nonce=NONCE))["ok"]


def peak_bytes(*, reset: bool = False) -> int:
    """The most memory that this process, the door in it, has had since the last reset."""
    if reset:
        CLEAR.write_text("5")
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


async def test_pages_that_are_gone_leave_room_for_others(
    browser: Any, sites: Sites, room: Room
) -> None:
    address = sites.ours.page("own.html", room.port)
    async with visit(browser, address) as many:
        for _ in range(CONNECTIONS_MAX):
            assert await connect(many) == "open"
        assert await connect(many) == REFUSED
        async with visit(browser, address) as other:
            assert await connect(other) == REFUSED
    async with visit(browser, address) as page, asyncio.timeout(5):
        while await connect(page) != "open":
            await asyncio.sleep(0.05)


async def test_a_pin_that_a_page_sends_is_neither_used_nor_logged(
    official: Any, room: Room, chip: Chip, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "86421357"
    await official.evaluate("secret => login('4711', secret)", secret)
    assert chip.tries == 3
    assert secret not in caplog.text
