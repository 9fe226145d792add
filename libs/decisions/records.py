"""What a service stores: one record a document."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from libs.lifecycle import Lifecycle
from libs.messages.base import DocumentChanged, Model

Body = TypeVar("Body", bound=Model)


@dataclass(frozen=True, slots=True)
class Ref:
    """The key of a record: its type's name and the document's id."""

    type: str
    id: str


@dataclass(frozen=True)
class Record(Generic[Body]):
    """One document as stored. `version` counts moves from 1."""

    ref: Ref
    version: int
    status: str  # state code of the lifecycle; "" for a copy of another service's document
    owner: str  # the company's USCC; "" when none
    body: Body

    def next(self, body: Body, status: str | None = None) -> "Record[Body]":
        """The next version of this record."""
        return replace(
            self,
            version=self.version + 1,
            body=body,
            status=self.status if status is None else status,
        )


@dataclass(frozen=True)
class RecordType(Generic[Body]):
    """One kind of record of a service.

    With a lifecycle it is a document that this service owns, and `event` is published at each
    move. Without one it is the service's own copy of what it needs of another's document.
    """

    name: str
    body: type[Body]
    lifecycle: Lifecycle | None = None
    event: type[DocumentChanged] | None = None

    def ref(self, id: str) -> Ref:
        """The key of the record with `id`."""
        return Ref(self.name, id)

    def first(self, id: str, *, owner: str, body: Body, status: str = "") -> Record[Body]:
        """A record that is not stored yet."""
        return Record(self.ref(id), 1, status, owner, body)


AnyRecord = Record[Any]
AnyRecordType = RecordType[Any]
Records = Mapping[Ref, AnyRecord | None]
