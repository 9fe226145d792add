"""A portal, a card signer and a card: what a company's computer has, and its session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256

from libs.messages.partners import JSON, XML
from libs.signing.pki import Issued
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import PIN
from tests.card.room import Room
from tests.integration.portal.conftest import World
from tests.integration.portal.test_door import a_booking_message
from tests.support.readside import CARDS, free_port, until_true
from tongbao.client import CardError, Portal, PortalError
from tongbao.client.card_signer import CardSigner
from tongbao.client.presence import present, telling

pytestmark = pytest.mark.stack
LEARNS_SECONDS = 2.0


@pytest.fixture
def issued(world: World) -> Issued:
    return world.side.keys.authority.issue(CARDS["operator"])


@pytest.fixture
async def room(world: World, issued: Issued, tmp_path: Path) -> AsyncIterator[Room]:
    chip = Chip(issued.key, issued.certificate, PIN)
    async with Room(chip, tmp_path, [world.side.url]).open() as room:
        yield room


@asynccontextmanager
async def card_of(room: Room, origin: str, wanted: str) -> AsyncIterator[CardSigner]:
    """The client waits for answers in a thread: the card signer runs in this one."""
    opened = CardSigner.opened(f"ws://127.0.0.1:{room.port}", origin, wanted)
    card = await asyncio.to_thread(opened.__enter__)
    try:
        yield card
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)


@pytest.fixture
def own(issued: Issued) -> str:
    return issued.certificate.fingerprint(SHA256()).hex()


@pytest.fixture
async def card(world: World, room: Room, own: str) -> AsyncIterator[CardSigner]:
    async with card_of(room, world.side.url, own) as card:
        yield card


async def test_a_card_logs_in_and_signs_and_the_portal_takes_it(
    world: World, room: Room, card: CardSigner
) -> None:
    async with await Portal.login(world.side.url, card) as portal:
        message = a_booking_message(portal)
        receipt = await portal.send(message)
        assert receipt["documentId"] == message.meta.document_id
    assert [question.title for question in room.someone.asked] == ["登录", "货运险预约"]


async def test_nothing_is_signed_that_cannot_be_shown(world: World, card: CardSigner) -> None:
    async with await Portal.login(world.side.url, card) as portal:
        with pytest.raises(CardError, match="DOCUMENT"):
            await portal.send(a_booking_message(portal), JSON)


async def test_what_the_card_signer_says_is_told(world: World, room: Room, own: str) -> None:
    async with card_of(room, world.side.url, "0" * 64) as other:
        with pytest.raises(CardError, match="WRONG_CARD: IC卡与当前登录人员不符"):
            await Portal.login(world.side.url, other)
    room.someone.pin = ""
    async with card_of(room, world.side.url, own) as card:
        with pytest.raises(CardError, match="CANCELLED"):
            await Portal.login(world.side.url, card)


async def test_who_may_not_use_cards_or_finds_nobody_is_told(room: Room, own: str) -> None:
    with pytest.raises(CardError, match="ORIGIN"):
        async with card_of(room, "https://evil.example", own):
            pass
    room.port = free_port()
    with pytest.raises(CardError, match="NOT_SERVING"):
        async with card_of(room, "https://evil.example", own):
            pass


async def test_the_portal_learns_within_two_seconds_that_the_card_is_gone(
    world: World, room: Room, card: CardSigner, own: str
) -> None:
    other = world.side.keys.authority.issue(CARDS["legal"])
    chips: dict[str | None, Chip | None] = {
        None: room.chip,
        "CARD_ABSENT": None,
        "CARD_DIFFERS": Chip(other.key, other.certificate, PIN),
    }
    address = f"ws://127.0.0.1:{room.port}"
    async with (
        await Portal.login(world.side.url, card) as portal,
        telling(portal, address, world.side.url, own),
    ):
        # signed while the card was there
        data, headers = await asyncio.to_thread(portal.sign, a_booking_message(portal))

        async def answered(code: str | None) -> bool:
            try:
                await portal.hand_in(data, headers)
            except PortalError as refused:
                return refused.code == code
            return code is None

        for code in (None, "CARD_ABSENT", "CARD_DIFFERS", "CARD_ABSENT", None):
            room.drawer.chips["one"] = chips[code]
            await until_true(partial(answered, code), LEARNS_SECONDS)


async def test_a_card_signer_that_ends_is_a_card_that_is_gone(
    world: World, room: Room, card: CardSigner, own: str
) -> None:
    async with Room(room.chip, room.settings.state, [world.side.url]).open() as second:
        address = f"ws://127.0.0.1:{second.port}"
        portal = await Portal.login(world.side.url, card)
        following = telling(portal, address, world.side.url, own)
        await following.__aenter__()

    async def is_refused() -> bool:
        with pytest.raises(PortalError) as refused:
            await portal.hand_in(b"", {"content-type": XML})
        return refused.value.code == "CARD_ABSENT"

    await until_true(is_refused, LEARNS_SECONDS)
    await following.__aexit__(None, None, None)
    await portal.close()


def test_of_several_cards_the_sessions_own_counts() -> None:
    one, two = {"card": "1"}, {"card": "2"}
    assert present([one, two], "2") == "2"
    assert present([one, two], "3") == "1"
    assert present([], "3") is None
