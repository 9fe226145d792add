"""From events to rows and lists: pure, and whole."""

from uuid import uuid4

from libs.messages.base import Message
from services.history.columns import COLUMNS, row_of
from services.history.rows import rows_of
from services.history.store import Found
from tests.support.events import (
    MORNING,
    a_booking_story,
    a_policy,
    a_proposal_story,
    a_rejection,
    with_kinds,
)


def moves(events: list[Message]) -> list[dict[str, object]]:
    return rows_of(with_kinds(events)).moves


def test_a_move_keeps_who_what_when_and_the_signed_message() -> None:
    story = a_booking_story("YY1")
    row = moves([*story])[1]
    cause = story[1].cause
    assert (row["kind"], row["id"], row["sequence"]) == ("booking", "YY1", 2)
    assert (row["from_status"], row["status"], row["role"]) == ("10", "12", "insurer")
    assert (row["cause_id"], row["cause_digest"]) == (cause.message_id, cause.digest)
    assert (row["form"], row["parts"]) == (None, {"facts": {"insurer": "PICC"}})


def test_every_part_of_an_event_besides_its_form_is_kept() -> None:
    payment = [row for row in moves([*a_proposal_story("TB1")]) if row["kind"] == "payment"]
    assert all(set(row["parts"]) == {"facts", "proposals"} for row in payment)  # type: ignore[call-overload]  # a dict


def test_of_two_events_with_one_place_the_first_counts() -> None:
    first, other = a_booking_story("YY1")[0], a_booking_story("YY1")[0]
    rows = moves([first, other, first])
    assert [row["event_id"] for row in rows] == [first.meta.message_id]


def test_a_rejection_names_the_kind_of_document() -> None:
    rows = rows_of(with_kinds([a_rejection(uuid4(), "TB1")]))
    assert rows.rejections[0]["kind"] == "cargo-proposal"
    assert rows.changes[0]["owner"] == rows.rejections[0]["owner"]


def test_a_list_row_shows_what_its_columns_promise() -> None:
    form = moves([a_policy("P1", "TB1")])[0]["form"]
    assert isinstance(form, dict)
    found = Found("cargo-policy", "PICC.P1", 1, "50", "保单生效", MORNING, MORNING, form, {})
    row = row_of(found)
    assert {column.key for column in COLUMNS["cargo-policy"]} < row.keys()
    assert (row["policyNo"], row["sumInsured"], row["insurer"]) == ("P1", "110000.00", "PICC")


def test_a_draft_is_listed_with_what_it_has() -> None:
    draft = {"holder": {"insurer": "PICC", "agreementNo": "OC1"}}
    found = Found(
        "cargo-proposal", "TB1", 1, "01", "暂存", MORNING, MORNING, None, {"draft": draft}
    )
    row = row_of(found)
    assert (row["agreementNo"], row["route"], row["premium"]) == ("OC1", None, None)
