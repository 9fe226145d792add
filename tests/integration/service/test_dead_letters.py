"""Dead letters as an operator meets them."""

import json
import os
from collections.abc import Callable
from dataclasses import replace

import asyncpg
import pytest
from typer.testing import CliRunner

from libs.service import dead_letters
from tests.integration.service.conftest import Sealed, World, fill_box, meta, open_box, until
from tests.integration.service.toy import BoxReport
from tongbao.commands import deadletters as command

pytestmark = pytest.mark.stack
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`tongbao deadletters …` for the toy service."""
    for key, value in world.environment().items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(command, "names", lambda: [world.toy.name])

    def invoke(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(command.app, arguments, env={**os.environ, "COLUMNS": "200"})
        return result.exit_code, result.output

    return invoke


async def refused(world: World) -> Sealed:
    """A partner's report about a box that is not there yet."""
    report = world.sealed(BoxReport(meta=meta("BX1", "PICC"), text="?"), "PICC")
    await world.send(report)
    await until(lambda: _has(world, 1))
    return report


async def _has(world: World, count: int) -> bool:
    return await world.count("dead_letter") == count


async def in_thread(run: Run, *arguments: str) -> tuple[int, str]:
    import asyncio

    return await asyncio.to_thread(run, *arguments)


async def test_list_show_and_retry(world: World, run: Run) -> None:
    async with world.running() as process:
        report = await refused(world)
        code, text = await in_thread(run, "list", "--json")
        (letter,) = [json.loads(line) for line in text.splitlines()]
        assert (code, letter["reason"], letter["from"]) == (0, "UNKNOWN_BOX", "PICC")
        number = str(letter["id"])
        code, text = await in_thread(run, "show", world.toy.name, number)
        assert code == 0
        assert "BX1" in text
        assert report.body.decode() in text
        await world.send(world.sealed(open_box("BX1")))
        await world.read(world.toy.events, 1)
        code, text = await in_thread(run, "retry", world.toy.name, number)
        assert code == 0
        await until(lambda: process.metrics.value("messages", "BoxReport", "applied") == 1)
    copies = [
        record
        for record in await world.everything(world.toy.commands)
        if record.value == report.body
    ]
    assert len(copies) == 2
    assert copies[0].headers == copies[1].headers
    code, text = await in_thread(run, "list")
    assert "no dead letters" in text
    code, text = await in_thread(run, "list", "--all")
    assert "UNKNOWN_BOX" in text


async def test_a_dead_letter_that_comes_again_is_kept_once(world: World) -> None:
    async with world.running():
        await refused(world)
    connection = await asyncpg.connect(world.database.url)
    (letter,) = await dead_letters.find(connection)
    await connection.execute("UPDATE dead_letter SET detail = 'first'")
    from libs.service.incoming import Dead

    await dead_letters.put(connection, [Dead(letter.source, "OTHER")])
    rows = await connection.fetch("SELECT detail FROM dead_letter")
    await connection.close()
    assert [row["detail"] for row in rows] == ["first"]


async def test_a_large_letter_is_stored_whole_and_nobody_waits_for_it(world: World) -> None:
    good = world.sealed(open_box("BX1"))
    large = replace(world.sealed(open_box("BX2")), body=b"<a>" + b"x" * 2 * 1024 * 1024 + b"</a>")
    await world.send(large, good)  # both wait, and come in one batch
    connection = await asyncpg.connect(world.database.url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE dead_letter IN EXCLUSIVE MODE")
    async with world.running(fetch_partition_bytes_max=16 * 1024 * 1024):
        await world.read(world.toy.events, 1)
        assert await world.count("dead_letter") == 0
        await transaction.rollback()
        await until(lambda: _has(world, 1))
    (letter,) = await dead_letters.find(connection)
    assert (letter.reason, letter.source.body) == ("TOO_LARGE", large.body)
    assert await connection.fetchval("SELECT length(body) < 100000 FROM dead_letter")
    assert await dead_letters.retry(connection, letter.id)
    assert await connection.fetchval("SELECT body FROM outbox ORDER BY seq DESC") == large.body
    await connection.close()


async def test_wrong_use_is_told(world: World, run: Run) -> None:
    code, text = await in_thread(run, "show", "nobody", "1")
    assert (code, "there is no service nobody" in text) == (2, True)
    code, text = await in_thread(run, "show", world.toy.name, "4711")
    assert (code, "no dead letter 4711" in text) == (1, True)


async def test_a_database_that_is_away_is_told(
    world: World, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"{world.toy.name.upper()}_DATABASE_URL"
    monkeypatch.setenv(key, "postgresql://a:S3cret@127.0.0.1:1/x")
    code, text = await in_thread(run, "list")
    assert code == 1
    assert "PostgreSQL" in text
    assert "S3cret" not in text


async def test_a_rejected_command_is_no_dead_letter(world: World) -> None:
    async with world.running():
        await world.send(world.sealed(fill_box("BX404")))
        await world.read(world.toy.events, 1)
    assert await world.count("dead_letter") == 0
