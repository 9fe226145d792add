"""The open cover that the sandbox insurer offers to whoever books."""

from datetime import date, timedelta
from decimal import Decimal

from libs.messages.codes import tables
from libs.messages.kinds.agreement import (
    AgreementCover,
    AgreementGoods,
    AgreementHeader,
    CargoAgreementForm,
)
from libs.messages.kinds.booking import BookingForm

LIMIT = Decimal("3000000.00")
DAYS = 365
NOT_TAKEN = frozenset({"I", "XVII", "XIX", "XXI"})  # live animals, vehicles, arms, works of art

_CIC, _ICC = "CIC 2009", "ICC 2009"
_MAIN = {
    "CIC-AR": (_CIC, "0.5"),
    "CIC-WPA": (_CIC, "0.4"),
    "CIC-FPA": (_CIC, "0.3"),
    "ICC-A": (_ICC, "0.5"),
    "ICC-B": (_ICC, "0.4"),
    "ICC-C": (_ICC, "0.3"),
}
_ADDED = {
    "WAR": "0.1",
    "STRIKE": "0",
    **dict.fromkeys(tables.GENERAL_COVERS, "0.05"),
}


def agreement_no(booking_id: str) -> str:
    """The number of the agreement that a booking leads to: always the same."""
    return f"OC{booking_id[-10:]}"


def offer(booking: BookingForm, booking_id: str, insurer: str, today: date) -> CargoAgreementForm:
    """The agreement for a booking, in force for a year from today."""
    return CargoAgreementForm(
        header=_header(booking, agreement_no(booking_id), insurer, today),
        covers=_covers(),
        goods=tuple(_goods(section) for section in tables.HS_SECTION.rows),
    )


def _header(booking: BookingForm, number: str, insurer: str, today: date) -> AgreementHeader:
    return AgreementHeader(
        agreement_no=number,
        insurer=insurer,
        holder=booking.ent_name,
        holder_uscc=booking.uscc,
        insured=(booking.ent_name,),
        product_code="IMPORT" if booking.ie_type == "I" else "EXPORT",
        effective_from=today,
        effective_to=today + timedelta(days=DAYS - 1),
        status="1",
        transport_modes=tuple(tables.TRANSPORT.rows),
        limit_per_conveyance=LIMIT,
        annual_limit=Decimal("200000000.00"),
        markup_default=Decimal(10),
        markup_max=Decimal(30),
        min_premium=Decimal("3.00"),
        currency="CNY",
        territory="中国至世界各地",
        declare_before="起运前",
        cancellation_days=30,
        settlement="SINGLE",
    )


def _covers() -> tuple[AgreementCover, ...]:
    main = (
        AgreementCover(code=code, main=True, clause=clause, base_rate=Decimal(rate))
        for code, (clause, rate) in _MAIN.items()
    )
    added = (
        AgreementCover(code=code, main=False, clause=_CIC, base_rate=Decimal(rate))
        for code, rate in _ADDED.items()
    )
    return (*main, *added)


def _goods(section: str) -> AgreementGoods:
    return AgreementGoods(
        section=section,
        condition="NEW",
        rate_min=Decimal("0.3"),
        rate_max=Decimal("1.0"),
        covered=section not in NOT_TAKEN,
    )
