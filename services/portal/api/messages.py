"""Signed messages in, what became of them out, and a stream of changes."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from libs.messages.partners import JSON, XML
from libs.service.sessions import Session
from services.portal.api.shapes import Taken
from services.portal.door import Sent
from services.portal.history import Stream
from services.portal.parts import Parts, body_of
from services.portal.permissions import READABLE
from services.portal.problems import Problem, json_response

SIGNATURE_HEADER = "x-jws-signature"
_closing: set[asyncio.Task[None]] = set()
_TRACE = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_SIGNED_BODY = {
    "requestBody": {
        "required": True,
        "description": "The signed bytes. XML carries its signature (XMLDSig); JSON has a "
        f"detached JWS in the header {SIGNATURE_HEADER}.",
        "content": {XML: {"schema": {"type": "string"}}, JSON: {"schema": {"type": "object"}}},
    }
}


def router(parts: Parts) -> APIRouter:
    """The endpoints."""
    routes = APIRouter(prefix="/api", tags=["messages"])
    logged_in, with_card = Depends(parts.session), Depends(parts.with_card)

    @routes.post(
        "/messages",
        status_code=202,
        response_model=Taken,
        summary="Hand in a signed message",
        openapi_extra=_SIGNED_BODY,
    )
    async def take(request: Request, session: Session = with_card) -> Response:
        try:
            data = await body_of(request, parts.body_bytes_max)
            receipt = await parts.door.take(_sent(request, data), session)
        except Problem as problem:
            parts.metrics.count("messages", "unknown", problem.code)
            parts.log.warning("message_refused", code=problem.code, sender=session.party)
            raise
        parts.metrics.count("messages", receipt.kind, "taken")
        parts.log.info("message_taken", sender=session.party, **asdict(receipt))
        return json_response(Taken(**asdict(receipt)).model_dump(by_alias=True), 202)

    @routes.get("/messages/{id}", summary="What became of a message")
    async def outcome(id: UUID, session: Session = logged_in) -> Response:
        found = await parts.history.get(session.party, f"/messages/{id}")
        moves = found.get("moves")
        if isinstance(moves, list):
            found["moves"] = [move for move in moves if _may_see(session, move)]
        return json_response(found)

    @routes.get(
        "/changes",
        summary="Changes of the company's documents, as server-sent events",
        response_class=StreamingResponse,
    )
    async def changes(
        request: Request, after: str | None = None, session: Session = logged_in
    ) -> Response:
        place = after if after is not None else request.headers.get("last-event-id")
        stream = await parts.history.changes(session.party, place)
        return _Following(
            stream,
            _seen_by(session, stream.blocks(), parts.stop),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


class _Following(StreamingResponse):
    """Gives history's connection back, also when nobody listened to the end, or at all."""

    def __init__(self, stream: Stream, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # in a task of its own: who listened is gone, and this one may be cancelled again
            closing = asyncio.create_task(self._stream.close())
            _closing.add(closing)
            closing.add_done_callback(_closing.discard)


def _sent(request: Request, data: bytes) -> Sent:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    trace = request.headers.get("traceparent", "")
    return Sent(
        data,
        content_type,
        request.headers.get(SIGNATURE_HEADER),
        trace if _TRACE.fullmatch(trace) else None,
    )


def _may_see(session: Session, told: object) -> bool:
    return isinstance(told, Mapping) and told.get("kind") in READABLE[session.role]


async def _seen_by(
    session: Session, events: AsyncIterator[bytes], stop: asyncio.Event
) -> AsyncIterator[bytes]:
    """The events that this card may see, while its session lasts and the portal runs."""
    ending = asyncio.create_task(stop.wait())
    coming: asyncio.Future[bytes | None] | None = None
    try:
        while True:
            left = (session.expires_at - datetime.now(UTC)).total_seconds()
            coming = asyncio.ensure_future(anext(events, None))
            await asyncio.wait(
                {coming, ending}, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED
            )
            block = coming.result() if coming.done() else None
            if block is None:
                return
            if _is_for(session, block):
                yield block
    finally:
        ending.cancel()
        if coming is not None:
            coming.cancel()  # not awaited: cancelled twice it would not close its connection


def _is_for(session: Session, block: bytes) -> bool:
    for line in block.splitlines():
        if line.startswith(b"data: ") and (told := orjson.loads(line[6:])):
            return _may_see(session, told)
    return True
