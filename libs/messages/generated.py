"""Everything that is made from the models: JSON Schema, XSD, AsyncAPI, pages.

`python -m libs.messages generate` writes the files, `check` says which are stale or break what was
published.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from libs.messages.asyncapi import asyncapi
from libs.messages.examples import examples
from libs.messages.pages import messages_page, topics_page
from libs.messages.registry import KINDS, Kind
from libs.messages.xsd import xsd

HERE = Path(__file__).parent
SCHEMAS = HERE / "schemas"
EXAMPLES = HERE / "examples"
PAGES = HERE.parents[1] / "docs" / "generated"


def json_schema(kind: Kind) -> dict[str, Any]:
    """JSON Schema (2020-12) of a kind as it travels: `kind` beside the model's fields."""
    schema = kind.model.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = f"urn:tongbao:{kind.ce_type}"
    schema["title"] = kind.title
    schema["properties"] = {"kind": {"const": kind.ce_type}, **schema["properties"]}
    schema["required"] = ["kind", *schema.get("required", [])]
    return schema


def json_schema_path(kind: Kind) -> Path:
    """Where the JSON Schema of a kind is."""
    return SCHEMAS / "json" / f"{kind.name}.v{kind.version}.json"


def xsd_path(kind: Kind) -> Path:
    """Where the XSD of a kind is."""
    return SCHEMAS / "xsd" / f"{kind.name}.v{kind.version}.xsd"


def files() -> Iterator[tuple[Path, bytes]]:
    """Every generated file with its content."""
    schemas = {kind.ce_type: json_schema(kind) for kind in KINDS.values()}
    for kind in KINDS.values():
        yield json_schema_path(kind), _pretty(schemas[kind.ce_type])
        yield xsd_path(kind), xsd(kind, schemas[kind.ce_type])
    yield PAGES / "asyncapi.json", _pretty(asyncapi(schemas))
    yield PAGES / "messages.md", messages_page(schemas).encode()
    yield PAGES / "topics.md", topics_page().encode()
    for kind, name, content in examples():
        yield EXAMPLES / kind.name / f"v{kind.version}" / name, content


def unclaimed() -> list[Path]:
    """Files among the schemas and folders among the examples that belong to no kind."""
    schemas = {path for kind in KINDS.values() for path in (json_schema_path(kind), xsd_path(kind))}
    found = {path for path in SCHEMAS.rglob("*") if path.is_file()} - schemas
    folders = {EXAMPLES / kind.name / f"v{kind.version}" for kind in KINDS.values()}
    found |= {path for path in EXAMPLES.glob("*/*") if path not in folders}
    return sorted(found)


def _pretty(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
