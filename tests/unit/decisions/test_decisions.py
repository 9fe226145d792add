"""The vocabulary of handlers: what a decision says, and that deciding again says the same."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from libs.decisions import NOTHING, Context, Handlers, RecordType, moved
from libs.decisions.checks import told
from libs.lifecycle.tables import BOOKING
from libs.lifecycle.tables import booking as states
from libs.messages.base import Cause, Model
from libs.messages.kinds.booking import BookingChanged, BookingFacts, SubmitBooking
from libs.messages.samples import USCC, a_booking
from services.booking.documents import BOOKINGS, BookingBody
from tests.support.office import MORNING, OPERATOR

NUMBER = "YY20261123K7Q2M9XD4P"
CAUSE = Cause(message_id=UUID(int=7), kind="SubmitBooking", signer=USCC, digest="a" * 64)
BODY = BookingBody(form=a_booking(), facts=BookingFacts(insurer="PICC"))


def a_context() -> Context:
    return Context("booking", OPERATOR, MORNING, CAUSE, "booking.commands", {})


def submitted(ctx: Context) -> BookingChanged:
    move = BOOKING.move(None, states.SUBMIT, OPERATOR.role)
    _, decision = moved(BOOKINGS, NUMBER, None, move, BODY, ctx, owner=USCC)
    [send] = decision.sends
    event = getattr(send, "message", None)
    assert isinstance(event, BookingChanged)
    return event


def test_deciding_again_gives_the_same_event_with_the_same_id() -> None:
    assert submitted(a_context()) == submitted(a_context())


def test_two_messages_of_one_decision_have_ids_of_their_own() -> None:
    ctx = a_context()
    assert submitted(ctx).meta.message_id != submitted(ctx).meta.message_id


def test_another_message_with_the_same_id_does_not_bring_about_the_same_ids() -> None:
    forged = replace(a_context(), cause=CAUSE.model_copy(update={"digest": "b" * 64}))
    assert submitted(forged).meta.message_id != submitted(a_context()).meta.message_id


def test_an_event_tells_the_message_that_caused_it_and_when() -> None:
    event = submitted(a_context())
    assert event.cause == CAUSE
    assert event.meta.in_reply_to == CAUSE.message_id
    assert event.meta.created_at == MORNING


def test_an_event_names_an_actor_with_a_long_name_as_far_as_it_fits() -> None:
    ctx = a_context().on_behalf_of(replace(OPERATOR, name="长" * 100))
    assert len(submitted(ctx).actor) == 100


def test_today_is_the_date_in_beijing() -> None:
    late = replace(a_context(), now=datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    assert late.today.isoformat() == "2026-11-24"


def test_a_copy_makes_no_moves() -> None:
    class Copy(Model):
        pass

    copies = RecordType("copy", Copy)
    move = BOOKING.move(None, states.SUBMIT, OPERATOR.role)
    with pytest.raises(TypeError, match="no lifecycle"):
        moved(copies, "1", None, move, Copy(), a_context())


def test_a_kind_and_a_timer_have_one_handler() -> None:
    handlers = Handlers()
    handlers.handles(SubmitBooking)(lambda *_: NOTHING)
    handlers.on_timer("bell", on=BOOKINGS)(lambda *_: NOTHING)
    assert handlers.kinds().keys() == {"SubmitBooking"}
    with pytest.raises(ValueError, match="two handlers"):
        handlers.handles(SubmitBooking)(lambda *_: NOTHING)
    with pytest.raises(ValueError, match="two handlers"):
        handlers.on_timer("bell", on=BOOKINGS)(lambda *_: NOTHING)


def test_decisions_add_up() -> None:
    ref = BOOKINGS.ref(NUMBER)
    record = BOOKINGS.first(NUMBER, owner=USCC, body=BODY)
    both = NOTHING.save(record) + NOTHING.forward("a").at(ref, "bell", None)
    assert (both.saves, len(both.sends), len(both.timers)) == ((record,), 1, 1)


def test_a_status_record_tells_the_sentence_and_what_the_partner_said() -> None:
    assert told("拒保", "超限", None) == "拒保：超限"
    assert told("拒保", None) == "拒保"
