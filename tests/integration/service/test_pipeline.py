"""A message's life through the chassis, on the real stores."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import orjson
import pytest

from libs.messages.partners import JSON, XML
from libs.service import dead_letters
from libs.signing import verify
from tests.integration.service.conftest import (
    Sealed,
    World,
    fill_box,
    meta,
    open_box,
    until,
)
from tests.integration.service.toy import BoxReport, FillBox, OpenBox

pytestmark = pytest.mark.stack


async def test_a_signed_command_becomes_a_record_and_an_event(world: World) -> None:
    async with world.running():
        await world.send(
            world.sealed(open_box("BX1")), world.sealed(fill_box("BX1", 5), content_type=XML)
        )
        events = await world.read(world.toy.events, 2)
    assert [dict(event.headers)["ce_status"] for event in events] == [b"10", b"20"]
    rows = await world.sql("SELECT version, status, body->>'total' AS total FROM record")
    assert [tuple(row) for row in rows] == [(2, "20", "5")]


async def test_an_event_tells_what_caused_it_and_verifies(world: World) -> None:
    command = world.sealed(open_box("BX1"))
    async with world.running() as process:
        await world.send(command)
        (event,) = await world.read(world.toy.events, 1)
    headers = {name: value.decode() for name, value in event.headers}
    told = orjson.loads(event.value)
    assert headers["ce_causationid"] == dict(command.headers)["ce_id"].decode()
    assert headers["ce_correlationid"] == headers["ce_causationid"]
    assert told["cause"]["messageId"] == headers["ce_causationid"]
    assert event.key == b"BX1"
    now = datetime.now(UTC)
    verdict = verify(event.value, JSON, headers["ce_signature"], process.runtime.trust, now).verdict
    assert verdict.reason == "OK"
    assert verdict.signer is not None
    assert verdict.signer.party == world.toy.name


async def test_a_forwarded_message_keeps_its_bytes_id_and_signature(world: World) -> None:
    fill = world.sealed(fill_box("BX1"), content_type=XML)
    async with world.running():
        await world.send(world.sealed(open_box("BX1")), fill)
        (forwarded,) = await world.read(world.toy.requests, 1)
    assert forwarded.value == fill.body
    assert dict(forwarded.headers)["ce_id"] == dict(fill.headers)["ce_id"]


async def test_the_same_message_three_times_takes_effect_once(world: World) -> None:
    fill = world.sealed(fill_box("BX1", 7))
    async with world.running() as process:
        await world.send(world.sealed(open_box("BX1")), fill, fill)
        await world.read(world.toy.events, 2)
        await world.send(fill)
        await until(lambda: process.metrics.value("messages", "FillBox", "duplicate") == 2)
    (row,) = await world.sql("SELECT body->>'total' AS total FROM record")
    assert row["total"] == "7"


async def test_the_same_id_with_another_body_is_a_dead_letter(world: World) -> None:
    first = fill_box("BX1", 1)
    other = FillBox(meta=first.meta, amount=2)
    async with world.running():
        await world.send(world.sealed(open_box("BX1")), world.sealed(first), world.sealed(other))
        await until(lambda: _has(world, 1))
    (letter,) = await world.sql("SELECT reason, body FROM dead_letter")
    assert letter["reason"] == "ID_REUSED"
    assert letter["body"] == world.sealed(other).body


async def test_a_company_is_told_by_an_event_why_its_command_is_refused(world: World) -> None:
    async with world.running():
        await world.send(world.sealed(fill_box("BX404")))
        (event,) = await world.read(world.toy.events, 1)
    told = orjson.loads(event.value)
    assert told["reasonCode"] == "UNKNOWN_BOX"
    assert "BX404" in told["reasonText"]
    assert await world.count("dead_letter") == 0


async def test_a_partners_refused_message_is_a_dead_letter(world: World) -> None:
    report = BoxReport(meta=meta("BX404", "PICC"), text="?")
    async with world.running():
        await world.send(world.sealed(report, "PICC"))
        await until(lambda: _has(world, 1))
    (letter,) = await world.sql("SELECT reason, sender FROM dead_letter")
    assert tuple(letter) == ("UNKNOWN_BOX", "PICC")


def bad_messages(world: World) -> dict[str, Sealed]:
    """One of each kind of bad input that can come by a topic, by its reason."""
    good = world.sealed(open_box("BX9"))
    headers = dict(good.headers)
    xml = world.sealed(open_box("BX9"), content_type=XML)
    unsigned = {k: v for k, v in headers.items() if k != "ce_signature"}

    def also(**changes: bytes) -> tuple[tuple[str, bytes], ...]:
        return tuple((headers | {k.replace("__", "-"): v for k, v in changes.items()}).items())

    return {
        "HEADERS": replace(good, headers=()),
        "NOT_SIGNED": replace(good, headers=tuple(unsigned.items())),
        "BAD_SIGNATURE": replace(good, body=good.body.replace(b'"box"', b'"BOX"')),
        "NOT_TRUSTED": world.sealed(open_box("BX9"), "stranger"),
        "NOT_PERMITTED": world.sealed(open_box("BX9"), "legal"),
        "WRONG_SENDER": world.sealed(OpenBox(meta=meta("BX9", "PICC"), text="x")),
        "UNKNOWN_KIND": replace(good, headers=also(ce_type=b"cn.tongbao.Nothing.v1")),
        "UNKNOWN_VERSION": replace(good, headers=also(ce_type=b"cn.tongbao.OpenBox.v9")),
        "WRONG_KIND": replace(good, headers=also(ce_type=b"cn.tongbao.FillBox.v1")),
        "TOO_LARGE": replace(good, body=b" " * 10_000_000),
        "SYNTAX": replace(xml, body=xml.body[:-20]),
        "DTD": replace(xml, body=xml.body.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1)),
        "TOO_DEEP": replace(xml, body=b"<a>" * 10_000 + b"</a>" * 10_000),
    }


async def test_each_kind_of_bad_input_is_a_dead_letter_and_its_neighbours_are_not(
    world: World,
) -> None:
    bad = bad_messages(world)
    async with world.running():
        for number, message in enumerate(bad.values()):
            await world.send(world.sealed(open_box(f"BX{number}")), message)
        await until(lambda: _has(world, len(bad)))
        events = await world.read(world.toy.events, len(bad))
    connection = await asyncpg.connect(world.database.url)
    letters = await dead_letters.find(connection)
    await connection.close()
    assert sorted(letter.reason for letter in letters) == sorted(bad)
    assert all(letter.source.body == bad[letter.reason].body for letter in letters)
    assert len(events) == len(bad)


async def test_header_bytes_that_are_no_text_do_not_stop_the_topic(world: World) -> None:
    good = world.sealed(open_box("BX1"))
    strange = replace(good, headers=(*good.headers, ("x-partner", b"\xff\xfe\x00")))
    nulled = replace(world.sealed(open_box("BX2")), headers=(("x", b"\x00"),))
    async with world.running():
        await world.send(strange, nulled, world.sealed(open_box("BX3")))
        await world.read(world.toy.events, 1)
        await until(lambda: _has(world, 2))


async def test_a_message_that_breaks_our_code_is_set_aside_alone(world: World) -> None:
    boxes = [world.sealed(open_box(f"BX{n}", "break" if n == 13 else "fine")) for n in range(40)]
    async with world.running() as process:
        await world.send(*boxes)
        events = await world.read(world.toy.events, 39)
        await until(lambda: _has(world, 1))
        assert process.metrics.value("unexpected") == 1
    assert len({event.key for event in events}) == 39
    (letter,) = await world.sql("SELECT reason, body, detail FROM dead_letter")
    assert (letter["reason"], letter["body"]) == ("UNEXPECTED", boxes[13].body)
    assert "ZeroDivisionError" in letter["detail"]


async def test_a_message_that_the_database_cannot_store_is_found_by_halving(world: World) -> None:
    texts = ["nul \x00 inside" if n == 21 else "fine" for n in range(40)]
    async with world.running() as process:
        await world.send(*(world.sealed(open_box(f"BX{n}", t)) for n, t in enumerate(texts)))
        await until(lambda: _has(world, 1))
        await world.read(world.toy.events, 39)
        assert process.metrics.value("halvings") >= 1
    assert await world.count("record") == 39
    (letter,) = await world.sql("SELECT reason, message_id FROM dead_letter")
    assert letter["reason"] == "UNEXPECTED"


async def test_a_message_that_came_too_early_waits_for_what_it_needs(world: World) -> None:
    async with world.running() as process:
        await world.send(world.sealed(open_box("BX2", like="BX1")))
        await until(lambda: process.metrics.value("deferred") >= 2)
        assert await world.count("record") == 0
        await world.send(world.sealed(open_box("BX1")))
        events = await world.read(world.toy.events, 2)
    assert {event.key for event in events} == {b"BX1", b"BX2"}
    assert await world.count("deferral") == 0


async def test_a_message_whose_need_never_comes_is_refused_in_the_end(world: World) -> None:
    async with world.running(deferral_seconds_max=0.5):
        await world.send(world.sealed(open_box("BX2", like="BX1")))
        (event,) = await world.read(world.toy.events, 1)
    assert orjson.loads(event.value)["reasonCode"] == "UNKNOWN_BOX"
    assert await world.count("deferral") == 0


async def test_a_timer_rings_when_it_is_due(world: World) -> None:
    async with world.running():
        await world.send(
            world.sealed(open_box("BX1", ring_seconds=0.3)), world.sealed(fill_box("BX1"))
        )
        events = await world.read(world.toy.events, 3)
    assert dict(events[-1].headers)["ce_status"] == b"30"
    assert orjson.loads(events[-1].value)["actorRole"] == "service"
    assert await world.count("timer") == 0


async def test_order_is_kept_for_each_document(world: World) -> None:
    boxes = [f"BX{n}" for n in range(20)]
    commands = [world.sealed(open_box(box)) for box in boxes]
    commands += [world.sealed(fill_box(box, n)) for n in range(1, 21) for box in boxes]
    async with world.running():
        await world.send(*commands)
        events = await world.read(world.toy.events, len(commands))
    for box in boxes:
        told = [orjson.loads(event.value) for event in events if event.key == box.encode()]
        assert [event["sequence"] for event in told] == list(range(1, 22))


async def test_the_inbox_keeps_the_evidence(world: World) -> None:
    command = world.sealed(open_box("BX1"))
    async with world.running():
        await world.send(command)
        await world.read(world.toy.events, 1)
    (row,) = await world.sql("SELECT body, headers, subject, signer FROM inbox")
    assert row["body"] == command.body
    assert dict(orjson.loads(row["headers"]))["ce_id"] == dict(command.headers)["ce_id"].decode()


async def test_a_new_id_is_no_repetition(world: World) -> None:
    fill = fill_box("BX1", 3)
    again = FillBox(meta=meta("BX1", message_id=uuid4()), amount=3)
    async with world.running():
        await world.send(*(world.sealed(m) for m in (open_box("BX1"), fill, again)))
        await world.read(world.toy.events, 3)
    (row,) = await world.sql("SELECT body->>'total' AS total FROM record")
    assert row["total"] == "6"


async def _has(world: World, letters: int) -> bool:
    return await world.count("dead_letter") >= letters
