"""Login by card: the card signs this portal's origin and a nonce, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from libs.messages.partners import XML
from libs.service import sessions
from libs.service.process import Process
from libs.signing import sign_jws
from libs.signing.proofs import canonical, login_statement
from tests.integration.portal.conftest import World
from tongbao.client import Portal, PortalError, SoftwareCard

pytestmark = pytest.mark.stack


@pytest.fixture
async def http(world: World) -> Any:
    async with httpx.AsyncClient(base_url=world.side.url) as http:
        yield http


async def nonce_of(http: httpx.AsyncClient) -> str:
    challenge = (await http.post("/api/login/challenge")).json()
    assert challenge["statement"].encode() == login_statement(
        challenge["origin"], challenge["nonce"]
    )
    nonce: str = challenge["nonce"]
    return nonce


async def login(
    world: World, http: httpx.AsyncClient, nonce: str, card: str = "operator", **changes: str
) -> httpx.Response:
    origin = changes.get("origin", world.side.url)
    signature = sign_jws(login_statement(origin, nonce), world.side.keys.cards[card])
    body = {"nonce": nonce, "origin": origin, "signature": signature, **changes}
    return await http.post("/api/login", json=body)


async def test_a_card_logs_in_and_out(world: World) -> None:
    portal = await world.side.login("operator")
    assert (portal.who.holder, portal.who.role.zh) == ("李晓明", "企业操作员")
    session = await portal.ask("GET", "/api/session")
    assert session["uscc"] == portal.who.uscc
    assert session["token"] is None
    await portal.http.post("/api/logout")
    with pytest.raises(PortalError) as refused:
        await portal.ask("GET", "/api/session")
    assert (refused.value.status, refused.value.code) == (401, "NO_SESSION")
    await portal.close()


async def test_a_challenge_is_good_for_one_time(world: World, http: httpx.AsyncClient) -> None:
    nonce = await nonce_of(http)
    assert (await login(world, http, nonce)).status_code == 200
    again = await login(world, http, nonce)
    assert (again.status_code, again.json()["code"]) == (401, "CHALLENGE")


async def test_of_many_logins_at_once_with_one_challenge_one_succeeds(
    world: World, http: httpx.AsyncClient
) -> None:
    nonce = await nonce_of(http)
    answers = await asyncio.gather(*(login(world, http, nonce) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200, *[401] * 7]


async def test_a_challenge_of_nobody_and_an_old_one_are_refused(
    world: World, http: httpx.AsyncClient
) -> None:
    invented = await login(world, http, "invented")
    assert (invented.status_code, invented.json()["code"]) == (401, "CHALLENGE")
    async with world.portal.runtime.pool.acquire() as connection:
        past = datetime.now(UTC) - timedelta(hours=1)
        nonce, _ = await sessions.new_challenge(connection, timedelta(seconds=1), past)
    old = await login(world, http, nonce)
    assert (old.status_code, old.json()["code"]) == (401, "CHALLENGE")


async def test_a_signature_for_another_site_is_worth_nothing(
    world: World, http: httpx.AsyncClient
) -> None:
    nonce = await nonce_of(http)
    elsewhere = await login(world, http, nonce, origin="https://evil.example")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "WRONG_ORIGIN")
    signature = sign_jws(
        login_statement("https://evil.example", nonce), world.side.keys.cards["operator"]
    )
    passed_on = await login(world, http, nonce, signature=signature)
    assert (passed_on.status_code, passed_on.json()["code"]) == (403, "BAD_SIGNATURE")


async def test_a_signature_made_for_another_purpose_is_refused(
    world: World, http: httpx.AsyncClient
) -> None:
    nonce = await nonce_of(http)
    statement = canonical({"nonce": nonce, "origin": world.side.url, "purpose": "other"})
    signature = sign_jws(statement, world.side.keys.cards["operator"])
    answer = await login(world, http, nonce, signature=signature)
    assert answer.json()["code"] == "BAD_SIGNATURE"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("stranger", "NOT_TRUSTED"),
        ("revoked", "REVOKED"),
        ("expired", "EXPIRED"),
        ("PICC", "NOT_A_CARD"),
    ],
)
async def test_cards_that_may_not_log_in(
    world: World, http: httpx.AsyncClient, card: str, code: str
) -> None:
    answer = await login(world, http, await nonce_of(http), card)
    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b'{"nonce": 1}', b'{"nonce":"x","origin":"y"}', b"\xff\xfe"],
)
async def test_a_login_that_is_none(http: httpx.AsyncClient, body: bytes) -> None:
    answer = await http.post(
        "/api/login", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST")
    assert answer.json()["errors"]


@pytest.mark.parametrize("signature", ["x", "a.b.c", "..", "e30..AA", "x" * 20_000])
async def test_signatures_that_are_none(
    world: World, http: httpx.AsyncClient, signature: str
) -> None:
    answer = await login(world, http, await nonce_of(http), signature=signature)
    assert answer.status_code in (403, 422)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Basic eDp5", f"Bearer {'x' * 5000}"]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/session"),
        ("GET", "/api/documents/booking"),
        ("GET", "/api/documents/booking/YY1"),
        ("GET", "/api/documents/booking/YY1/status-records"),
        ("GET", "/api/documents/booking/YY1/actions"),
        ("GET", "/api/documents/cargo-policy/P1/e-policy.pdf"),
        ("GET", "/api/messages/6ffd1f8b-6ff1-4ddb-b1a5-1f4b3e4d7b1d"),
        ("GET", "/api/changes"),
        ("GET", "/api/codes"),
        ("GET", "/api/codes/port"),
        ("GET", "/api/attachments/00"),
        ("POST", "/api/attachments"),
        ("POST", "/api/messages"),
    ],
)
async def test_without_a_session_nothing_is_shown(
    http: httpx.AsyncClient, method: str, path: str, authorization: str
) -> None:
    answer = await http.request(method, path, headers={"authorization": authorization})
    assert (answer.status_code, answer.json()["code"]) == (401, "NO_SESSION")


async def test_a_session_ends_by_itself(world: World) -> None:
    portal = await world.side.login("operator")
    await world.portal.runtime.pool.execute(
        "UPDATE session SET expires_at = now() - interval '1 second' WHERE holder = '李晓明'"
    )
    with pytest.raises(PortalError) as refused:
        await portal.find("booking")
    assert refused.value.code == "NO_SESSION"
    await portal.close()


async def test_the_token_is_kept_nowhere(world: World) -> None:
    portal = await world.side.login("operator")
    token = portal.http.headers["authorization"].removeprefix("Bearer ")
    rows = await world.portal.runtime.pool.fetch("SELECT session::text AS text FROM session")
    assert rows
    assert not any(token in row["text"] for row in rows)
    await portal.close()


def test_processes_are_ready(world: World) -> None:
    assert isinstance(world.portal, Process)
    assert world.portal.progress.missing() == []


async def test_a_portal_of_that_name_elsewhere_is_not_logged_in_to(world: World) -> None:
    """The client signs the address that it was told to go to, not the one it is answered with."""
    url = world.side.url.replace("127.0.0.1", "localhost")
    with pytest.raises(PortalError) as refused:
        await Portal.login(url, SoftwareCard(world.side.keys.cards["operator"]))
    assert refused.value.code == "WRONG_ORIGIN"


async def test_without_its_card_in_the_reader_a_session_hands_nothing_in(world: World) -> None:
    own, other = (world.side.keys.cards[name].certificate for name in ("operator", "other"))
    async with await world.side.login("operator") as portal:
        for present, expected in (
            (None, (403, "CARD_ABSENT")),
            (sha256(other).hexdigest(), (403, "CARD_DIFFERS")),
        ):
            await portal.tell_card(present)
            for path in ("/api/messages", "/api/attachments"):
                with pytest.raises(PortalError) as refused:
                    await portal.ask("POST", path, content=b"x", headers={"content-type": XML})
                assert (refused.value.status, refused.value.code) == expected
            assert (await portal.ask("GET", "/api/session"))["holder"] == portal.who.holder
        await portal.tell_card(sha256(own).hexdigest())
        with pytest.raises(PortalError) as refused:
            await portal.ask("POST", "/api/messages", content=b"x", headers={"content-type": XML})
        assert refused.value.code == "SYNTAX"


@pytest.mark.parametrize("told", [{}, {"card": "f"}, {"card": "F" * 64}, {"card": 1}, {"x": None}])
async def test_what_is_no_fingerprint_is_not_taken_for_a_card(world: World, told: Any) -> None:
    async with await world.side.login("operator") as portal:
        with pytest.raises(PortalError) as refused:
            await portal.ask("PUT", "/api/session/card", json=told)
        assert (refused.value.status, refused.value.code) == (422, "REQUEST")


async def test_the_sentences_are_the_manuals(world: World) -> None:
    async with await world.side.login("operator") as portal:
        await portal.tell_card(None)
        answer = await portal.http.post("/api/messages", content=b"x")
        assert answer.json()["message"] == "请检查是否正常接入IC卡"
        await portal.tell_card("0" * 64)
        answer = await portal.http.post("/api/messages", content=b"x")
        assert answer.json()["message"] == "IC卡与当前登录人员不符"
