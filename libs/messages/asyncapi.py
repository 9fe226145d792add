"""AsyncAPI 3 of all topics, from the topic table and the kinds."""

from typing import Any

from libs.messages.partners import JSON, PARTNERS, XML
from libs.messages.registry import KINDS
from libs.messages.topics import TOPICS, Topic

Schema = dict[str, Any]

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
        "content-type": {"enum": [XML, JSON]},
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
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tongbao",
            "version": "1.0.0",
            "description": "Signed messages of a trade single window's insurance services.",
        },
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {
            name: operation for topic in TOPICS.values() for name, operation in _operations(topic)
        },
        "components": {
            "messages": {key: _message(key, schemas) for key in sorted(_types())},
            "schemas": {"CloudEventHeaders": _HEADERS},
        },
    }


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
    sends = [(f"{name} sends {topic.name}", "send") for name in topic.producers]
    reads = [(f"{name} receives {topic.name}", "receive") for name in topic.consumers]
    return [(name, {"action": action, "channel": channel}) for name, action in (*sends, *reads)]


def _message(ce_type: str, schemas: dict[str, Schema]) -> Schema:
    kind = KINDS.get(ce_type)
    message: Schema = {
        "name": ce_type,
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
    }
    if kind is None:
        banks = ", ".join(row.code for row in PARTNERS.values() if row.role.value == "bank")
        summary = f"{ce_type.removeprefix('iso20022.')} of banks ({banks})"
        return message | {"summary": summary, "contentType": XML}
    document = (kind.model.__doc__ or "").strip().splitlines()[0]
    return message | {"title": kind.title, "summary": document, "payload": schemas[ce_type]}
