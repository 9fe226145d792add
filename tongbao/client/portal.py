"""A session at a portal, opened with a card."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx
import orjson

from libs.messages.base import Message, Meta
from libs.messages.parties import Role
from libs.messages.partners import JSON, XML
from libs.messages.registry import kind_of
from tongbao.client.asking import Document, PortalAway, PortalError, ask, error_of, request
from tongbao.client.cards import Card
from tongbao.client.waiting import Condition, InStatus, IsSettled, Overdue

SIGNATURE_HEADER = "x-jws-signature"
_REQUEST_SECONDS = 30.0
_PAUSE_SECONDS = 0.2
_TRIES = 50  # of one message while the portal says that Kafka or a store is away


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the company's documents; `position` is where to go on from."""

    position: str
    told: Document


@dataclass(frozen=True, slots=True)
class Who:
    """Who is logged in."""

    role: Role
    uscc: str
    company: str
    holder: str


class Portal:
    """A session at a portal. A context manager: leaving it logs out."""

    def __init__(self, http: httpx.AsyncClient, card: Card, who: Who) -> None:
        self.http = http
        self.card = card
        self.who = who

    @classmethod
    async def login(
        cls, url: str, card: Card, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> Self:
        """Log in at `url`. Raises PortalError when the card is refused, PortalAway, CardError."""
        http = httpx.AsyncClient(base_url=url, timeout=_REQUEST_SECONDS, transport=transport)
        try:
            challenge = await ask(http, "POST", "/api/login/challenge")
            # the origin is the address that was meant, not the one that the server says
            origin, nonce = url.rstrip("/"), challenge["nonce"]
            signature = await asyncio.to_thread(card.prove, origin, nonce)
            signed = {"nonce": nonce, "origin": origin, "signature": signature}
            session = await ask(http, "POST", "/api/login", json=signed)
        except BaseException:
            await http.aclose()
            raise
        http.headers["Authorization"] = f"Bearer {session['token']}"
        who = Who(Role(session["role"]), session["uscc"], session["company"], session["holder"])
        return cls(http, card, who)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Log out."""
        try:
            await self.http.post("/api/logout")
        except httpx.TransportError:
            pass  # the session expires by itself
        finally:
            await self.http.aclose()

    def meta(self, document_id: str) -> Meta:
        """The head of a new message about a document."""
        return Meta(
            message_id=uuid4(),
            document_id=document_id,
            sender=self.who.uscc,
            created_at=datetime.now(UTC),
        )

    def sign(self, message: Message, content_type: str = XML) -> tuple[bytes, dict[str, str]]:
        """The signed bytes of `message` and the headers to send them with."""
        data = kind_of(type(message)).codec.encode(message, content_type)
        if content_type == JSON:
            return data, {"content-type": JSON, SIGNATURE_HEADER: self.card.sign_beside(data)}
        return self.card.sign(data), {"content-type": XML}

    async def send(self, message: Message, content_type: str = XML) -> Document:
        """Sign and hand in; the receipt. Sent again while a store is away: it counts once."""
        data, headers = await asyncio.to_thread(self.sign, message, content_type)
        for left in reversed(range(_TRIES)):
            try:
                return await self.hand_in(data, headers)
            except PortalError as error:
                if error.status != httpx.codes.SERVICE_UNAVAILABLE or not left:
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
        raise AssertionError("the last try returns or raises")

    async def hand_in(self, data: bytes, headers: Mapping[str, str]) -> Document:
        """Hand in bytes as they are; the receipt {messageId, documentId, kind}."""
        return await self.ask("POST", "/api/messages", content=data, headers=headers)

    async def outcome(self, message_id: UUID | str) -> Document:
        """What became of a message: {state: unknown | rejected | done, moves, rejection}."""
        return await self.ask("GET", f"/api/messages/{message_id}")

    async def tell_card(self, fingerprint: str | None) -> None:
        """Say which card is in the reader now; None: none. Without its card a session acts not."""
        await request(self.http, "PUT", "/api/session/card", json={"card": fingerprint})

    async def find(self, kind: str, **keys: str | int) -> Document:
        """A page of documents; `from_` stands for the key `from`."""
        params = {name.rstrip("_"): value for name, value in keys.items()}
        return await self.ask("GET", f"/api/documents/{kind}", params=params)

    async def document(self, kind: str, id: str, as_of: datetime | None = None) -> Document:
        """A document, as it is or as it was."""
        params = {"as_of": as_of.isoformat()} if as_of else {}
        return await self.ask("GET", f"/api/documents/{kind}/{id}", params=params)

    async def status_records(self, kind: str, id: str) -> list[Document]:
        """The moves of a document, first to last."""
        told = await self.ask("GET", f"/api/documents/{kind}/{id}/status-records")
        records: list[Document] = told["records"]
        return records

    async def actions(self, kind: str, id: str) -> list[str]:
        """What this card may do to a document now."""
        told = await self.ask("GET", f"/api/documents/{kind}/{id}/actions")
        return [row["name"] for row in told["actions"]]

    async def e_policy(self, id: str) -> bytes:
        """The electronic policy, PDF."""
        path = f"/api/documents/cargo-policy/{id}/e-policy.pdf"
        return (await request(self.http, "GET", path)).content

    async def upload(self, data: bytes, media_type: str) -> Document:
        """Store a file; what a form's attachment must say of it."""
        headers = {"content-type": media_type}
        return await self.ask("POST", "/api/attachments", content=data, headers=headers)

    async def changes(self, after: str | None = None) -> AsyncGenerator[Change, None]:
        """Changes as they come, from a place or from now; first one with nothing told: the place.

        Ends when the portal ends the stream; go on from the last position.
        """
        params = {"after": after} if after is not None else {}
        timeout = httpx.Timeout(_REQUEST_SECONDS, read=90)
        async with self.http.stream(
            "GET", "/api/changes", params=params, timeout=timeout
        ) as response:
            if response.is_error:
                await response.aread()
                raise error_of(response)
            position = ""
            async for line in response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    position = value
                elif name == "data":
                    yield Change(position, orjson.loads(value))

    async def wait_for(self, kind: str, id: str, *statuses: str, seconds: float = 60) -> Document:
        """The document as soon as it is in one of `statuses`. Raises Overdue."""
        return await self._until(InStatus(self, kind, id, frozenset(statuses)), seconds)

    async def settled(self, message_id: UUID | str, *, seconds: float = 60) -> Document:
        """What became of a message, as soon as anything did. Raises Overdue."""
        return await self._until(IsSettled(self, str(message_id)), seconds)

    async def ask(self, method: str, path: str, **options: Any) -> Document:
        """A JSON answer. Raises PortalError, PortalAway."""
        return await ask(self.http, method, path, **options)

    async def _until(self, check: Condition, seconds: float) -> Document:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if (found := await self._watch(check)) is not None:
                        return found
                    await asyncio.sleep(_PAUSE_SECONDS)  # the stream ended: begin a new one
        except TimeoutError:
            raise Overdue(f"{check.wanted} not within {seconds:g} s; {check.seen}") from None

    async def _watch(self, check: Condition) -> Document | None:
        """Look at once and at every change; None when the stream ended before."""
        try:
            async with aclosing(self.changes()) as changes:
                async for change in changes:
                    if check.concerns(change.told) and (found := await check.look()) is not None:
                        return found
        except (httpx.TransportError, PortalAway):
            return None
        except PortalError as error:
            if error.status != httpx.codes.SERVICE_UNAVAILABLE:
                raise
        return None
