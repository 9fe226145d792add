"""What booking stores: bookings (货运险预约) and cargo agreements (货运险协议)."""

from libs.decisions import RecordType
from libs.lifecycle.tables import BOOKING, CARGO_AGREEMENT
from libs.messages.base import Model
from libs.messages.kinds.agreement import CargoAgreementChanged, CargoAgreementForm
from libs.messages.kinds.booking import BookingChanged, BookingFacts, BookingForm


class BookingBody(Model):
    """A booking: the form as the company last signed it, and who has it."""

    form: BookingForm
    facts: BookingFacts


class AgreementBody(Model):
    """A cargo agreement: as the insurer last pushed it."""

    form: CargoAgreementForm


BOOKINGS = RecordType("booking", BookingBody, BOOKING, BookingChanged)
AGREEMENTS = RecordType("cargo-agreement", AgreementBody, CARGO_AGREEMENT, CargoAgreementChanged)

RECORDS = (BOOKINGS, AGREEMENTS)
