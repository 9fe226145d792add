"""A published kind changes only by a new version: the check sees each change that breaks it."""

from copy import deepcopy
from typing import Any

import pytest

from libs.messages.__main__ import breaks, main
from libs.messages.compat import breaking_changes
from libs.messages.generated import json_schema
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.registry import KINDS, Kind, kind_of


def _of_proposal() -> dict[str, Any]:
    return json_schema(kind_of(SubmitCargoProposal))


def _drop(schema: dict[str, Any]) -> None:
    schema["$defs"]["GoodsPart"]["properties"].pop("marks")


def _require(schema: dict[str, Any]) -> None:
    schema["$defs"]["HolderPart"]["required"].append("email")


def _narrow(schema: dict[str, Any]) -> None:
    schema["$defs"]["GoodsPart"]["properties"]["description"]["maxLength"] = 20


def _fewer(schema: dict[str, Any]) -> None:
    schema["$defs"]["GoodsPart"]["properties"]["section"]["enum"].pop()


def _retype(schema: dict[str, Any]) -> None:
    schema["$defs"]["TransportPart"]["properties"]["departDate"]["format"] = "date-time"


def _rename(schema: dict[str, Any]) -> None:
    fields = schema["$defs"]["GoodsPart"]["properties"]
    fields["mark"] = fields.pop("marks")


def _reorder(schema: dict[str, Any]) -> None:
    fields = schema["$defs"]["GoodsPart"]["properties"]
    fields["section"] = fields.pop("section")


def _forbid_absence(schema: dict[str, Any]) -> None:
    fields = schema["$defs"]["TransportPart"]["properties"]
    fields["viaDesc"] = {**fields["viaDesc"]["anyOf"][0], "title": "x"}


def _fewer_rows(schema: dict[str, Any]) -> None:
    schema["$defs"]["CargoProposalForm"]["properties"]["attachments"]["maxItems"] = 5


def _fewer_digits(schema: dict[str, Any]) -> None:
    schema["$defs"]["InsurancePart"]["properties"]["rate"]["x-digits"] = [6, 4]


def _nothing(schema: dict[str, Any]) -> None:
    schema["$defs"]["InsurancePart"]["properties"]["premium"]["x-positive"] = True


def _new_required(schema: dict[str, Any]) -> None:
    part = schema["$defs"]["GoodsPart"]
    part["properties"]["colour"] = {"type": "string", "title": "颜色"}
    part["required"].append("colour")


BREAKING = [
    _drop,
    _rename,
    _reorder,
    _require,
    _new_required,
    _forbid_absence,
    _narrow,
    _fewer,
    _fewer_rows,
    _fewer_digits,
    _nothing,
    _retype,
]


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_seen(change: Any) -> None:
    present = deepcopy(_of_proposal())
    change(present)
    assert breaking_changes(_of_proposal(), present)


@pytest.mark.parametrize("change", BREAKING)
def test_generate_refuses_to_overwrite_what_was_published(
    change: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def changed(kind: Kind) -> dict[str, Any]:
        schema = json_schema(kind)
        if kind.model is SubmitCargoProposal:
            change(schema)
        return schema

    monkeypatch.setattr("libs.messages.__main__.json_schema", changed)
    assert main(["generate"]) == 1
    assert "SubmitCargoProposal.v1" in capsys.readouterr().err


def test_a_removed_kind_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    fewer = {key: kind for key, kind in KINDS.items() if kind.model is not SubmitCargoProposal}
    monkeypatch.setattr("libs.messages.generated.KINDS", fewer)
    assert "SubmitCargoProposal.v1.json: the kind was removed" in breaks()


def test_wrong_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_a_new_optional_field_breaks_nobody() -> None:
    present = deepcopy(_of_proposal())
    present["$defs"]["GoodsPart"]["properties"]["colour"] = {"type": "string", "title": "颜色"}
    assert breaking_changes(_of_proposal(), present) == []
