"""A card that expires within thirty days: everybody who could do something about it is told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from card_signer.desk import Desk
from libs.signing.pki import Authority, Issued
from sandbox.card.applet import PivCard as Chip
from tests.card.conftest import OPERATOR, PIN, SITE, Drawer, Someone
from tests.card.program import Program
from tests.card.test_desk import PROPOSAL
from tests.card.test_diagnose import served

WARNING = "证书还有29天过期，请及时换证"


def issued_for(authority: Authority, days: int) -> Issued:
    """One that has `days` whole days left."""
    return authority.issue(OPERATOR, since=datetime.now(UTC) - timedelta(hours=1), days=days + 1)


@pytest.fixture
def issued(authority: Authority) -> Issued:
    return issued_for(authority, 29)


async def at_the_door(desk: Desk, state: Path, path: str, *frames: object) -> Any:
    """What is told first; after that what the last of `frames` is answered with."""
    async with served(desk, state) as port, page(port, path) as line:
        told = json.loads(await line.recv())
        for frame in frames:
            await line.send(json.dumps(frame))
            told = json.loads(await line.recv())
        return told


def page(port: int, path: str) -> connect:
    return connect(f"ws://127.0.0.1:{port}{path}", origin=Origin(SITE), proxy=None)


async def test_a_page_of_ours_is_told_without_asking(desk: Desk, tmp_path: Path) -> None:
    told = await at_the_door(desk, tmp_path, "/tongbao/v1")
    (card,) = told["cards"]
    assert (card["daysLeft"], card["warnings"], card["trouble"]) == (29, [WARNING], None)


async def test_a_page_for_the_official_control_gets_the_times_that_it_warns_by(
    desk: Desk, issued: Issued, tmp_path: Path
) -> None:
    """Such pages count the days themselves."""
    asked = {"_method": "cus-sec_SpcGetValidTimeFromCert", "_id": 1, "args": {}}
    told = await at_the_door(desk, tmp_path, "/", asked)
    (times,) = told["_args"]["Data"]
    ends = datetime.strptime(times["szEndTime"], "%Y%m%d%H%M%S").astimezone()
    assert ends == issued.certificate.not_valid_after_utc
    assert (ends - datetime.now(UTC)).days == 29


def test_who_is_asked_to_sign_is_told(desk: Desk, someone: Someone) -> None:
    desk.sign(SITE, PROPOSAL)
    assert someone.asked[0].notes == (WARNING,)


@pytest.mark.parametrize("command", ["info", "diagnose"])
def test_who_looks_at_the_card_is_told(tmp_path: Path, issued: Issued, command: str) -> None:
    program = Program(tmp_path)
    program.software_card(issued)
    done = program.run(command)
    assert WARNING in done.stdout + done.stderr


@pytest.mark.parametrize(("days", "is_warned"), [(0, True), (30, True), (31, False)])
def test_thirty_days_and_not_a_day_more(authority: Authority, days: int, is_warned: bool) -> None:
    card = issued_for(authority, days)
    someone = Someone()
    Desk([Drawer({"one": Chip(card.key, card.certificate, PIN)})], someone).sign(SITE, PROPOSAL)
    assert bool(someone.asked[0].notes) is is_warned
