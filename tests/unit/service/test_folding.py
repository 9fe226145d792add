"""The fold alone, with the toy's handlers: what becomes of waits, kept and repeated messages."""

from datetime import UTC, datetime, timedelta

from libs.decisions import Record
from libs.messages.envelope import envelope_of
from libs.messages.parties import Role
from libs.messages.partners import JSON
from libs.messages.samples import COMPANY, USCC
from libs.service.folding import Folder
from libs.service.incoming import Accepted, Incoming
from libs.service.outgoing import Outgoing
from libs.service.plan import Plan, Work
from libs.service.timers import DueTimer
from libs.signing import Identity, Verdict
from libs.signing.pki import Authority, Subject
from tests.integration.service.conftest import fill_box
from tests.integration.service.toy import KINDS, OPEN, RECORD, BoxBody, Toy, Waits

SENT = datetime(2026, 11, 23, 8, tzinfo=UTC)
NOW = SENT + timedelta(hours=5)
ASK = timedelta(minutes=3)
OPERATOR = Identity(Role.OPERATOR, USCC, COMPANY, "李晓明", "C1", "01", "f" * 64)
REF = RECORD.ref("BX1")


def a_folder() -> Folder:
    toy = Toy("toy")
    issued = Authority.create().issue(Subject(Role.SERVICE, "toy", "toy"))
    kinds = {kind.model: kind for kind in KINDS.values()}
    outgoing = Outgoing(issued.signer, toy.service.topics, kinds)
    return Folder("toy", toy.service.handlers, outgoing, Waits(ASK))


def an_accepted_fill() -> Accepted:
    message = fill_box("BX1", 5, ask=True)
    kind = KINDS["cn.tongbao.FillBox.v1"]
    envelope = envelope_of(message, kind.ce_type, JSON)
    body = kind.codec.encode(message, JSON)
    source = Incoming("toy.commands", 0, 0, SENT, b"BX1", tuple(envelope.to_headers()), body)
    return Accepted(source, envelope, kind, message, Verdict(True, True, True, "OK"), OPERATOR)


def filled() -> tuple[Accepted, Plan]:
    box = Record(REF, 1, OPEN.code, USCC, BoxBody(text="box"))
    fill = an_accepted_fill()
    return fill, a_folder().fold([Work(fill)], {REF: box}, {}, NOW)


def test_a_wait_begins_when_it_is_carried_out_however_old_the_message_is() -> None:
    _, plan = filled()
    [timer] = plan.timers
    assert timer.due_at == NOW + ASK


def test_only_what_a_handler_wants_kept_is_kept() -> None:
    _, plan = filled()
    assert len(plan.outbox) == 3  # the event, the company's message, our note
    assert list(plan.sent.values()) == [plan.outbox[-1]]
    [number] = plan.sent
    assert number == plan.records[REF].body.noted


def test_a_timer_asks_again_by_ids_and_the_log_tells_which() -> None:
    fill, plan = filled()
    due = DueTimer(REF, "ask", NOW + ASK)
    again = a_folder().fold([due], {REF: plan.records[REF]}, {}, NOW + ASK)
    asked = [(each.topic, each.sender, each.message_id) for each in again.resends]
    [number] = plan.sent
    assert asked == [
        ("toy.requests", USCC, fill.message.meta.message_id),
        ("toy.requests", "toy", number),
    ]
    assert not again.records
    assert not again.outbox
    [line] = again.lines
    assert line.fields["message_id"] == f"{asked[0][2]} {number}"
