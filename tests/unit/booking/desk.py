"""Booking, in the words of its tests."""

from datetime import date, timedelta

from libs.decisions import Actor
from libs.messages.kinds.agreement import CargoAgreementForm, PushCargoAgreement
from libs.messages.kinds.booking import BookingForm, BookingReceipt, BookingResult, SubmitBooking
from libs.messages.samples import a_booking, an_agreement
from services.booking.documents import AGREEMENTS, BOOKINGS
from services.booking.handlers import HANDLERS
from tests.support.office import OPERATOR, PICC, TODAY, Office, a_meta

BOOKING = "YY20261123K7Q2M9XD4P"
AGREEMENT = "PICC.OC2026000001"


class Desk:
    """Booking's office with one company and its insurer."""

    def __init__(self) -> None:
        self.office = Office("booking", HANDLERS)

    def submit(
        self, form: BookingForm | None = None, *, by: Actor = OPERATOR, id: str = BOOKING
    ) -> None:
        self.office.take(SubmitBooking(meta=a_meta(id, by), form=form or a_booking()), by)

    def answer(self, result: BookingResult, *, by: Actor = PICC, reason: str | None = None) -> bool:
        """Whether the answer changed anything."""
        receipt = BookingReceipt(
            meta=a_meta(BOOKING, by),
            result=result,
            reason_code="B01" if reason else None,
            reason_text=reason,
        )
        return bool(self.office.take(receipt, by).saves)

    def push(self, form: CargoAgreementForm, *, by: Actor = PICC, id: str = AGREEMENT) -> bool:
        message = PushCargoAgreement(meta=a_meta(id, by), agreement=form)
        return bool(self.office.take(message, by).saves)

    @property
    def booking(self) -> str | None:
        return self.office.status(BOOKINGS, BOOKING)

    @property
    def agreement(self) -> str | None:
        return self.office.status(AGREEMENTS, AGREEMENT)


def a_cover(
    first: date = TODAY, *, last: date | None = None, status: str = "1", uscc: str | None = None
) -> CargoAgreementForm:
    """An agreement for some dates."""
    form = an_agreement(TODAY)
    changes: dict[str, object] = {
        "effective_from": first,
        "effective_to": last or first + timedelta(days=364),
        "status": status,
    }
    if uscc:
        changes["holder_uscc"] = uscc
    return form.model_copy(update={"header": form.header.model_copy(update=changes)})
