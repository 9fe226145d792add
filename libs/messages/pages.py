"""Documentation pages of kinds and topics."""

from collections.abc import Iterator
from typing import Any

from libs.messages.codes import TABLES, CodeTable
from libs.messages.registry import KINDS, PREFIX, Kind
from libs.messages.topics import DAY_MS, FOREVER, TOPICS

Schema = dict[str, Any]
_FIELDS_HEAD = ("| field | title | type | required |", "| --- | --- | --- | --- |")
_HEAD = "<!-- made by `python -m libs.messages generate`: do not edit -->\n"


def topics_page() -> str:
    """The topic table, and what is on each."""
    lines = [
        "# Topics",
        "",
        _HEAD,
        "The key of every message is its document's id: order is kept per document. Topics are",
        "created from this table with `message.timestamp.type=LogAppendTime`.",
        "",
        "| topic | owner | producers | consumers | partitions | kept | what is on it |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in TOPICS.values():
        kept = "for ever" if row.retention_ms == FOREVER else f"{row.retention_ms // DAY_MS} days"
        lines.append(
            f"| `{row.name}` | {row.owner} | {', '.join(row.producers)} |"
            f" {', '.join(row.consumers)} | {row.partitions} | {kept} | {row.sentence} |"
        )
    lines += ["", "## Kinds by topic", "", "| topic | kinds |", "| --- | --- |"]
    for row in TOPICS.values():
        kinds = ", ".join(sorted(ce_type.removeprefix(PREFIX) for ce_type in row.kinds))
        lines.append(f"| `{row.name}` | {kinds} |")
    return "\n".join(lines) + "\n"


def messages_page(schemas: dict[str, Schema]) -> str:
    """Every kind with its fields."""
    lines = ["# Messages", "", _HEAD, *_contents(), "", *_head(schemas)]
    for kind in KINDS.values():
        lines += _kind(kind, schemas[kind.ce_type])
    lines += ["## Code tables", ""]
    for table in TABLES.values():
        lines += _table(table)
    return "\n".join(lines) + "\n"


def _contents() -> Iterator[str]:
    yield "| kind | title | purpose | signed by |"
    yield "| --- | --- | --- | --- |"
    for kind in KINDS.values():
        signers = ", ".join(sorted(kind.signed_by))
        yield f"| `{kind.name}` | {kind.title} | {kind.purpose} | {signers} |"


def _head(schemas: dict[str, Schema]) -> list[str]:
    """The part that every message has, once."""
    schema = next(iter(schemas.values()))
    return [
        "## Every message's head (`meta`)",
        "",
        *_FIELDS_HEAD,
        *_rows(schema["$defs"]["Meta"], schema, "meta."),
        "",
    ]


def _table(table: CodeTable) -> list[str]:
    rows = [f"{code} {name}" for code, name in table.rows.items()] if table.enumerated else []
    # a package's table grows by its version: no row count that would make this page stale
    told = "; ".join(rows) or f"e.g. {table.example.partition(' 等 ')[0]}"
    return [f"### `{table.name}` {table.title}", "", f"Source: {table.source}.", "", told, ""]


def _kind(kind: Kind, schema: Schema) -> list[str]:
    topics = ", ".join(f"`{row.name}`" for row in TOPICS.values() if kind.ce_type in row.kinds)
    signers = ", ".join(sorted(kind.signed_by))
    return [
        f"## {kind.name} v{kind.version} {kind.title}",
        "",
        f"{(kind.model.__doc__ or '').strip().splitlines()[0]}",
        "",
        f"Type `{kind.ce_type}`, {kind.purpose}, signed by {signers}; on {topics}.",
        "",
        *_FIELDS_HEAD,
        *_rows(schema, schema, ""),
        "",
    ]


def _rows(schema: Schema, root: Schema, prefix: str) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        if name == "kind" or (name == "meta" and not prefix):
            continue
        inner, many = _inner(field)
        target = root["$defs"][inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
        required = "yes" if name in schema.get("required", []) else ""
        title = field.get("title", "").replace("|", "\\|")
        path = f"{prefix}{name}{'[]' if many else ''}"
        yield f"| `{path}` | {title} | {_type(target)} | {required} |"
        if "properties" in target:
            yield from _rows(target, root, f"{path}.")


def _inner(field: Schema) -> tuple[Schema, bool]:
    options = [option for option in field.get("anyOf", [field]) if option.get("type") != "null"]
    inner = options[0]
    return (_inner(inner["items"])[0], True) if inner.get("type") == "array" else (inner, False)


def _type(field: Schema) -> str:
    if "properties" in field:
        return "group"
    if "x-code-table" in field:
        return f"code of table {field['x-code-table']}"
    if "x-digits" in field:
        digits, places = field["x-digits"]
        return f"decimal {digits},{places}"
    if "enum" in field:
        return "one of " + ", ".join(str(code) for code in field["enum"])
    name = field.get("format") or field.get("type", "text")
    longest = field.get("maxLength")
    return f"{name} up to {longest}" if longest else str(name)
