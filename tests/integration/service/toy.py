"""A small service of the chassis' own tests: boxes that companies open, fill and close."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from pydantic import Field

from libs.decisions import NOTHING, Context, Decision, Handlers, NotYet, RecordType, moved
from libs.decisions.records import Record
from libs.lifecycle import Action, Lifecycle, Reason, Rejected, State
from libs.lifecycle.table import rows
from libs.messages.base import DocumentChanged, Message, Model
from libs.messages.codec import ModelCodec
from libs.messages.kinds.rejections import CommandRejected
from libs.messages.parties import Role
from libs.messages.registry import Kind, Purpose, kind_of
from libs.messages.topics import FOREVER, Topic
from libs.service import Service, ServiceSettings

OPEN, FULL, CLOSED = (
    State("10", "打开", "open"),
    State("20", "装满", "full"),
    State("30", "关", "c"),
)
MAKE, FILL, CLOSE = Action("make", "打开"), Action("fill", "装"), Action("close", "关")
_COMPANY = (Role.OPERATOR,)
BOX = Lifecycle(
    "box",
    "箱子",
    (OPEN, FULL, CLOSED),
    (
        *rows((None,), MAKE, OPEN, _COMPANY, "OpenBox", "已打开"),
        *rows((OPEN, FULL), FILL, FULL, _COMPANY, "FillBox", "已装"),
        *rows((FULL,), CLOSE, CLOSED, (*_COMPANY, Role.SERVICE, Role.INSURER), "CloseBox", "已关"),
    ),
)


class OpenBox(Message):
    """Opens a box; with `like` only when that box is known."""

    text: str
    like: str | None = None
    ring_seconds: float | None = None


class FillBox(Message):
    """Adds to a box; with `ask` the partner is told again."""

    amount: int
    ask: bool = False


class CloseBox(Message):
    """Closes a box."""


class BoxReport(Message):
    """A partner's word about a box."""

    text: str


class BoxNote(Message):
    """A word of our own to the partner."""

    total: int


class BoxBody(Model):
    """A box; `filled` and `noted` are what the partner was sent last."""

    text: str
    total: int = 0
    bell: bool = False
    filled: UUID | None = None
    noted: UUID | None = None


@dataclass(frozen=True)
class Waits:
    """What the settings say to handlers."""

    ask: timedelta = timedelta(hours=1)


class ToySettings(ServiceSettings):
    """With one setting for a handler."""

    ask_seconds: float = Field(3600.0, description="how long to wait before telling again")

    @property
    def parameters(self) -> Waits:
        return Waits(timedelta(seconds=self.ask_seconds))


class BoxChanged(DocumentChanged):
    """A box moved."""

    text: str
    total: int


RECORD = RecordType("box", BoxBody, BOX, BoxChanged)
HANDLERS = Handlers()
UNKNOWN = Reason("UNKNOWN_BOX", "箱子{id}不存在", "no box {id}")
TOO_MUCH = Reason("TOO_MUCH", "太多了", "too much")
AMOUNT_MAX = 1000


@HANDLERS.handles(OpenBox, on=RECORD, reads=lambda m: [RECORD.ref(m.like)] if m.like else [])
def open_box(box: Record[BoxBody] | None, command: OpenBox, ctx: Context) -> Decision:
    """Open a box, perhaps to be closed by the clock."""
    if command.text == "break":
        raise ZeroDivisionError("this text breaks the handler")
    if command.like and ctx.read(RECORD, command.like) is None:
        raise NotYet(UNKNOWN, id=command.like)
    move = BOX.move(box.status if box else None, MAKE, ctx.actor.role)
    body = BoxBody(text=command.text)
    _, decision = moved(
        RECORD, command.meta.document_id, box, move, body, ctx, owner=ctx.actor.party
    )
    if command.ring_seconds is not None:
        ref = RECORD.ref(command.meta.document_id)
        decision = decision.at(ref, "ring", ctx.now + timedelta(seconds=command.ring_seconds))
    return decision


@HANDLERS.handles(FillBox, on=RECORD)
def fill_box(box: Record[BoxBody] | None, command: FillBox, ctx: Context) -> Decision:
    """Add to a box, and tell the partner."""
    if box is None:
        raise Rejected(UNKNOWN, id=command.meta.document_id)
    if command.amount > AMOUNT_MAX:
        raise Rejected(TOO_MUCH)
    move = BOX.move(box.status, FILL, ctx.actor.role)
    total = box.body.total + command.amount
    note = BoxNote(meta=ctx.meta(box.ref.id), total=total)
    update = {"total": total, "filled": command.meta.message_id, "noted": note.meta.message_id}
    _, decision = moved(RECORD, box.ref.id, box, move, box.body.model_copy(update=update), ctx)
    decision = decision.forward(_requests(ctx))
    if not command.ask:
        return decision
    return decision.emit(_requests(ctx), note, keep=True).after(
        box.ref, "ask", ctx.parameters(Waits).ask
    )


def _requests(ctx: Context) -> str:
    return f"{ctx.service}.requests"


@HANDLERS.on_timer("ask", on=RECORD)
def ask(box: Record[BoxBody], nothing: None, ctx: Context) -> Decision:
    """Tell the partner again: what a company said, and what we said."""
    if box.body.filled is None or box.body.noted is None:
        return NOTHING
    return NOTHING.resend(_requests(ctx), box.owner, box.body.filled).resend(
        _requests(ctx), ctx.service, box.body.noted
    )


@HANDLERS.handles(BoxReport, on=RECORD)
def report(box: Record[BoxBody] | None, command: BoxReport, ctx: Context) -> Decision:
    """A partner may report only about a box there is."""
    if box is None:
        raise Rejected(UNKNOWN, id=command.meta.document_id)
    return NOTHING


@HANDLERS.on_timer("ring", on=RECORD)
def ring(box: Record[BoxBody], nothing: None, ctx: Context) -> Decision:
    """The bell of a box."""
    move = BOX.move(FULL.code, CLOSE, ctx.actor.role)
    _, decision = moved(
        RECORD, box.ref.id, box, move, box.body.model_copy(update={"bell": True}), ctx
    )
    return decision


def _kind(model: type[Message], *roles: Role) -> Kind:
    ce_type = f"cn.tongbao.{model.__name__}.v1"
    codec = ModelCodec(model, 1, ce_type)
    name = model.__name__
    return Kind(name, 1, model, name, Purpose.COMMAND, "box", frozenset(roles), codec, ce_type)


KINDS = {
    kind.ce_type: kind
    for kind in (
        _kind(OpenBox, Role.OPERATOR),
        _kind(FillBox, Role.OPERATOR),
        _kind(CloseBox, Role.OPERATOR),
        _kind(BoxReport, Role.INSURER),
        _kind(BoxNote, Role.SERVICE),
        _kind(BoxChanged, Role.SERVICE),
        kind_of(CommandRejected),
    )
}
_TYPES = frozenset(KINDS)


@dataclass(frozen=True)
class Toy:
    """The service under a name of its own, so that tests share brokers without meeting."""

    name: str
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        name = self.name
        topics = {
            topic: Topic(topic, name, producers, consumers, _TYPES, FOREVER, topic)
            for topic, producers, consumers in (
                (self.commands, ("portal",), (name,)),
                (self.events, (name,), ("reader",)),
                (self.requests, (name,), ("PICC",)),
            )
        }
        service = Service(name, HANDLERS, (RECORD,), None, KINDS, ToySettings, topics)
        object.__setattr__(self, "service", service)

    @property
    def commands(self) -> str:
        return f"{self.name}.commands"

    @property
    def events(self) -> str:
        return f"{self.name}.events"

    @property
    def requests(self) -> str:
        return f"{self.name}.requests"
