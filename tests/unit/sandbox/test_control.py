"""Steering over HTTP, and starting with wrong settings."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.types import ASGIApp

from sandbox import control
from sandbox.__main__ import main
from sandbox.bank import control as bank_control
from sandbox.bank.ledger import Ledger
from sandbox.behaviour import Behaviour
from tests.unit.sandbox.counter import Counter


def client(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://partner")


@pytest_asyncio.fixture
async def http(bank: Counter) -> AsyncIterator[httpx.AsyncClient]:
    routes = bank_control.routes(bank.store, Ledger(bank.store.db))
    async with client(control.app(lambda: True, bank.steering, routes)) as made:
        yield made


async def test_ready_only_when_requests_are_read(bank: Counter) -> None:
    reading: list[str] = []
    async with client(control.app(lambda: bool(reading), bank.steering)) as http:
        assert (await http.get("/readyz")).status_code == 503
        reading.append("partition 0")
        assert (await http.get("/readyz")).status_code == 200


async def test_behaviour_is_shown_and_replaced(http: httpx.AsyncClient, bank: Counter) -> None:
    assert (await http.get("/behaviour")).json() == Behaviour().model_dump()
    told = await http.put("/behaviour", json={"refuse": True, "delay_ms": 50})
    assert told.json() == Behaviour(refuse=True, delay_ms=50).model_dump()
    assert bank.steering.now == Behaviour(refuse=True, delay_ms=50)
    await http.put("/behaviour", json={})
    assert bank.steering.now == Behaviour()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"silent": "yes"}',
        b'{"delay_ms": -1}',
        b'{"delay_ms": 1.5}',
        b'{"loud": true}',
    ],
)
async def test_a_wrong_behaviour_changes_nothing(
    http: httpx.AsyncClient, bank: Counter, body: bytes
) -> None:
    told = await http.put("/behaviour", content=body)
    assert told.status_code == 400
    assert told.json()["faults"][0]["problem"]
    assert bank.steering.now == Behaviour()


async def test_an_account_is_closed_and_opened_again(http: httpx.AsyncClient) -> None:
    place = "/accounts/62220210"
    assert (await http.get(place)).status_code == 404
    assert (await http.delete(place)).status_code == 404
    account = {"number": "62220210", "name": "某公司", "balance": "1000.00"}
    await http.put(place, json={"name": "某公司", "balance": "1000.00"})
    assert (await http.get(place)).json() == account
    assert (await http.delete(place)).json() == {**account, "closed": True}
    assert (await http.get(place)).json() == {**account, "closed": True}
    assert (await http.put(place, json={"balance": "1000.00"})).json() == account


async def test_accounts_are_opened_and_changed(http: httpx.AsyncClient) -> None:
    nameless = await http.put("/accounts/62220210", json={"balance": "1.00"})
    assert (nameless.status_code, "name" in nameless.json()["error"]) == (400, True)
    opened = {"number": "62220210", "name": "某公司", "balance": "1000.00"}
    told = await http.put("/accounts/62220210", json={"name": "某公司", "balance": "1000"})
    assert told.json() == opened
    await http.put("/accounts/62220210", json={"balance": "0.05"})
    assert (await http.get("/accounts")).json() == [opened | {"balance": "0.05"}]


@pytest.mark.parametrize("balance", ['"-1"', '"0.001"', '"much"', "null", '"NaN"'])
async def test_a_wrong_balance_is_told(http: httpx.AsyncClient, balance: str) -> None:
    body = f'{{"name": "某公司", "balance": {balance}}}'
    assert (await http.put("/accounts/1", content=body.encode())).status_code == 400
    assert (await http.get("/accounts")).json() == []


def test_wrong_settings_are_all_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SANDBOX_CONTROL_PORT", "no number")
    assert main(["insurer", "PICC"]) == 2
    told = capsys.readouterr().err
    assert "SANDBOX_CONTROL_PORT" in told
    assert "SANDBOX_KAFKA_BOOTSTRAP" in told
    for name, value in {
        "KAFKA_BOOTSTRAP": "localhost:9",
        "KEY_FILE": str(tmp_path / "no.key"),
        "CERT_FILE": str(tmp_path / "no.pem"),
        "TRUST_CA": str(tmp_path / "ca.pem"),
        "STORE": str(tmp_path / "store"),
        "CONTROL_PORT": "9",
    }.items():
        monkeypatch.setenv(f"SANDBOX_{name}", value)
    assert main(["bank", "ICBC"]) == 2
    assert "no.key" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["insurer"], ["insurer", "ICBC"], ["bank", "PICC"]])
def test_only_partners_of_the_table_can_be_played(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
