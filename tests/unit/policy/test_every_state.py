"""Every state of a proposal x every message x every role: exactly the table, nothing else."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from libs.decisions import Actor
from libs.lifecycle import Rejected
from libs.lifecycle.tables import CARGO_PROPOSAL
from libs.messages.kinds.proposal import UnderwritingResult, WithdrawalResult
from libs.messages.parties import Role
from tests.support.office import OPERATOR, PICC
from tests.unit.policy.desk import Desk, a_desk

# 10 and 42 are passed through in one decision: nothing is ever stored in them
PASSED_THROUGH = {"10", "42"}
STATES = [state.code for state in CARGO_PROPOSAL.states if state.code not in PASSED_THROUGH]
Deed = Callable[[Desk, Actor], object]
DEEDS: dict[str, Deed] = {
    "save": lambda desk, by: desk.save(by=by),
    "delete": lambda desk, by: desk.delete(by=by),
    "submit": lambda desk, by: desk.submit(by=by),
    "withdraw": lambda desk, by: desk.withdraw(by=by),
}


def act(desk: Desk, deed: str, by: Actor) -> str | None:
    """The state after the deed; None when it was refused."""
    try:
        DEEDS[deed](desk, by)
    except Rejected:
        return None
    return desk.proposal


# the manual's tips, as literally as they stand there
ALLOWED = {
    "save": {"01": "01"},
    "delete": {"01": "02"},
    "submit": {"01": "12", "11": "12", "23": "12"},
    "withdraw": {"12": "40", "20": "40", "21": "40", "22": "40"},
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("status", STATES)
def test_an_operator_may_do_what_the_manual_says(status: str, deed: str) -> None:
    assert act(a_desk(status), deed, OPERATOR) == ALLOWED[deed].get(status)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("status", STATES)
def test_nobody_else_does_what_operators_do(status: str, deed: str, role: Role) -> None:
    assert act(a_desk(status), deed, replace(OPERATOR, role=role)) is None


SAME = "no news"
ANSWERS = {
    UnderwritingResult.DATA_REJECTED: {"12": "11", "20": "11", "40": "40", "11": SAME},
    UnderwritingResult.DATA_ACCEPTED: {"12": SAME, "40": SAME},
    UnderwritingResult.PENDING: {"12": "20", "20": SAME, "40": "40"},
    UnderwritingResult.MANUAL_REVIEW: {
        "12": "21",
        "20": "21",
        "22": "21",
        "21": SAME,
        "40": "40",
    },
    UnderwritingResult.NOT_PASSED: {"12": "22", "20": "22", "21": "22", "22": SAME, "40": "40"},
    UnderwritingResult.REFUSED: {
        **dict.fromkeys(("12", "20", "21", "22"), "23"),
        "23": SAME,
        "40": "40",
    },
    UnderwritingResult.APPROVED: {
        **dict.fromkeys(("12", "20", "21", "22"), "24"),
        "24": SAME,
        "40": "40",
    },
}


@pytest.mark.parametrize("result", UnderwritingResult)
@pytest.mark.parametrize("status", STATES)
def test_an_insurers_answer_counts_where_the_table_says(
    status: str, result: UnderwritingResult
) -> None:
    desk = a_desk(status)
    try:
        changed = desk.answer(result)
    except Rejected:
        assert status not in ANSWERS[result]
        assert desk.proposal == status
    else:
        assert ANSWERS[result][status] == (desk.proposal if changed else SAME)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.INSURER])
@pytest.mark.parametrize("status", ["12", "20", "40"])
def test_nobody_else_answers_for_the_insurer(status: str, role: Role) -> None:
    desk = a_desk(status)
    with pytest.raises(Rejected):
        desk.answer(UnderwritingResult.REFUSED, by=replace(PICC, role=role))


@pytest.mark.parametrize("result", WithdrawalResult)
@pytest.mark.parametrize("status", [status for status in STATES if status not in {"40", "41"}])
def test_withdrawals_are_answered_only_when_asked_for(
    status: str, result: WithdrawalResult
) -> None:
    desk = a_desk(status)
    with pytest.raises(Rejected):
        desk.answer_withdrawal(result)
    assert desk.proposal == status
