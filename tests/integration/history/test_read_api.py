"""The read API lets the portal in, for the company that its pass names, and nobody else."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from libs.messages.samples import OTHER_USCC, USCC
from libs.service.process import Process
from libs.signing import FileSigner
from libs.signing.proofs import issue_pass
from tests.support.events import a_booking_story
from tests.support.readside import Keys, ReadSide
from tests.support.stores import Database, Stores

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
async def side(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> ReadSide:
    name = f"t_{uuid4().hex[:12]}"
    stores.stack.create_databases([name])
    database = Database(name, stores.stack.database_url(name), stores.stack.admin_url)
    side = ReadSide(stores, Keys(tmp_path_factory.mktemp("keys")), database)
    await side.prepare()
    return side


@pytest.fixture(scope="module")
async def history(side: ReadSide) -> AsyncGenerator[Process, None]:
    async with side.running_history() as process:
        events = a_booking_story("YY-1")
        await side.publish(events)
        await side.projected(process.runtime.pool, events)
        yield process


@pytest.fixture
async def http(history: Process) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{history.port}") as http:
        yield http


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    given = {"purpose": "read-history", "owner": USCC, "issuedAt": now, "expiresAt": now + 60}
    return {**given, **changes}


async def ask(http: httpx.AsyncClient, signer: FileSigner, **changes: object) -> httpx.Response:
    text = issue_pass(claims(**changes), signer)
    headers = {"authorization": f"Bearer {text}"}
    return await http.get("/documents/booking/YY-1", headers=headers)


async def test_the_portal_reads_for_a_company(side: ReadSide, http: httpx.AsyncClient) -> None:
    answer = await ask(http, side.keys.services["portal"])
    assert (answer.status_code, answer.json()["status"]) == (200, "20")
    other = await ask(http, side.keys.services["portal"], owner=OTHER_USCC)
    assert (other.status_code, other.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("signer", ["policy", "operator", "PICC", "stranger"])
async def test_nobody_else_reads(side: ReadSide, http: httpx.AsyncClient, signer: str) -> None:
    key = (side.keys.services | side.keys.cards)[signer]
    assert (await ask(http, key)).status_code == 401


NOW = int(time.time())


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": "login"},
        {"owner": ""},
        {"owner": 7},
        {"owner": None},
        {"expiresAt": NOW - 3600},
        {"issuedAt": NOW + 3600, "expiresAt": NOW + 3660},
        {"expiresAt": NOW + 100_000},
        {"expiresAt": "soon"},
        {"issuedAt": None},
    ],
)
async def test_a_pass_for_something_else_or_another_time_opens_nothing(
    side: ReadSide, http: httpx.AsyncClient, changes: dict[str, object]
) -> None:
    answer = await ask(http, side.keys.services["portal"], **changes)
    assert (answer.status_code, answer.json()["code"]) == (401, "NO_ACCESS")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer a.b", "Bearer a.b.c", "Bearer ..", "x y z"]
)
@pytest.mark.parametrize(
    "path",
    [
        "/documents/booking",
        "/documents/booking/YY-1",
        "/documents/booking/YY-1/status-records",
        f"/messages/{UUID(int=1)}",
        "/changes",
    ],
)
async def test_without_a_pass_nothing_is_shown(
    http: httpx.AsyncClient, path: str, authorization: str
) -> None:
    answer = await http.get(path, headers={"authorization": authorization})
    assert answer.status_code == 401


async def test_a_changed_pass_opens_nothing(side: ReadSide, http: httpx.AsyncClient) -> None:
    mine = issue_pass(claims(), side.keys.services["portal"])
    theirs = issue_pass(claims(owner=OTHER_USCC), side.keys.services["portal"])
    mixed = ".".join((mine.split(".")[0], theirs.split(".")[1], mine.split(".")[2]))
    answer = await http.get("/documents/booking", headers={"authorization": f"Bearer {mixed}"})
    assert answer.status_code == 401


async def test_a_stream_shows_that_it_lives_and_ends_with_the_service(side: ReadSide) -> None:
    async with side.running(side.history, stream_heartbeat_seconds=0.1) as process:
        text = issue_pass(claims(), side.keys.services["portal"])
        headers = {"authorization": f"Bearer {text}"}
        url = f"http://127.0.0.1:{process.port}/changes"
        async with (
            httpx.AsyncClient() as http,
            http.stream("GET", url, headers=headers, timeout=20) as response,
        ):
            lines = response.aiter_lines()
            async with asyncio.timeout(10):
                while await anext(lines) != ": still here":
                    pass
                process.stop.set()
                rest = [line async for line in lines]
        assert all(line in ("", ": still here") for line in rest)


async def listened(url: str, headers: dict[str, str]) -> AsyncGenerator[dict[str, object], None]:
    """Changes as a listener hears them who comes back when the stream ends."""
    place: dict[str, str] = {}
    async with httpx.AsyncClient() as http:
        while True:
            async with http.stream(
                "GET", url, params=place, headers=headers, timeout=20
            ) as response:
                async for line in response.aiter_lines():
                    name, _, value = line.partition(": ")
                    if name == "id":
                        place = {"after": value}
                    elif name == "data":
                        yield orjson.loads(value)
            await asyncio.sleep(0.05)


async def test_a_stream_goes_on_when_its_database_connection_is_cut(
    side: ReadSide, history: Process
) -> None:
    text = issue_pass(claims(), side.keys.services["portal"])
    headers = {"authorization": f"Bearer {text}"}
    url = f"http://127.0.0.1:{history.port}/changes"
    async with asyncio.timeout(20), aclosing(listened(url, headers)) as changes:
        assert await anext(changes) == {}
        await side.publish(a_booking_story("YY-2"))
        assert [(await anext(changes))["sequence"] for _ in range(3)] == [1, 2, 3]
        await history.runtime.pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid()"
        )
        await side.publish(a_booking_story("YY-3"))
        seen: list[tuple[object, object]] = []
        while len(seen) < 3:
            if told := await anext(changes):
                seen.append((told["id"], told["sequence"]))
    assert seen == [("YY-3", 1), ("YY-3", 2), ("YY-3", 3)]
