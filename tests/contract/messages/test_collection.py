"""The collection of kinds is whole: nothing undeclared, nothing unused, nothing stale."""

import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
from lxml import etree

from libs.messages.__main__ import breaks, main
from libs.messages.compat import breaking_changes
from libs.messages.generated import EXAMPLES, json_schema, json_schema_path, xsd_path
from libs.messages.kinds.proposal import SubmitCargoProposal
from libs.messages.partners import JSON, PARTNERS, XML
from libs.messages.registry import KINDS, Kind, kind_of
from libs.messages.topics import TOPICS

ALL_KINDS = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


def test_generated_files_are_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0, capsys.readouterr().err


def test_published_kinds_are_not_broken() -> None:
    assert breaks() == []


@ALL_KINDS
def test_a_kind_is_on_a_topic(kind: Kind) -> None:
    assert any(kind.ce_type in topic.kinds for topic in TOPICS.values())


@ALL_KINDS
def test_a_kind_has_examples_that_decode_and_fit_the_schemas(kind: Kind) -> None:
    folder = EXAMPLES / kind.name / f"v{kind.version}"
    xml, text = (folder / "full.xml").read_bytes(), (folder / "full.json").read_bytes()
    assert kind.codec.decode(xml, XML) == kind.codec.decode(text, JSON)
    etree.XMLSchema(etree.parse(xsd_path(kind))).assertValid(etree.fromstring(xml))
    schema = json.loads(json_schema_path(kind).read_bytes())
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))


@ALL_KINDS
def test_every_field_has_a_chinese_title(kind: Kind) -> None:
    schema = json_schema(kind)
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, field in part.get("properties", {}).items():
            if name != "kind":
                title = field.get("title", "")
                assert any("一" <= letter <= "鿿" for letter in title), f"{name}: {title!r}"


def test_no_example_without_a_kind() -> None:
    known = {kind.name for kind in KINDS.values()}
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == known


def test_topics_name_only_known_parties_and_kinds() -> None:
    services = {"booking", "policy", "payment", "gateway", "history", "portal"}
    for topic in TOPICS.values():
        assert {*topic.producers, *topic.consumers, topic.owner} <= services | set(PARTNERS)
        ours = {ce_type for ce_type in topic.kinds if not ce_type.startswith("iso20022.")}
        assert ours <= set(KINDS)
        assert topic.kinds
        assert topic.sentence.endswith(".")


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


@pytest.mark.parametrize("change", [_drop, _require, _narrow, _fewer, _retype])
def test_a_breaking_change_is_seen(change: Any) -> None:
    present = deepcopy(_of_proposal())
    change(present)
    assert breaking_changes(_of_proposal(), present)


def test_a_new_optional_field_breaks_nobody() -> None:
    present = deepcopy(_of_proposal())
    present["$defs"]["GoodsPart"]["properties"]["colour"] = {"type": "string", "title": "颜色"}
    assert breaking_changes(_of_proposal(), present) == []
