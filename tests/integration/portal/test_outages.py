"""When a store is away the portal says so, what to do, and loses nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import pytest

from libs.messages.kinds.booking import SubmitBooking
from libs.messages.numbers import BOOKING, new_number
from libs.messages.samples import a_booking
from tests.integration.portal.conftest import World
from tests.support.readside import CARDS, free_port, until_true
from tests.support.stores import Stores
from tongbao.client import Portal, PortalError, SoftwareCard

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@asynccontextmanager
async def another_portal(world: World, **changes: object) -> AsyncIterator[Portal]:
    """A portal of the test's own, logged in to."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"http_port": port, "origin": url, **changes}
    async with world.side.running_portal(world.history.port, **settings):
        portal = await Portal.login(url, SoftwareCard(world.side.keys.cards["operator"]))
        yield portal
        await portal.http.aclose()


def a_message(portal: Portal) -> SubmitBooking:
    return SubmitBooking(
        meta=portal.meta(new_number(BOOKING, date(2026, 11, 23))), form=a_booking()
    )


async def test_kafka_away_is_told_and_the_same_bytes_go_through_later(
    world: World, stores: Stores
) -> None:
    async with another_portal(world, publish_seconds_max=1.5) as portal:
        data, headers = portal.sign(a_message(portal))
        await asyncio.to_thread(stores.stop, "kafka")
        try:
            with pytest.raises(PortalError) as refused:
                await portal.hand_in(data, headers)
        finally:
            await asyncio.to_thread(stores.start)
        assert (refused.value.status, refused.value.code) == (503, "KAFKA_AWAY")
        assert "同一报文" in refused.value.message
        taken: dict[str, str] = {}

        async def goes_through() -> bool:
            try:
                taken.update(await portal.hand_in(data, headers))
            except PortalError as error:
                if error.code != "KAFKA_AWAY":
                    raise
            return bool(taken)

        await until_true(goes_through, 60)
    records = await world.side.sent("booking.commands", taken["messageId"])
    assert records
    assert {record.value for record in records} == {data}


async def test_postgresql_away_is_told_and_mended_by_its_return(
    world: World, stores: Stores
) -> None:
    async with another_portal(world) as portal:
        await asyncio.to_thread(stores.stop, "postgres")
        try:
            with pytest.raises(PortalError) as refused:
                await portal.find("booking")
        finally:
            await asyncio.to_thread(stores.start)
        assert (refused.value.status, refused.value.code) == (503, "STORE_AWAY")

        async def answers() -> bool:
            try:
                await portal.find("booking")
            except PortalError as error:
                if error.status != 503:
                    raise
                return False
            return True

        await until_true(answers)


async def test_history_away_is_told(world: World) -> None:
    async with another_portal(world, history_url=f"http://127.0.0.1:{free_port()}") as portal:
        for path in ("documents/booking", "documents/booking/YY1", "changes"):
            with pytest.raises(PortalError) as refused:
                await portal.ask("GET", f"/api/{path}")
            assert (refused.value.status, refused.value.code) == (503, "HISTORY_AWAY")
        taken = await portal.send(a_message(portal))  # messages go on
        assert taken["kind"] == "SubmitBooking"


async def test_a_portal_whose_key_history_does_not_trust_shows_nothing(world: World) -> None:
    home = world.side.keys.home
    wrong = {"key_file": home / "policy.key", "cert_file": home / "policy.pem"}
    async with another_portal(world, **wrong) as portal:
        with pytest.raises(PortalError) as refused:
            await portal.find("booking")
        assert (refused.value.status, refused.value.code) == (503, "HISTORY_AWAY")


async def test_a_card_revoked_after_login_signs_nothing_more(world: World) -> None:
    keys = world.side.keys
    issued = keys.authority.issue(CARDS["operator"])
    async with another_portal(world, trust_refresh_seconds=0.1) as portal:
        mine = await Portal.login(str(portal.http.base_url), SoftwareCard(issued.signer))
        await mine.send(a_message(mine))
        keys.revoked.append(issued.certificate)
        keys.write()

        async def is_refused() -> bool:
            try:
                await mine.hand_in(*mine.sign(a_message(mine)))
            except PortalError as error:
                return error.code == "REVOKED"
            return False

        await until_true(is_refused)
        await mine.close()
