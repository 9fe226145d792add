"""The read API, for the portal only. Answers JSON; errors as {code, message, messageEn, errors}."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from libs.lifecycle.tables import LIFECYCLES
from libs.messages.errors import FieldError
from libs.service.db import is_infrastructure
from services.history import queries, store
from services.history.access import Gate, NoAccess
from services.history.columns import row_of, titles_of
from services.history.streams import Streams

Json = dict[str, object]
Answer = Callable[[Request, str], Awaitable[Response]]

_NUMBER_MAX = 60
_POSITION_DIGITS_MAX = 18  # a bigint


class Problem(Exception):
    """What is answered instead: an HTTP status and a code with its sentences."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        message_en: str,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        self.status = status
        self.body: Json = {
            "code": code,
            "message": message,
            "messageEn": message_en,
            "errors": [asdict(error) for error in errors],
        }
        super().__init__(code)


_NO_ACCESS = Problem(401, "NO_ACCESS", "无权访问", "no access")
_NOT_FOUND = Problem(404, "NOT_FOUND", "没有此单证", "there is no such document")
_NO_STORE = Problem(
    503, "UNAVAILABLE", "数据库暂不可用，请稍后再试", "the database is away, try later"
)


@dataclass(frozen=True)
class ReadApi:
    """Endpoints over the projections. `gate` names the company; every answer is about it alone."""

    pool: asyncpg.Pool
    gate: Gate
    streams: Streams
    heartbeat_seconds: float

    def app(self) -> Starlette:
        """The ASGI application."""
        table: tuple[tuple[str, Answer], ...] = (
            ("/documents/{kind}", self.search),
            ("/documents/{kind}/{id}", self.document),
            ("/documents/{kind}/{id}/status-records", self.status_records),
            ("/messages/{id}", self.message),
            ("/changes", self.changes),
        )
        return Starlette(routes=[Route(path, self._guarded(answer)) for path, answer in table])

    def _guarded(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                return await answer(request, self.gate.owner(request.headers))
            except NoAccess:
                problem = _NO_ACCESS
            except Problem as found:
                problem = found
            except Exception as error:
                if not is_infrastructure(error):
                    raise
                problem = _NO_STORE
            return _json(problem.body, problem.status)

        return guarded

    async def search(self, request: Request, owner: str) -> Response:
        """A page of the documents that a query finds."""
        kind = _kind(request)
        try:
            query = queries.read_query(kind, request.query_params.multi_items())
        except queries.WrongQuery as wrong:
            raise Problem(422, "WRONG_QUERY", "查询条件有误", "wrong query", wrong.errors) from None
        async with self.pool.acquire() as connection:
            total, found = await store.search(connection, owner, kind, query)
        return _json(
            {
                "kind": kind,
                "title": LIFECYCLES[kind].title,
                "total": total,
                "page": query.page,
                "size": query.size,
                "columns": titles_of(kind),
                "rows": [row_of(document) for document in found],
            }
        )

    async def document(self, request: Request, owner: str) -> Response:
        """A document, as it is or as it was at `as_of`."""
        kind, number = _kind(request), _number(request)
        at = _time(request.query_params.get("as_of"))
        async with self.pool.acquire() as connection:
            found = (
                await store.as_of(connection, owner, kind, number, at)
                if at
                else await store.latest(connection, owner, kind, number)
            )
        if found is None:
            raise _NOT_FOUND
        return _json(_document(found))

    async def status_records(self, request: Request, owner: str) -> Response:
        """The moves of a document."""
        kind, number = _kind(request), _number(request)
        async with self.pool.acquire() as connection:
            records = await store.status_records(connection, owner, kind, number)
        if not records:
            raise _NOT_FOUND
        return _json({"kind": kind, "id": number, "records": records})

    async def message(self, request: Request, owner: str) -> Response:
        """What became of a message: refused, caused moves, or nothing known yet."""
        message_id = _uuid(request.path_params["id"])
        async with self.pool.acquire() as connection:
            rejection = await store.rejection_of(connection, owner, message_id)
            moves = [] if rejection else await store.moves_of(connection, owner, message_id)
        state = "rejected" if rejection else "done" if moves else "unknown"
        outcome: Json = {"messageId": str(message_id), "state": state, "moves": moves}
        return _json(outcome | ({"rejection": rejection} if rejection else {}))

    async def changes(self, request: Request, owner: str) -> Response:
        """Changes as server-sent events; `after` or Last-Event-ID says where to go on."""
        after = request.query_params.get("after") or request.headers.get("last-event-id")
        position = await self.streams.position() if after is None else _position(after)
        return StreamingResponse(
            self._events(owner, position),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
        )

    async def _events(self, owner: str, after: int) -> AsyncIterator[str]:
        yield f"id: {after}\nevent: open\ndata: {{}}\n\n"
        try:
            async for change in self.streams.follow(owner, after, self.heartbeat_seconds):
                if change is None:
                    yield ": still here\n\n"
                else:
                    yield f"id: {change.position}\nevent: change\ndata: {change.body}\n\n"
        except Exception as error:
            if not is_infrastructure(error):
                raise
            return  # the listener comes back for the rest


def _document(found: store.Found) -> Json:
    return {
        "kind": found.kind,
        "id": found.id,
        "title": LIFECYCLES[found.kind].title,
        "sequence": found.sequence,
        "status": found.status,
        "statusName": found.status_name,
        "openedAt": found.opened_at,
        "updatedAt": found.updated_at,
        "form": found.form,
        **found.parts,
    }


def _kind(request: Request) -> str:
    kind = request.path_params["kind"]
    if kind not in queries.KEYS:
        known = "、".join(f"{name} {LIFECYCLES[name].title}" for name in queries.KEYS)
        error = FieldError("kind", "单证类型", f"没有单证类型“{kind}”", known)
        raise Problem(
            404, "UNKNOWN_DOCUMENT_KIND", "没有此单证类型", "no such kind of document", (error,)
        )
    return str(kind)


def _number(request: Request) -> str:
    """A document's id. What could be none is found nowhere."""
    number: str = request.path_params["id"]
    if len(number) > _NUMBER_MAX or not number.isprintable():
        raise _NOT_FOUND
    return number


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None or at.year not in queries.YEARS:
        error = FieldError("as_of", "时点", "时间格式有误", "例如 2026-11-23T08:00:00Z")
        raise Problem(422, "WRONG_QUERY", "查询条件有误", "wrong query", (error,))
    return at


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        error = FieldError("id", "报文编号", "应为 UUID", "报文头中的 messageId")
        raise Problem(422, "WRONG_QUERY", "查询条件有误", "wrong query", (error,)) from None


def _position(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= _POSITION_DIGITS_MAX:
        return int(text)
    error = FieldError("after", "位置", "应为数字", "事件流中收到的 id")
    raise Problem(422, "WRONG_QUERY", "查询条件有误", "wrong query", (error,))


def _json(body: Json, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
