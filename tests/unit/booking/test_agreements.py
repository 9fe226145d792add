"""货运险协议: what an insurer pushes, and what the calendar makes of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from libs.decisions.checks import WRONG_PARTNER
from libs.lifecycle import Rejected
from libs.messages.kinds.agreement import CargoAgreementChanged, CargoAgreementForm
from libs.messages.samples import OTHER_USCC, USCC
from services.booking import reasons, rules
from services.booking.documents import AGREEMENTS
from services.booking.handlers import CALENDAR
from tests.support.office import CPIC, TODAY
from tests.unit.booking.desk import AGREEMENT, Desk, a_cover

DAY = timedelta(days=1)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_pushed_agreement_is_its_holders(desk: Desk) -> None:
    desk.push(a_cover())
    [event] = desk.office.messages(CargoAgreementChanged)
    assert (event.owner, event.status, event.status_name) == (USCC, "1", "有效")
    assert event.form == a_cover()


@pytest.mark.parametrize(
    ("cover", "state"),
    [
        (a_cover(TODAY), "1"),
        (a_cover(TODAY, last=TODAY), "1"),
        (a_cover(TODAY + DAY), "0"),
        (a_cover(TODAY - 30 * DAY, last=TODAY - DAY), "2"),
        (a_cover(TODAY, status="2"), "2"),
        (a_cover(TODAY, status="0"), "1"),  # dates decide unless the insurer ended it
    ],
)
def test_dates_and_the_insurers_word_make_the_state(
    desk: Desk, cover: CargoAgreementForm, state: str
) -> None:
    desk.push(cover)
    assert desk.agreement == state


def test_the_calendar_brings_an_agreement_into_force_and_ends_it(desk: Desk) -> None:
    desk.push(a_cover(TODAY + DAY, last=TODAY + 2 * DAY))
    key = AGREEMENTS.ref(AGREEMENT), CALENDAR
    # midnight in Beijing is four in the afternoon before, in UTC
    assert desk.office.timers[key] == datetime(2026, 11, 23, 16, tzinfo=UTC)
    desk.office.ring(AGREEMENTS, AGREEMENT, CALENDAR)
    assert desk.agreement == "1"
    assert desk.office.timers[key] == datetime(2026, 11, 25, 16, tzinfo=UTC)
    desk.office.ring(AGREEMENTS, AGREEMENT, CALENDAR)
    assert desk.agreement == "2"
    assert key not in desk.office.timers
    assert desk.office.history(AGREEMENT) == ["0", "1", "2"]


def test_a_calendar_that_was_asleep_ends_an_agreement_at_once(desk: Desk) -> None:
    desk.push(a_cover(TODAY + DAY, last=TODAY + 2 * DAY))
    desk.office.later(days=10)
    desk.office.ring(AGREEMENTS, AGREEMENT, CALENDAR)
    assert desk.agreement == "2"


def test_a_push_again_is_an_update(desk: Desk) -> None:
    desk.push(a_cover())
    longer = a_cover(TODAY, last=TODAY + 800 * DAY)
    assert desk.push(longer)
    assert desk.office.told(AGREEMENT).sequence == 2
    assert desk.office.body(AGREEMENTS, AGREEMENT).form == longer


def test_the_same_push_again_is_no_news(desk: Desk) -> None:
    desk.push(a_cover())
    assert not desk.push(a_cover())


def test_an_insurer_may_end_and_revive_an_agreement(desk: Desk) -> None:
    for status in ("1", "2", "1"):
        desk.push(a_cover(status=status))
    assert desk.office.history(AGREEMENT) == ["1", "2", "1"]


def test_an_ended_agreement_needs_no_calendar(desk: Desk) -> None:
    desk.push(a_cover())
    assert desk.office.timers
    desk.push(a_cover(status="2"))
    assert not desk.office.timers


def test_an_insurer_pushes_only_its_own_agreements(desk: Desk) -> None:
    with pytest.raises(Rejected) as no:
        desk.push(a_cover(), by=CPIC)
    assert no.value.reason == WRONG_PARTNER


def test_the_document_id_must_be_that_of_the_agreement(desk: Desk) -> None:
    with pytest.raises(Rejected) as no:
        desk.push(a_cover(), id="PICC.OTHER")
    assert no.value.reason == reasons.WRONG_AGREEMENT_ID


def test_an_agreement_keeps_its_holder(desk: Desk) -> None:
    desk.push(a_cover())
    with pytest.raises(Rejected) as no:
        desk.push(a_cover(uscc=OTHER_USCC))
    assert no.value.reason == reasons.HOLDER_CHANGED


def test_an_agreement_without_end_has_no_next_turn() -> None:
    header = a_cover(last=date.max).header
    assert rules.next_turn(TODAY, header) is None
