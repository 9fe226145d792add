"""Logs: one JSON object a line, nothing personal in it."""

import io

import orjson
import pytest

from libs.service.logs import make_logger, masked, where


def line(**fields: object) -> dict[str, object]:
    stream = io.StringIO()
    make_logger("policy", stream=stream).info("message", **fields)
    value: dict[str, object] = orjson.loads(stream.getvalue())
    return value


def test_a_line_is_json_with_service_level_and_time() -> None:
    told = line(message_id="adb1266c-b5d2-4f8b-a941-ce9aa5391ebe", offset=7)
    assert told["service"] == "policy"
    assert told["event"] == "message"
    assert told["level"] == "info"
    assert str(told["timestamp"]).endswith("Z")
    assert told["offset"] == 7


@pytest.mark.parametrize(
    "text",
    [
        "li.xiaoming@example.com",
        "13800138000",
        "+86 138 0013 8000",
        "021-58881234",
        "6222021001116245702",
        "6222 0210 0111 6245 702",
        "11010519491231002X",
    ],
)
def test_personal_values_are_masked_wherever_they_stand(text: str) -> None:
    assert text not in str(line(error=f"值 {text} 有误", nested={"list": [text]}))


@pytest.mark.parametrize("key", ["contact_name", "holder", "phone", "account", "card", "password"])
def test_personal_keys_are_masked_whatever_they_hold(key: str) -> None:
    assert line(**{key: "李晓明"})[key] == "***"


@pytest.mark.parametrize(
    "text", ["TB20261123K7Q2M9XD4P", "adb1266c-b5d2-4f8b-a941-ce9aa5391ebe", "91310115MA1K4ABC05"]
)
def test_numbers_of_documents_messages_and_companies_stay(text: str) -> None:
    assert line(document_id=text)["document_id"] == text
    assert masked(text) == text


def test_a_password_in_an_address_is_masked() -> None:
    assert masked("postgresql://policy:S3cret@127.0.0.1/x") == "postgresql:***127.0.0.1/x"


def test_a_closed_stream_stops_nobody() -> None:
    stream = io.StringIO()
    stream.close()
    make_logger("policy", stream=stream).info("message")


def test_below_the_level_nothing_is_written() -> None:
    stream = io.StringIO()
    make_logger("policy", "warning", stream).info("message")
    assert stream.getvalue() == ""


def test_where_names_places_and_no_values() -> None:
    try:
        int("13800138000x")
    except ValueError as error:
        (place,) = where(error)
    assert "test_logs.py:" in place
