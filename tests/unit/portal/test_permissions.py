"""What a card may do is listed; the rest is denied."""

import pytest

from libs.lifecycle.tables import LIFECYCLES
from libs.messages.parties import COMPANY_ROLES, Role
from libs.messages.registry import KINDS, Purpose, kind_of
from services.portal.permissions import COMPANY_FIELDS, READABLE, buttons


def test_the_portal_takes_every_command_of_companies_and_nothing_else() -> None:
    commands = {kind.model for kind in KINDS.values() if kind.purpose is Purpose.COMMAND}
    from_companies = {model for model in commands if kind_of(model).signed_by <= COMPANY_ROLES}
    assert set(COMPANY_FIELDS) == from_companies


@pytest.mark.parametrize("role", sorted(set(Role) - COMPANY_ROLES))
@pytest.mark.parametrize("document", LIFECYCLES)
def test_nobody_but_companies_has_buttons(role: Role, document: str) -> None:
    assert role not in READABLE
    for state in (None, *LIFECYCLES[document].states):
        assert buttons(document, state.code if state else None, role) == []


@pytest.mark.parametrize("document", LIFECYCLES)
def test_the_legal_persons_card_has_buttons_on_debit_agreements_only(document: str) -> None:
    found = [
        button
        for state in (None, *LIFECYCLES[document].states)
        for button in buttons(document, state.code if state else None, Role.LEGAL_PERSON)
    ]
    assert bool(found) == (document == "debit-agreement")


@pytest.mark.parametrize("role", sorted(COMPANY_ROLES))
@pytest.mark.parametrize("document", LIFECYCLES)
def test_each_button_signs_a_kind_that_the_card_may_sign(role: Role, document: str) -> None:
    by_name = {kind.name: kind for kind in KINDS.values()}
    for state in (None, *LIFECYCLES[document].states):
        for button in buttons(document, state.code if state else None, role):
            assert role in by_name[button.kind].signed_by


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (None, ["save", "submit"]),
        ("01", ["save", "delete", "amend"]),
        ("11", ["amend"]),
        ("12", ["withdraw"]),
        ("22", ["withdraw"]),
        ("23", ["amend"]),
        ("24", ["pay"]),
        ("32", ["pay-again"]),
        ("50", []),
    ],
)
def test_a_proposals_buttons_are_those_of_the_manual(status: str | None, names: list[str]) -> None:
    found = buttons("cargo-proposal", status, Role.OPERATOR)
    assert [button.name for button in found] == names


def test_agreements_in_force_open_proposals_and_policies_are_copied() -> None:
    assert [b.label for b in buttons("cargo-agreement", "1", Role.OPERATOR)] == ["投保"]
    assert buttons("cargo-agreement", "2", Role.OPERATOR) == []
    assert [b.label for b in buttons("cargo-policy", "50", Role.OPERATOR)] == ["复制"]
