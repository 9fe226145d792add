"""decode(encode(x)) = x for every kind, in both formats; and the schemas agree with the codecs."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from libs.messages.base import Message
from libs.messages.errors import Malformed
from libs.messages.examples import messages
from libs.messages.generated import json_schema, xsd_path
from libs.messages.partners import JSON, XML
from libs.messages.registry import KINDS, Kind, kind_of
from tests.property.messages.leaves import leaf_values, leaves, placed

FORMATS = pytest.mark.parametrize("content_type", [XML, JSON])
EXAMPLES = {kind_of(type(message)).name: message for message in messages()}
ALL_KINDS = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
CHANGES_MAX = 5
QUICK = settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@st.composite
def changed(draw: st.DrawFn, kind: Kind) -> Message:
    """The kind's example with some fields changed, as far as its rules allow."""
    message = EXAMPLES[kind.name]
    fields = sorted(leaves(message), key=lambda field: str(field[0]))
    for path, annotation, marks in draw(
        st.lists(st.sampled_from(fields), min_size=1, max_size=CHANGES_MAX, unique_by=str)
    ):
        content = message.model_dump()
        placed(content, path, draw(leaf_values(annotation, marks)))
        try:
            message = kind.model.model_validate(content)
        except ValidationError:
            continue
    assume(message != EXAMPLES[kind.name])
    return message


@ALL_KINDS
@QUICK
@given(data=st.data())
def test_what_is_encoded_decodes_to_the_same(kind: Kind, data: st.DataObject) -> None:
    message = data.draw(changed(kind))
    xml, text = kind.codec.encode(message, XML), kind.codec.encode(message, JSON)
    assert kind.codec.decode(xml, XML) == message
    assert kind.codec.decode(text, JSON) == message
    canonical = etree.tostring(etree.fromstring(xml), method="c14n", exclusive=True)
    assert kind.codec.decode(canonical, XML) == message
    _xml_schema(kind).assertValid(etree.fromstring(xml))
    _json_validator(kind).validate(orjson.loads(text))


def test_there_is_an_example_of_every_kind() -> None:
    assert set(EXAMPLES) == {kind.name for kind in KINDS.values()}


ODD_TEXTS = [
    "",
    " ",
    "0",
    "-0",
    "1",
    "+1",
    "1_0",
    "1e3",
    "1.",
    ".5",
    "007",
    " 1 ",
    "１",
    "1.0",
    "0.001",
    "-1.00",
    "NaN",
    "inf",
    "99999999999999999999",
    "true",
    "TRUE",
    "yes",
    "1700000000",
    "2026-01-02",
    "2026-1-2",
    "2026-02-30",
    "2026-01-02T03:04:05Z",
    "2026-01-02 03:04:05Z",
    "2026-01-02T03:04Z",
    "2026-01-02T03:04:05",
    "2026-01-02T03:04:05.1234567Z",
    "2026-01-02T03:04:05+0800",
    "{7c9e6679-7425-40de-944b-e07fc1f90ae7}",
    "7C9E6679-7425-40DE-944B-E07FC1F90AE7",
    "CNY",
    "中文",
    "\u0085",
    "x" * 3000,
]
ODD_VALUES = [*ODD_TEXTS, None, True, 0, 1, -1, 1.0, 1.5, 10**30, [], ["1"], {}, {"x": "1"}]


@ALL_KINDS
@QUICK
@given(data=st.data(), odd=st.sampled_from(ODD_TEXTS) | st.text(max_size=20))
def test_xml_that_decodes_fits_the_xsd(kind: Kind, data: st.DataObject, odd: str) -> None:
    root = etree.fromstring(kind.codec.encode(EXAMPLES[kind.name], XML))
    leaf = data.draw(st.sampled_from([element for element in root.iter() if not len(element)]))
    try:
        leaf.text = odd
    except ValueError:  # not a text of XML
        return
    _accepted_fits(kind, etree.tostring(root, encoding="UTF-8"), XML)


@ALL_KINDS
@QUICK
@given(data=st.data(), odd=st.sampled_from(ODD_VALUES) | st.text(max_size=20))
def test_json_that_decodes_fits_the_schema(kind: Kind, data: st.DataObject, odd: object) -> None:
    content = orjson.loads(kind.codec.encode(EXAMPLES[kind.name], JSON))
    path = data.draw(st.sampled_from(list(_paths(content))))
    placed(content, path, odd)
    _accepted_fits(kind, json.dumps(content).encode(), JSON)


@FORMATS
@ALL_KINDS
@QUICK
@given(data=st.data())
def test_pieces_of_messages_never_crash(kind: Kind, content_type: str, data: st.DataObject) -> None:
    whole = kind.codec.encode(EXAMPLES[kind.name], content_type)
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    piece = data.draw(st.sampled_from([b"", whole[first:last], b"<", b'"', b"\xff", b"[", b"null"]))
    _accepted_fits(kind, whole[:first] + piece + whole[last:], content_type)


@FORMATS
@ALL_KINDS
@QUICK
@given(data=st.binary(max_size=200))
@example(data=b"\x00")
def test_any_bytes_never_crash(kind: Kind, content_type: str, data: bytes) -> None:
    _accepted_fits(kind, data, content_type)


def _accepted_fits(kind: Kind, data: bytes, content_type: str) -> None:
    """What decodes fits its schema and comes back the same; what does not is told in Chinese."""
    try:
        message = kind.codec.decode(data, content_type)
    except Malformed as refused:
        for error in refused.errors:
            assert "Input should" not in str(error), error
            assert error.problem
        return
    if content_type == XML:
        _xml_schema(kind).assertValid(etree.fromstring(data))
    else:
        _json_validator(kind).validate(orjson.loads(data))
    assert kind.codec.decode(kind.codec.encode(message, XML), XML) == message
    assert kind.codec.decode(kind.codec.encode(message, JSON), JSON) == message


def _paths(content: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if at:
        yield at
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _paths(value, (*at, name))
    if isinstance(content, list):
        for number, value in enumerate(content):
            yield from _paths(value, (*at, number))


@cache
def _xml_schema(kind: Kind) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(xsd_path(kind)))


@cache
def _json_validator(kind: Kind) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(deepcopy(json_schema(kind)))
