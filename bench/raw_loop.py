"""The reference of `policy`: the same messages in and out, without deciding anything.

`python -m bench.raw_loop`: aiokafka in, parse + c14n + SHA-256 + P-256 verify (lxml, cryptography),
one INSERT a batch, aiokafka out. What it sends has the number and the sizes of what policy sends,
unsigned. Settings come by the environment, as a service's do.
"""

import asyncio
import base64
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import asyncpg
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

_RECORDS = 500
_INSERT = "INSERT INTO raw_loop SELECT * FROM unnest($1::bytea[], $2::bytea[])"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_ALGORITHM = ec.ECDSA(hashes.SHA256())


async def main() -> None:
    """Run until everything that waits has gone through."""
    wanted, topic, out = int(os.environ["RAW_COUNT"]), os.environ["RAW_IN"], os.environ["RAW_OUT"]
    sizes = [int(size) for size in os.environ["RAW_SIZES"].split(",")]
    bootstrap = os.environ["RAW_BOOTSTRAP"]
    key = _key(os.environ["RAW_CERT"])
    pool = await asyncpg.create_pool(os.environ["RAW_DATABASE"], min_size=1, max_size=2)
    await pool.execute("CREATE TABLE IF NOT EXISTS raw_loop (key bytea, body bytea)")
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=topic,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_bytes=8 * 1024 * 1024,
        max_partition_fetch_bytes=1024 * 1024,
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=900 * 1024,
    )
    async with consumer, producer:
        done = 0
        while done < wanted:
            found = await consumer.getmany(timeout_ms=500, max_records=_RECORDS)
            batch = [record for records in found.values() for record in records]
            if not batch:
                continue
            await asyncio.to_thread(_verify, key, batch)
            await pool.execute(_INSERT, [row.key for row in batch], [row.value for row in batch])
            sent = [
                await producer.send(out, row.value[:size].ljust(size, b" "), key=row.key)
                for row in batch
                for size in sizes
            ]
            await asyncio.gather(*sent)
            await consumer.commit()
            done += len(batch)
    await pool.close()
    print(process_time())  # what reads it wants the CPU seconds


def _key(path: str) -> ec.EllipticCurvePublicKey:
    key = x509.load_pem_x509_certificate(Path(path).read_bytes()).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError(f"{path} holds a key of another kind")
    return key


def _verify(key: ec.EllipticCurvePublicKey, batch: Sequence[ConsumerRecord]) -> None:
    """As much of a verification as cannot be left out; the key is known beforehand."""
    for record in batch:
        root = etree.fromstring(record.value)
        signature = root[-1]
        info = signature[0]
        value = signature.findtext(f"{_DS}SignatureValue") or ""
        hashlib.sha256(etree.tostring(root, method="c14n", exclusive=True)).digest()
        signed = etree.tostring(info, method="c14n", exclusive=True)
        key.verify(_der(value), signed, _ALGORITHM)


def _der(value: str) -> bytes:
    raw = base64.b64decode(value)
    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half]), int.from_bytes(raw[half:]))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
