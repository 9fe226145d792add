"""What the API's endpoints share, and who is asking."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from fastapi import Request
from structlog.typing import FilteringBoundLogger

from libs.lifecycle.tables import LIFECYCLES
from libs.service import sessions
from libs.service.metrics import Metrics
from libs.service.sessions import Session
from libs.signing import TrustStore
from services.portal.attachments import Attachments
from services.portal.door import Door
from services.portal.e_policy import Printer
from services.portal.history import History
from services.portal.permissions import READABLE
from services.portal.problems import Problem

_TOKEN_MAX = 100
_DRAINED = 16  # a body this many times too large is still read to its end before it is refused


@dataclass(frozen=True)
class Parts:
    """Everything that endpoints use."""

    pool: asyncpg.Pool
    trust: TrustStore
    door: Door
    history: History
    printer: Printer
    attachments: Attachments
    origin: str
    session_lifetime: timedelta
    challenge_lifetime: timedelta
    body_bytes_max: int
    stop: asyncio.Event
    metrics: Metrics
    log: FilteringBoundLogger

    async def session(self, request: Request) -> Session:
        """Who is logged in. Raises Problem NO_SESSION."""
        token = token_of(request)
        if not token:
            raise Problem("NO_SESSION")
        async with self.pool.acquire() as connection:
            session = await sessions.find_session(connection, token)
        if session is None:
            raise Problem("NO_SESSION")
        return session

    async def with_card(self, request: Request) -> Session:
        """Who is logged in and has the card in its reader, as far as the client tells.

        Raises Problem NO_SESSION, CARD_ABSENT, CARD_DIFFERS.
        """
        session = await self.session(request)
        if session.present == "":
            raise Problem("CARD_ABSENT")
        if session.present not in (None, session.fingerprint):
            raise Problem("CARD_DIFFERS", f"登录：{session.holder}")
        return session


def token_of(request: Request) -> str | None:
    """The session token that a request carries."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _TOKEN_MAX:
        return None
    return token


def may_read(session: Session, kind: str) -> None:
    """Raises Problem: ROLE when the card may not see such documents, NOT_FOUND when none are."""
    if kind not in LIFECYCLES:
        known = "、".join(f"{name} {table.title}" for name, table in LIFECYCLES.items())
        raise Problem("NOT_FOUND", f"没有单证类型“{kind}”；有：{known}")
    if kind not in READABLE.get(session.role, frozenset()):
        raise Problem("ROLE", f"{session.role.zh}卡不能查询此类单证")


async def body_of(request: Request, limit: int) -> bytes:
    """The request's body, never more than `limit` bytes of it. Raises Problem TOO_LARGE."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and len(told) > len(str(limit * _DRAINED)):
        raise Problem("TOO_LARGE", f"最多 {limit} 字节")
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > limit * _DRAINED:
            break
    if size > limit:
        raise Problem("TOO_LARGE", f"最多 {limit} 字节")
    return b"".join(chunks)
