"""暂存 and 删除: drafts belong to the company alone."""

from collections.abc import Callable

import pytest

from libs.decisions.checks import HOLDER_DIFFERS, OTHER_COMPANY, UNKNOWN_DOCUMENT
from libs.lifecycle import WRONG_STATE, Rejected
from libs.messages.kinds.proposal import CargoProposalChanged
from libs.messages.samples import OTHER_USCC, a_proposal
from tests.support.office import STRANGER, TODAY
from tests.unit.policy.desk import Desk, a_desk


def test_a_draft_is_kept_and_told_with_what_was_typed() -> None:
    desk = a_desk("01")
    [event] = desk.office.messages(CargoProposalChanged)
    assert event.draft == desk.body.draft
    assert event.form is None
    assert not desk.office.forwarded


def test_a_draft_is_saved_again_and_again() -> None:
    desk = a_desk("01")
    desk.save()
    assert desk.states == ["01", "01"]


def test_a_draft_becomes_a_proposal() -> None:
    desk = a_desk("01")
    desk.submit()
    assert desk.states == ["01", "10", "12"]
    assert desk.body.draft is None
    assert desk.body.form == a_proposal(TODAY)


def test_a_deleted_draft_leaves_nothing_but_its_number() -> None:
    desk = a_desk("02")
    assert desk.body.draft is None
    assert desk.body.form is None
    for again in (desk.save, desk.submit, desk.delete):
        with pytest.raises(Rejected) as no:
            again()
        assert no.value.reason == WRONG_STATE


def test_only_drafts_are_deleted() -> None:
    desk = a_desk("12")
    with pytest.raises(Rejected) as no:
        desk.delete()
    assert no.value.reason == WRONG_STATE


def test_what_is_not_there_is_not_deleted() -> None:
    with pytest.raises(Rejected) as no:
        Desk().delete()
    assert no.value.reason == UNKNOWN_DOCUMENT


def test_another_companys_draft_is_out_of_reach() -> None:
    desk = a_desk("01")
    form = a_proposal(TODAY, name=STRANGER.name, uscc=STRANGER.party)
    touches: tuple[Callable[[], object], ...] = (
        lambda: desk.delete(by=STRANGER),
        lambda: desk.save(form, by=STRANGER),
        lambda: desk.submit(form, by=STRANGER),
    )
    for touch in touches:
        with pytest.raises(Rejected) as no:
            touch()
        assert no.value.reason == OTHER_COMPANY


def test_a_draft_is_in_the_cards_own_name() -> None:
    with pytest.raises(Rejected) as no:
        Desk().save(a_proposal(TODAY, uscc=OTHER_USCC))
    assert no.value.reason == HOLDER_DIFFERS
