"""Pure decisions: how long to wait, and what a date makes of an agreement."""

from datetime import date, datetime, time, timedelta

from libs.decisions import BEIJING
from libs.lifecycle import State
from libs.lifecycle.tables import cargo_agreement as states
from libs.messages.kinds.agreement import AgreementHeader

RECEIPT_WAIT = timedelta(minutes=2)  # then 接收失败; a later answer still counts


def state_on(day: date, header: AgreementHeader) -> State:
    """The state on `day`: the insurer may end an agreement, else its dates decide (domain 4.2)."""
    if header.status == states.ENDED.code or day > header.effective_to:
        return states.ENDED
    return states.NOT_YET if day < header.effective_from else states.IN_FORCE


def next_turn(day: date, header: AgreementHeader) -> datetime | None:
    """The next midnight in Beijing at which the state changes by itself; None: never."""
    now = state_on(day, header)
    if now == states.NOT_YET:
        return _midnight(header.effective_from)
    if now == states.ENDED or header.effective_to == date.max:
        return None
    return _midnight(header.effective_to + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)
