"""What booking decides, one function a message kind."""

from libs.decisions import NOTHING, Context, Decision, Handlers, Record, moved
from libs.decisions.checks import (
    company_is,
    known,
    own_number,
    partner_is,
    short_code,
    status_of,
    told,
    window,
)
from libs.lifecycle import Action, Rejected, State
from libs.lifecycle.tables import BOOKING, CARGO_AGREEMENT
from libs.lifecycle.tables import booking as states
from libs.lifecycle.tables import cargo_agreement as agreement_states
from libs.messages import numbers
from libs.messages.kinds.agreement import PushCargoAgreement
from libs.messages.kinds.booking import BookingFacts, BookingReceipt, BookingResult, SubmitBooking
from libs.messages.partners import partner_topic
from services.booking import reasons, rules
from services.booking.documents import AGREEMENTS, BOOKINGS, AgreementBody, BookingBody

HANDLERS = Handlers()

UNANSWERED = "unanswered"
CALENDAR = "calendar"

ANSWERS: dict[BookingResult, tuple[Action, State]] = {
    BookingResult.RECEIVED: (states.RECEIVE, states.RECEIVED),
    BookingResult.ACCEPTED: (states.ACCEPT, states.ACCEPTED),
    BookingResult.DECLINED: (states.DECLINE, states.DECLINED),
}


@HANDLERS.handles(SubmitBooking, on=BOOKINGS)
def submit(booking: Record[BookingBody] | None, command: SubmitBooking, ctx: Context) -> Decision:
    """Take a company's booking to the insurer; the same number after 接收失败 sends it again."""
    number, form = command.meta.document_id, command.form
    own_number(booking, number, numbers.BOOKING, ctx)
    company_is(ctx, form.ent_name, form.uscc)
    action = states.RESEND if booking else states.SUBMIT
    move = BOOKING.move(status_of(booking), action, ctx.actor.role)
    if booking and booking.body.facts.insurer != form.insurer_id:
        raise Rejected(reasons.INSURER_CHANGED, right=booking.body.facts.insurer)
    body = BookingBody(form=form, facts=BookingFacts(insurer=form.insurer_id))
    sent, decision = moved(BOOKINGS, number, booking, move, body, ctx, owner=ctx.actor.party)
    return decision.forward(partner_topic(form.insurer_id, "requests")).after(
        sent.ref, UNANSWERED, rules.RECEIPT_WAIT
    )


@HANDLERS.handles(BookingReceipt, on=BOOKINGS)
def answer(booking: Record[BookingBody] | None, receipt: BookingReceipt, ctx: Context) -> Decision:
    """Note what the insurer says of a booking."""
    found = known(booking, receipt.meta.document_id)
    partner_is(ctx, found.body.facts.insurer)
    action, to = ANSWERS[receipt.result]
    if found.status == to.code:
        return NOTHING
    move = BOOKING.move(found.status, action, ctx.actor.role, to=to)
    after, decision = moved(
        BOOKINGS,
        found.ref.id,
        found,
        move,
        found.body,
        ctx,
        reason_code=short_code(receipt.reason_code),
        note=told(move.sentence, receipt.reason_text),
    )
    return decision.at(after.ref, UNANSWERED, None)


@HANDLERS.on_timer(UNANSWERED, on=BOOKINGS)
def give_up(booking: Record[BookingBody], _: None, ctx: Context) -> Decision:
    """The insurer did not take the booking in time: the company may send it again."""
    if booking.status != states.SENT.code:
        return NOTHING
    ctx = window(ctx)
    move = BOOKING.move(booking.status, states.GIVE_UP, ctx.actor.role)
    return moved(BOOKINGS, booking.ref.id, booking, move, booking.body, ctx)[1]


@HANDLERS.handles(PushCargoAgreement, on=AGREEMENTS)
def push(
    agreement: Record[AgreementBody] | None, command: PushCargoAgreement, ctx: Context
) -> Decision:
    """Take in an agreement, or what the insurer changed of it."""
    number, form = command.meta.document_id, command.agreement
    partner_is(ctx, form.header.insurer)
    if number != form.document_id:
        raise Rejected(reasons.WRONG_AGREEMENT_ID, right=form.document_id, wrong=number)
    if agreement and agreement.owner != form.header.holder_uscc:
        raise Rejected(reasons.HOLDER_CHANGED, id=number)
    if agreement and agreement.body.form == form:
        return NOTHING
    move = CARGO_AGREEMENT.move(
        status_of(agreement),
        agreement_states.PUSH,
        ctx.actor.role,
        to=rules.state_on(ctx.today, form.header),
    )
    after, decision = moved(
        AGREEMENTS,
        number,
        agreement,
        move,
        AgreementBody(form=form),
        ctx,
        owner=form.header.holder_uscc,
    )
    return decision.at(after.ref, CALENDAR, rules.next_turn(ctx.today, form.header))


@HANDLERS.on_timer(CALENDAR, on=AGREEMENTS)
def turn(agreement: Record[AgreementBody], _: None, ctx: Context) -> Decision:
    """Midnight in Beijing: an agreement takes effect or expires."""
    ctx, header = window(ctx), agreement.body.form.header
    to = rules.state_on(ctx.today, header)
    decision = NOTHING
    if to.code != agreement.status:
        expired = to == agreement_states.ENDED
        action = agreement_states.EXPIRE if expired else agreement_states.TAKE_EFFECT
        move = CARGO_AGREEMENT.move(agreement.status, action, ctx.actor.role, to=to)
        decision = moved(AGREEMENTS, agreement.ref.id, agreement, move, agreement.body, ctx)[1]
    return decision.at(agreement.ref, CALENDAR, rules.next_turn(ctx.today, header))
