"""What a changed schema breaks for those who hold the published one."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_UPPER = ("maxLength", "maximum", "maxItems", "exclusiveMaximum")
_LOWER = ("minLength", "minimum", "minItems", "exclusiveMinimum")
_FIXED = (
    "type",
    "format",
    "pattern",
    "const",
    "x-code-table",
    "x-digits",
    "x-positive",
    "x-most",
)


def breaking_changes(published: Schema, present: Schema) -> list[str]:
    """Each change by which a message that was valid would now be refused, as a sentence.

    A published kind changes only by a new version: a removed or renamed field, another order (XML
    has one), a new required field, a narrower limit or fewer codes break it.
    """
    return list(_object("", published, present, published, present))


def _object(
    path: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name, field in before.items():
        where = f"{path}.{name}".lstrip(".")
        if name not in after:
            yield f"{where}: the field was removed"
            continue
        yield from _field(where, field, after[name], old_root, new_root)
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield f"{path or 'the message'}: its fields stand in another order"
    required = set(new.get("required", [])) - set(old.get("required", []))
    yield from (f"{path}.{name}".lstrip(".") + ": is now required" for name in sorted(required))


def _field(
    where: str, old: Schema, new: Schema, old_root: Schema, new_root: Schema
) -> Iterator[str]:
    if _nullable(old) and not _nullable(new):
        yield f"{where}: may no longer be absent"
    before, after = _resolve(_inner(old), old_root), _resolve(_inner(new), new_root)
    if "items" in before and "items" in after:
        yield from _limits(where, before, after)
        yield from _field(f"{where}[]", before["items"], after["items"], old_root, new_root)
        return
    yield from _limits(where, before, after)
    if "properties" in before:
        yield from _object(where, before, after, old_root, new_root)


def _limits(where: str, old: Schema, new: Schema) -> Iterator[str]:
    for keyword in _FIXED:
        if old.get(keyword) != new.get(keyword):
            yield f"{where}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"
    for keyword in _UPPER:
        if keyword in new and new[keyword] < old.get(keyword, float("inf")):
            yield f"{where}: {keyword} is narrower, {new[keyword]}"
    for keyword in _LOWER:
        if keyword in new and new[keyword] > old.get(keyword, float("-inf")):
            yield f"{where}: {keyword} is narrower, {new[keyword]}"
    if "enum" in new and (gone := set(old.get("enum", [])) - set(new["enum"])):
        yield f"{where}: codes were removed: {', '.join(sorted(map(str, gone)))}"
    if "enum" in new and "enum" not in old:
        yield f"{where}: only some codes are allowed now"


def _nullable(field: Schema) -> bool:
    return any(option.get("type") == "null" for option in field.get("anyOf", []))


def _inner(field: Schema) -> Schema:
    options: list[Schema] = field.get("anyOf", [field])
    return next(option for option in options if option.get("type") != "null")


def _resolve(field: Schema, root: Schema) -> Schema:
    if "$ref" not in field:
        return field
    found: Schema = root["$defs"][field["$ref"].rpartition("/")[2]]
    return found
