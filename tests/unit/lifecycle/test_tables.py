"""The tables against the notes and the manual, told a second time and independently."""

from itertools import product

import pytest

from libs.lifecycle import WRONG_ROLE, WRONG_STATE, Lifecycle, Rejected
from libs.lifecycle.tables import LIFECYCLES
from libs.messages.parties import Role
from libs.messages.registry import KINDS

# domain notes 4.1, 4.2, 4.3, 4.8, 4.9: every state, by code and Chinese name
STATES = {
    "booking": "10 已发送 11 接收失败 12 保险公司已接收 20 预约成功 21 预约失败",
    "cargo-agreement": "0 未生效 1 有效 2 无效",
    "cargo-proposal": (
        "01 暂存 02 已删除 10 已提交/数据审核中 11 数据审核失败 12 数据审核成功 20 待核保 "
        "21 转人工复核 22 核保未通过 23 拒保 24 已出单未缴费 30 支付中 31 支付成功 32 支付失败 "
        "40 撤销申请中 41 已撤销 42 撤销失败 50 保单生效"
    ),
    "cargo-policy": "50 保单生效",
    "debit-agreement": (
        "10 签约请求发送成功 11 发送失败 12 银行已接收 13 接收失败 14 保险公司确认中 20 签约成功 "
        "21 签约失败 30 解约中 31 已解约 32 已过期/暂停"
    ),
    "payment": "30 待支付 31 支付中 32 支付成功 33 支付失败 34 结果未知 35 已退款",
}

# from state (∅: new): every state it may lead to
NEXT = {
    "booking": {"∅": "10", "10": "11 12 20 21", "11": "10 12 20 21", "12": "20 21"},
    "cargo-agreement": {"∅": "0 1 2", "0": "0 1 2", "1": "0 1 2", "2": "0 1 2"},
    "cargo-proposal": {
        "∅": "01 10",
        "01": "01 02 10",
        "10": "11 12",
        "11": "10",
        "12": "11 20 21 22 23 24 40",
        "20": "11 21 22 23 24 40",
        "21": "22 23 24 40",
        "22": "21 23 24 40",
        "23": "10",
        "24": "30",
        "30": "31 32",
        "31": "50",
        "32": "30",
        "40": "40 41 42",
        "42": "11 12 20 21 22 23 24",
    },
    "cargo-policy": {"∅": "50"},
    "debit-agreement": {
        "∅": "10",
        "10": "11 12 13 20 21",
        "11": "10 12 13 20 21",
        "12": "20 21",
        "13": "10",
        "20": "30 32",
        "21": "10",
        "30": "20 31",
    },
    "payment": {"∅": "30", "30": "31 32 33 34", "31": "31 32 33 34", "34": "31 32 33 34"},
}

# what the manual lets companies do (5.2.2 查看明细 aside): state -> buttons
OPERATOR_BUTTONS = {
    "booking": {"∅": "预约", "11": "重新发送"},
    "cargo-agreement": {},
    "cargo-proposal": {
        "∅": "暂存 提交",
        "01": "暂存 删除 修改",
        "11": "修改",
        "23": "修改",
        "12": "撤销",
        "20": "撤销",
        "21": "撤销",
        "22": "撤销",
        "24": "在线支付",
        "32": "重新支付",
    },
    "cargo-policy": {},
    "debit-agreement": {},
    "payment": {"∅": "在线支付"},
}
LEGAL_PERSON_BUTTONS = {
    "debit-agreement": {
        "∅": "协议签署",
        "11": "重新签署",
        "13": "重新签署",
        "21": "重新签署",
        "20": "解约",
    }
}

every_table = pytest.mark.parametrize("table", LIFECYCLES.values(), ids=LIFECYCLES)


def codes(table: Lifecycle) -> list[str | None]:
    return [None, *(state.code for state in table.states)]


def sign(code: str | None) -> str:
    return code or "∅"


@every_table
def test_all_states_of_the_notes_are_there_and_no_other(table: Lifecycle) -> None:
    assert " ".join(f"{state.code} {state.zh}" for state in table.states) == STATES[table.document]


@every_table
def test_states_lead_where_the_notes_say(table: Lifecycle) -> None:
    led: dict[str, set[str]] = {}
    for row in table.transitions:
        led.setdefault(row.frm.code if row.frm else "∅", set()).add(row.to.code)
    assert {frm: " ".join(sorted(to)) for frm, to in led.items()} == NEXT[table.document]


@every_table
def test_final_states_are_those_that_lead_nowhere(table: Lifecycle) -> None:
    moving = {row.frm.code for row in table.transitions if row.frm}
    waiting = {"cargo-policy": {"50"}, "payment": {"32"}, "debit-agreement": {"14"}}
    for state in table.states:
        stuck = state.code in waiting.get(table.document, set())
        assert state.final or stuck or state.code in moving
        assert not (state.final and state.code in moving)


@every_table
def test_operators_have_the_buttons_of_the_manual(table: Lifecycle) -> None:
    assert buttons(table, Role.OPERATOR) == OPERATOR_BUTTONS[table.document]


@every_table
def test_legal_persons_sign_agreements_and_nothing_else(table: Lifecycle) -> None:
    assert buttons(table, Role.LEGAL_PERSON) == LEGAL_PERSON_BUTTONS.get(table.document, {})


def buttons(table: Lifecycle, by: Role) -> dict[str, str]:
    found = {
        sign(code): " ".join(dict.fromkeys(action.zh for action in table.actions(code, by)))
        for code in codes(table)
    }
    return {code: names for code, names in found.items() if names}


@every_table
def test_every_state_action_and_role_is_allowed_exactly_as_the_table_says(
    table: Lifecycle,
) -> None:
    actions = list(dict.fromkeys(row.action for row in table.transitions))
    targets = (None, *table.states)
    for code, action, by, to in product(codes(table), actions, Role, targets):
        rows = [
            row
            for row in table.transitions
            if (row.frm.code if row.frm else None) == code
            and row.action == action
            and to in (None, row.to)
        ]
        allowed = [row for row in rows if by in row.who]
        if allowed:
            move = table.move(code, action, by, to=to)
            assert (move.to, move.sentence) == (allowed[0].to, allowed[0].sentence)
            continue
        with pytest.raises(Rejected) as no:
            table.move(code, action, by, to=to)
        assert no.value.reason == (WRONG_ROLE if rows else WRONG_STATE)
        assert action.zh in no.value.text()


@every_table
def test_an_action_of_one_role_leads_to_one_state_unless_the_caller_says_which(
    table: Lifecycle,
) -> None:
    told_by_caller = {"push", "restore"}  # the pushed agreement's dates; the state before
    seen: dict[tuple[str | None, str, Role], str] = {}
    for row in table.transitions:
        if row.action.name in told_by_caller:
            continue
        for role in row.who:
            key = (row.frm.code if row.frm else None, row.action.name, role)
            assert key not in seen, f"two rows for {key}"
            seen[key] = row.to.code


@every_table
def test_every_row_has_a_kind_that_exists_and_a_sentence(table: Lifecycle) -> None:
    kinds = {kind.name: kind for kind in KINDS.values()}
    for row in table.transitions:
        assert row.sentence
        assert row.who
        if row.kind:
            signers = kinds[row.kind].signed_by
            # banks speak through the gateway; the window acts on what others signed
            assert row.who & (signers | {Role.SERVICE, Role.BANK})
        else:
            assert row.who == {Role.SERVICE}, "only the clock needs no message"


@every_table
def test_every_state_can_be_reached(table: Lifecycle) -> None:
    no_message_yet = {"debit-agreement": {"14"}, "payment": {"35"}}
    reached: set[str] = set()
    for _ in table.states:
        reached |= {
            row.to.code for row in table.transitions if not row.frm or row.frm.code in reached
        }
    expected = {state.code for state in table.states}
    assert reached == expected - no_message_yet.get(table.document, set())


@every_table
def test_the_diagram_names_every_state_and_move(table: Lifecycle) -> None:
    diagram = table.mermaid()
    assert all(f"s{state.code}: {state.code} {state.zh}" in diagram for state in table.states)
    assert diagram.count("-->") == len(table.transitions) + sum(s.final for s in table.states)


def test_a_refusal_says_what_is_possible_for_the_one_who_asked() -> None:
    table = LIFECYCLES["cargo-proposal"]
    amend = next(row.action for row in table.transitions if row.action.name == "amend")
    with pytest.raises(Rejected) as no:
        table.move("20", amend, Role.OPERATOR)
    assert no.value.text() == (
        "货运险投保单当前状态为“待核保”，不能进行“修改”操作；可进行的操作：撤销"
    )
