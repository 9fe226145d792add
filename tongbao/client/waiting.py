"""Conditions that are looked at whenever something changes."""

from typing import Protocol
from uuid import UUID

import httpx

from tongbao.client.asking import Document, PortalError


class Overdue(Exception):
    """What was waited for did not come in time; the text says what is there instead."""


class Reader(Protocol):
    """What conditions ask of a portal."""

    async def document(self, kind: str, id: str) -> Document:
        """A document."""

    async def outcome(self, message_id: UUID | str) -> Document:
        """What became of a message."""


class Condition(Protocol):
    """Something to wait for; `wanted` and `seen` tell a person what and what instead."""

    wanted: str
    seen: str

    def concerns(self, told: Document) -> bool:
        """Whether a change may have made it true."""

    async def look(self) -> Document | None:
        """What was waited for, when it is there."""


class InStatus:
    """Whether a document is in one of some states."""

    def __init__(self, portal: Reader, kind: str, id: str, statuses: frozenset[str]) -> None:
        self.portal, self.kind, self.id, self.statuses = portal, kind, id, statuses
        self.wanted = f"{kind} {id} in {' or '.join(sorted(statuses))}"
        self.seen = "it is not there"

    def concerns(self, told: Document) -> bool:
        """Whether a change is about this document; the stream's opening always is."""
        return not told or told.get("id") == self.id

    async def look(self) -> Document | None:
        """The document when it is in one of the states."""
        try:
            found = await self.portal.document(self.kind, self.id)
        except PortalError as error:
            if error.status != httpx.codes.NOT_FOUND:
                raise
            return None
        self.seen = f"it is in {found['status']} {found['statusName']}"
        return found if found["status"] in self.statuses else None


class IsSettled:
    """Whether something became of a message."""

    def __init__(self, portal: Reader, message_id: str) -> None:
        self.portal, self.message_id = portal, message_id
        self.wanted, self.seen = f"an outcome of message {message_id}", "nothing became of it"

    def concerns(self, told: Document) -> bool:
        """Whether a change came from this message; the stream's opening always is looked at."""
        return not told or told.get("messageId") == self.message_id

    async def look(self) -> Document | None:
        """The outcome when there is one."""
        found = await self.portal.outcome(self.message_id)
        return None if found["state"] == "unknown" else found
