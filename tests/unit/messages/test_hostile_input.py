"""Any bytes from outside give an answer with a reason, quickly, never a crash."""

import re
import time
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from libs.messages import numbers
from libs.messages.envelope import Envelope, check, envelope_of
from libs.messages.errors import REASONS, Malformed
from libs.messages.examples import messages
from libs.messages.parsing import parse_json, parse_xml
from libs.messages.partners import JSON, XML
from libs.messages.registry import KINDS, Kind, kind_of, kind_of_type

MEGABYTE = 1024 * 1024
BILLION_LAUGHS = (
    b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;&b;&b;</a>'
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "SYNTAX"),
        (b"<a>", "SYNTAX"),
        (b"hello", "SYNTAX"),
        (b"\x00\xff\xfe", "SYNTAX"),
        ("<a>中</a>".encode("gbk"), "SYNTAX"),
        ("<a/>".encode("utf-16"), "SYNTAX"),
        (b'<?xml version="1.0" encoding="GBK"?><a/>', "SYNTAX"),
        (b"<a><?php echo 1 ?></a>", "SYNTAX"),
        (b"<!DOCTYPE a><a/>", "DTD"),
        (BILLION_LAUGHS, "DTD"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "DTD"),
        (b"<a>" + b"x" * (10 * MEGABYTE) + b"</a>", "TOO_LARGE"),
        (b"<a>" * 10_000 + b"</a>" * 10_000, "TOO_DEEP"),
        (b"<a>" * 101 + b"</a>" * 101, "TOO_DEEP"),
        (b"<a>&undefined;</a>", "SYNTAX"),
        (b'<a b="&xxe;"/>', "SYNTAX"),
        (b"<a/><b/>", "SYNTAX"),
        (b"<a>\x01</a>", "SYNTAX"),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', "SYNTAX"),
        (b"<a>" + b"<b/>" * 20_000 + b"</a>", "TOO_LARGE"),
        (b"<a " + b" ".join(b'a%d=""' % n for n in range(60_000)) + b"/>", "TOO_LARGE"),
    ],
)
def test_hostile_xml(data: bytes, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(Malformed) as caught:
        parse_xml(data)
    assert caught.value.reason == reason
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "SYNTAX"),
        (b"{", "SYNTAX"),
        (b"[]", "SYNTAX"),
        (b'"text"', "SYNTAX"),
        (b'{"a": NaN}', "SYNTAX"),
        ('{"a": "中"}'.encode("gbk"), "SYNTAX"),
        (b"[" * 1_000_000, "TOO_DEEP"),
        (b'{"a":' + b"\\" * 1_000_000, "SYNTAX"),
        (b'"' * 1_000_000, "SYNTAX"),
        (b'{"a": "\\ud800"}', "SYNTAX"),
        (b'{"a": 1, "a": 2}', "SYNTAX"),
        (b'{"a":1,"a":2}', "SYNTAX"),
        (b'{"a":1,"a":1}', "SYNTAX"),
        (b'{"a":1,"b":[{"c":"","c":""}]}', "SYNTAX"),
        (b'{"a":1,"\\u0061":1}', "SYNTAX"),
        (b'\xef\xbb\xbf{"a": 1}', "SYNTAX"),
        (b'{"a":[' + b"1," * 30_000 + b"1]}", "TOO_LARGE"),
        (b'{"a":"' + b"x" * (10 * MEGABYTE) + b'"}', "TOO_LARGE"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "TOO_DEEP"),
        (b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "TOO_DEEP"),
    ],
)
def test_hostile_json(data: bytes, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(Malformed) as caught:
        parse_json(data)
    assert caught.value.reason == reason
    assert time.monotonic() - began < 1


def test_brackets_inside_strings_are_not_depth() -> None:
    assert parse_json(b'{"a": "' + b"[" * 500 + b'\\""}')


def test_commas_inside_strings_are_not_items() -> None:
    assert parse_json(b'{"a": "' + b"," * 30_000 + b'"}')


def test_comments_do_not_cut_a_text() -> None:
    assert parse_xml(b"<a>one<!-- x -->two</a>").text == "onetwo"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"<Other xmlns='urn:tongbao:messages:v1'/>", XML),
        (b'{"kind": "cn.tongbao.Other.v1"}', JSON),
        (b"{}", JSON),
    ],
)
def test_another_kind_is_refused(kind: Kind, data: bytes, content_type: str) -> None:
    with pytest.raises(Malformed) as caught:
        kind.codec.decode(data, content_type)
    assert caught.value.reason == "WRONG_KIND"


def test_unknown_kind_and_version_are_told_apart() -> None:
    with pytest.raises(Malformed, match="UNKNOWN_KIND"):
        kind_of_type("cn.tongbao.Nothing.v1")
    with pytest.raises(Malformed, match=r"UNKNOWN_VERSION.*SubmitBooking\.v1"):
        kind_of_type("cn.tongbao.SubmitBooking.v9")


def test_every_wrong_header_is_named() -> None:
    with pytest.raises(Malformed) as caught:
        Envelope.from_headers([("ce_id", b"x"), ("ce_type", b"y")])
    missing = {error.path for error in caught.value.errors}
    assert missing == {"ce_source", "ce_subject", "ce_time", "content-type"}


@pytest.mark.parametrize(
    "headers",
    [
        [("ce_id", b"not-a-uuid")],
        [("ce_time", b"yesterday")],
        [("ce_time", b"2026-11-23T08:00:00")],
        [("ce_source", b"\xff\xff")],
        [("ce_source", b"a"), ("ce_source", b"b")],
    ],
)
def test_a_bad_header_is_refused(headers: list[tuple[str, bytes]]) -> None:
    good = {
        "ce_id": b"7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "ce_type": b"t",
        "ce_source": b"s",
        "ce_subject": b"d",
        "ce_time": b"2026-11-23T08:00:00Z",
        "content-type": XML.encode(),
    }
    others = [(name, value) for name, value in good.items() if name != headers[0][0]]
    assert Envelope.from_headers(good.items()).source == "s"
    with pytest.raises(Malformed, match="HEADERS"):
        Envelope.from_headers([*others, *headers])


def test_an_envelope_comes_back_from_its_headers() -> None:
    message = next(messages())
    envelope = envelope_of(message, kind_of(type(message)).ce_type, XML)
    full = envelope._replace(correlation_id="c", status="10", signature="a..b", traceparent="t")
    assert Envelope.from_headers(full.to_headers()) == full
    check(full, envelope.type, message)


def test_headers_that_contradict_the_signed_body_are_named() -> None:
    message = next(messages())
    envelope = envelope_of(message, kind_of(type(message)).ce_type, XML)
    other = envelope._replace(id=uuid4(), source="X", subject="Y", time=datetime.now(UTC))
    with pytest.raises(Malformed) as caught:
        check(other, envelope.type, message)
    assert caught.value.reason == "HEADERS"
    wrong = {error.path for error in caught.value.errors}
    assert wrong == {"ce_id", "ce_source", "ce_subject", "ce_time"}
    with pytest.raises(Malformed, match="WRONG_KIND"):
        check(envelope, "cn.tongbao.PayPremium.v1", message)


def test_numbers_are_of_their_prefix_and_day() -> None:
    found = {numbers.new_number(numbers.PROPOSAL, date(2026, 11, 23)) for _ in range(100)}
    assert len(found) == 100
    assert all(re.fullmatch(numbers.pattern("TB"), number) for number in found)
    assert all(number.startswith("TB20261123") for number in found)


def test_every_reason_is_told_in_both_languages() -> None:
    for zh, en in REASONS.values():
        assert zh
        assert en.isascii()
