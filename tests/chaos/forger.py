"""An insurer that answers what was asked of another: signed well, and none of its business."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from deploy.local.stack import LocalStack
from libs.messages.base import Meta
from libs.messages.envelope import envelope_of
from libs.messages.kinds.proposal import UnderwritingReceipt, UnderwritingResult
from libs.messages.partners import JSON, XML, partner_topic
from libs.messages.registry import kind_of
from libs.messages.samples import a_quote
from libs.signing import FileSigner, sign_jws, sign_xml

ASKED, FORGER = "PICC", "CPIC"
PREMIUM = Decimal("1.00")  # that nobody but the forger offers
_KIND = kind_of(UnderwritingReceipt)
_SUBMIT = b"cn.tongbao.SubmitCargoProposal.v1"


@dataclass
class Forger:
    """Approves, as soon as they are asked, the proposals that another insurer has to decide on."""

    consumer: AIOKafkaConsumer
    producer: AIOKafkaProducer
    keys: Mapping[str, FileSigner]
    asked: set[UUID] = field(default_factory=set)  # submissions answered, each in three ways

    async def run(self) -> None:
        """Answer until cancelled."""
        async for record in self.consumer:
            headers = dict(record.headers)
            if headers["ce_type"] == _SUBMIT:
                asked = UUID(headers["ce_id"].decode())
                if asked not in self.asked:
                    await self._answer(headers["ce_subject"].decode(), asked)

    async def _answer(self, proposal: str, asked: UUID) -> None:
        own, others = partner_topic(FORGER, "replies"), partner_topic(ASKED, "replies")
        await self._send(own, FORGER, proposal, asked)
        await self._send(others, FORGER, proposal, asked)
        await self._send(others, ASKED, proposal, uuid4())  # to a submission that nobody made
        self.asked.add(asked)

    async def _send(self, topic: str, signer: str, proposal: str, asked: UUID) -> None:
        receipt = UnderwritingReceipt(
            meta=Meta(
                message_id=uuid4(),
                document_id=proposal,
                sender=signer,
                created_at=datetime.now(UTC),
                in_reply_to=asked,
            ),
            result=UnderwritingResult.APPROVED,
            quote=a_quote().model_copy(update={"premium": PREMIUM}),
        )
        key = self.keys[signer]
        content = XML if signer == ASKED else JSON
        envelope, body = envelope_of(receipt, _KIND.ce_type, content), b""
        if content == XML:
            body = sign_xml(_KIND.codec.encode(receipt, XML), key)
        else:
            body = _KIND.codec.encode(receipt, JSON)
            envelope = envelope._replace(signature=sign_jws(body, key))
        await self.producer.send_and_wait(
            topic, body, key=proposal.encode(), headers=envelope.to_headers()
        )


@asynccontextmanager
async def forging(stack: LocalStack) -> AsyncIterator[Forger]:
    """Whatever `ASKED` is asked meanwhile, `FORGER` answers too."""
    bootstrap = stack.kafka.bootstrap
    consumer = AIOKafkaConsumer(
        partner_topic(ASKED, "requests"), bootstrap_servers=bootstrap, fetch_max_wait_ms=20
    )
    async with consumer, AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await consumer.seek_to_end()
        pki = stack.home.pki
        keys = {
            name: FileSigner.load(pki / f"{name}.key", pki / f"{name}.pem")
            for name in (ASKED, FORGER)
        }
        forger = Forger(consumer, producer, keys)
        running = asyncio.create_task(forger.run())
        try:
            yield forger
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
