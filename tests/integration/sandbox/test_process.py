"""A counterparty as it is run: its own process, a real Kafka."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.ports import free_base
from libs.messages.kinds.booking import SubmitBooking
from libs.messages.partners import partner_topic
from libs.messages.samples import a_booking
from tests.support.stores import Stores
from tests.unit.sandbox.counter import Counter, Keys, meta

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]

CODE = "PICC"
RECEIPTS = 3  # received, accepted, agreement


@dataclass
class Insurer:
    """The insurer's process, and a counter of the same name to write and read its mail with."""

    process: subprocess.Popen[bytes]
    control: str
    counter: Counter
    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer

    async def ask(self, *numbers: str) -> None:
        """Post a booking for each number."""
        for number in numbers:
            message = SubmitBooking(meta=meta(number), form=a_booking(CODE))
            mail = self.counter.mail(message)
            await self.producer.send_and_wait(
                partner_topic(CODE, "requests"), mail.body, number.encode(), headers=mail.headers
            )

    async def answers(self, count: int, within: float = 60) -> list[str]:
        """The ids that the next `count` replies are about."""
        found: list[str] = []
        async with asyncio.timeout(within):
            while len(found) < count:
                record = await self.consumer.getone()
                found.append((record.key or b"").decode())
        return found


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys.create(tmp_path_factory.mktemp("sandbox-keys"))


@pytest_asyncio.fixture(scope="module")
async def insurer(
    stores: Stores, keys: Keys, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Insurer]:
    replies = partner_topic(CODE, "replies")
    stores.create_topics(partner_topic(CODE, "requests"), replies)
    port = free_base()
    store = tmp_path_factory.mktemp("sandbox") / "picc.sqlite"
    process = run(stores.bootstrap, keys, store, port)
    consumer = AIOKafkaConsumer(
        replies, bootstrap_servers=stores.bootstrap, auto_offset_reset="earliest"
    )
    async with (
        AIOKafkaProducer(bootstrap_servers=stores.bootstrap) as producer,
        consumer,
    ):
        made = Insurer(process, f"http://127.0.0.1:{port}", Counter(CODE, keys), producer, consumer)
        await until_ready(made.control)
        yield made
    process.kill()
    process.wait()


def run(bootstrap: str, keys: Keys, store: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the insurer's process."""
    settings = {
        "KAFKA_BOOTSTRAP": bootstrap,
        "KEY_FILE": keys.folder / f"insurer-{CODE}.key",
        "CERT_FILE": keys.folder / f"insurer-{CODE}.pem",
        "TRUST_CA": keys.folder / "ca.pem",
        "STORE": store,
        "CONTROL_PORT": port,
    }
    env = os.environ | {f"SANDBOX_{name}": str(value) for name, value in settings.items()}
    return subprocess.Popen([sys.executable, "-m", "sandbox", "insurer", CODE], env=env)


async def until_ready(control: str, within: float = 60) -> None:
    """Wait until the process reads requests."""
    end = time.monotonic() + within
    async with httpx.AsyncClient() as http:
        while time.monotonic() < end:
            try:
                if (await http.get(f"{control}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.2)
    raise TimeoutError("the insurer did not become ready")


async def test_many_bookings_are_answered(insurer: Insurer) -> None:
    numbers = [f"YY20261123A{number:09}" for number in range(200)]
    await insurer.ask(*numbers)
    answers = await insurer.answers(RECEIPTS * len(numbers))
    agreements = {f"{CODE}.OC{number[-10:]}" for number in numbers}
    assert set(answers) == {*numbers, *agreements}


async def test_delayed_answers_do_not_hold_up_others(insurer: Insurer) -> None:
    async with httpx.AsyncClient() as http:
        await http.put(f"{insurer.control}/behaviour", json={"delay_ms": 3000})
        await insurer.ask("YY20261123B000000001")
        await asyncio.sleep(1)
        await http.put(f"{insurer.control}/behaviour", json={})
    await insurer.ask("YY20261123B000000002")
    answers = await insurer.answers(2 * RECEIPTS)
    assert answers[0] == "YY20261123B000000002"
    assert answers[-RECEIPTS] == "YY20261123B000000001"


async def test_it_waits_for_a_kafka_that_is_away(insurer: Insurer, stores: Stores) -> None:
    stores.kill("kafka")
    await asyncio.sleep(2)
    assert insurer.process.poll() is None
    await asyncio.to_thread(stores.start)
    await insurer.ask("YY20261123C000000001")
    assert (await insurer.answers(RECEIPTS, within=120))[0] == "YY20261123C000000001"


async def test_it_stops_in_order_when_told(insurer: Insurer) -> None:
    insurer.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(insurer.process.wait, 20) == 0
