"""AsyncAPI 3 of all topics, from the topic table and the kinds."""

from typing import Any

from libs.messages.partners import JSON, PARTNERS, XML
from libs.messages.registry import KINDS, PREFIX
from libs.messages.topics import TOPICS, Topic

Schema = dict[str, Any]

SCHEMAS = "#/components/schemas/"
_OUTER = ("$schema", "$id", "$defs")

_HEADERS = {
    "type": "object",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_subject",
        "ce_time",
        "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string", "description": "sender: USCC, partner code or service"},
        "ce_subject": {"type": "string", "description": "document id"},
        "ce_time": {"type": "string", "format": "date-time"},
        "content-type": {
            "enum": [XML, JSON, "application/jose"],
            "description": "application/jose: a compact JWE with the signed message inside",
        },
        "ce_signature": {
            "type": "string",
            "description": "detached JWS over the body; absent when the XML body is signed",
        },
        "ce_correlationid": {"type": "string"},
        "ce_causationid": {"type": "string"},
        "ce_actor": {"type": "string"},
        "ce_status": {"type": "string", "description": "events: the document's new state"},
        "traceparent": {"type": "string"},
    },
}


def asyncapi(schemas: dict[str, Schema]) -> Schema:
    """The document; `schemas` are the kinds' JSON Schemas by CloudEvents type."""
    parts: dict[str, Schema] = {}
    for ce_type, schema in schemas.items():
        parts |= {_part_name(ce_type): schema, **schema.get("$defs", {})}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tongbao",
            "version": "1.0.0",
            "description": "Signed messages of a trade single window's insurance services.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON,
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {
            name: operation for topic in TOPICS.values() for name, operation in _operations(topic)
        },
        "components": {
            "messages": {key: _message(key) for key in sorted(_types())},
            "schemas": {
                "CloudEventHeaders": _HEADERS,
                **{name: _local(part) for name, part in sorted(parts.items())},
            },
        },
    }


def _part_name(ce_type: str) -> str:
    return ce_type.removeprefix(PREFIX)


def _local(part: Any) -> Any:
    """A schema whose references point into this document: AsyncAPI knows no $defs of a payload."""
    if isinstance(part, list):
        return [_local(item) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return {**part, "$ref": part["$ref"].replace("#/$defs/", SCHEMAS)}
    return {key: _local(value) for key, value in part.items() if key not in _OUTER}


def _types() -> set[str]:
    return {ce_type for topic in TOPICS.values() for ce_type in topic.kinds}


def _channel(topic: Topic) -> Schema:
    return {
        "address": topic.name,
        "description": topic.sentence,
        "messages": {
            ce_type: {"$ref": f"#/components/messages/{ce_type}"} for ce_type in sorted(topic.kinds)
        },
        "bindings": {"kafka": {"topic": topic.name, "partitions": topic.partitions}},
    }


def _operations(topic: Topic) -> list[tuple[str, Schema]]:
    """From the point of view of whoever is named."""
    channel = {"$ref": f"#/channels/{topic.name}"}
    sends = [(f"{name}.sends.{topic.name}", "send") for name in topic.producers]
    reads = [(f"{name}.receives.{topic.name}", "receive") for name in topic.consumers]
    return [(name, {"action": action, "channel": channel}) for name, action in (*sends, *reads)]


def _message(ce_type: str) -> Schema:
    kind = KINDS.get(ce_type)
    message: Schema = {"name": ce_type, "headers": {"$ref": f"{SCHEMAS}CloudEventHeaders"}}
    if kind is None:
        banks = ", ".join(row.code for row in PARTNERS.values() if row.role.value == "bank")
        summary = f"{ce_type.removeprefix('iso20022.')} of banks ({banks})"
        payload = {"type": "string", "contentMediaType": XML}  # in the banks' own language
        return message | {"summary": summary, "contentType": XML, "payload": payload}
    document = (kind.model.__doc__ or "").strip().splitlines()[0]
    own = {"$ref": f"{SCHEMAS}{_part_name(ce_type)}"}
    return message | {"title": kind.title, "summary": document, "payload": own}
