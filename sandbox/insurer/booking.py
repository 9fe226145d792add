"""What the insurer says to a booking."""

from libs.messages.kinds.agreement import CargoAgreementForm, PushCargoAgreement
from libs.messages.kinds.booking import BookingReceipt, BookingResult
from sandbox.insurer.answers import Answer


def book(agreement: CargoAgreementForm, *, refuse: bool) -> list[Answer]:
    """Received, accepted, and the agreement; or received and declined."""
    received = Answer(BookingReceipt, {"result": BookingResult.RECEIVED})
    if refuse:
        declined = {
            "result": BookingResult.DECLINED,
            "reason_code": "APPETITE",
            "reason_text": "该业务暂不在我司承保范围内",
        }
        return [received, Answer(BookingReceipt, declined)]
    accepted = Answer(BookingReceipt, {"result": BookingResult.ACCEPTED})
    push = Answer(PushCargoAgreement, {"agreement": agreement}, document_id=agreement.document_id)
    return [received, accepted, push]
