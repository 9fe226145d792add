"""XSD of a kind, from its JSON Schema: the same titles, limits and codes."""

from typing import Any

from lxml import etree

from libs.messages.codec import NAMESPACE
from libs.messages.registry import Kind
from libs.messages.shapes import NOTE, TEXT

XS = "http://www.w3.org/2001/XMLSchema"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_FORMATS = {"date": "xs:date", "date-time": "xs:dateTime"}
_TYPES = {"integer": "xs:integer", "boolean": "xs:boolean", "string": "xs:string"}

Schema = dict[str, Any]


def xsd(kind: Kind, schema: Schema) -> bytes:
    """The schema document; the root takes an XMLDSig Signature as its last child."""
    namespace = f"{NAMESPACE}{kind.version}"
    root = etree.Element(
        _xs("schema"),
        nsmap={"xs": XS, "t": namespace},
        targetNamespace=namespace,
        elementFormDefault="qualified",
    )
    element = _sub(root, "element", name=kind.name)
    _document(element, kind.title)
    fields = {name: field for name, field in schema["properties"].items() if name != "kind"}
    sequence = _sequence(_sub(element, "complexType"), fields, schema.get("required", []))
    _sub(sequence, "any", namespace=_DS, processContents="skip", minOccurs="0")
    for name, definition in schema.get("$defs", {}).items():
        _define(root, name, definition)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _define(root: etree._Element, name: str, definition: Schema) -> None:
    if "enum" in definition:
        _restrict(_sub(root, "simpleType", name=name), definition)
        return
    complex_type = _sub(root, "complexType", name=name)
    _sequence(complex_type, definition.get("properties", {}), definition.get("required", []))


def _sequence(
    parent: etree._Element, properties: dict[str, Schema], required: list[str]
) -> etree._Element:
    sequence = _sub(parent, "sequence")
    for name, field in properties.items():
        _field(sequence, name, field, name in required)
    return sequence


def _field(sequence: etree._Element, name: str, field: Schema, is_required: bool) -> None:
    inner = _inner(field)
    occurs = {} if is_required else {"minOccurs": "0"}
    if inner.get("type") == "array":
        least, most = inner.get("minItems", 0), inner.get("maxItems", "unbounded")
        occurs = {"minOccurs": str(least), "maxOccurs": str(most)}
        inner = _inner(inner["items"])
    reference = inner.get("$ref")
    if reference:
        occurs["type"] = f"t:{reference.rpartition('/')[2]}"
    element = _sub(sequence, "element", name=name, **occurs)
    _document(element, field.get("title", ""), field.get("description", ""))
    if not reference:
        _restrict(_sub(element, "simpleType"), inner)


def _inner(field: Schema) -> Schema:
    """A field without its "or null"."""
    options: list[Schema] = field.get("anyOf", [field])
    return next(option for option in options if option.get("type") != "null")


def _restrict(simple_type: etree._Element, field: Schema) -> None:
    restriction = _sub(simple_type, "restriction", base=_base(field))
    for code in field.get("enum", [field["const"]] if "const" in field else []):
        _sub(restriction, "enumeration", value=str(code))
    if "x-digits" in field:
        _figure(restriction, field)
    for keyword, facet in _FACETS:
        if keyword in field:
            _sub(restriction, facet, value=str(field[keyword]))
    pattern = field.get("pattern") or _PATTERNS.get(field.get("type", ""))
    if pattern and pattern != NOTE:  # a note may be empty, and XML has no odd characters
        _sub(restriction, "pattern", value=_expression(pattern))


def _figure(restriction: etree._Element, field: Schema) -> None:
    digits, places = field["x-digits"]
    _sub(restriction, "totalDigits", value=str(digits))
    _sub(restriction, "fractionDigits", value=str(places))
    _sub(restriction, "minExclusive" if "x-positive" in field else "minInclusive", value="0")
    if "x-most" in field:
        _sub(restriction, "maxInclusive", value=field["x-most"])


def _expression(pattern: str) -> str:
    """The pattern in XSD's words: anchored by itself, other escapes."""
    if pattern == TEXT:
        return r"[\s\S]*\S[\s\S]*"
    return pattern.removeprefix("^").removesuffix("$")


# xs:boolean and xs:integer have more spellings than one
_PATTERNS = {"boolean": "true|false", "integer": "-?(0|[1-9][0-9]{0,17})"}
_FACETS = (
    ("minLength", "minLength"),
    ("maxLength", "maxLength"),
    ("minimum", "minInclusive"),
    ("exclusiveMinimum", "minExclusive"),
    ("maximum", "maxInclusive"),
    ("exclusiveMaximum", "maxExclusive"),
)


def _base(field: Schema) -> str:
    if "x-digits" in field:
        return "xs:decimal"
    return _FORMATS.get(field.get("format", ""), _TYPES[field.get("type", "string")])


def _document(element: etree._Element, *texts: str) -> None:
    if text := " ".join(part for part in texts if part):
        _sub(_sub(element, "annotation"), "documentation").text = text


def _sub(parent: etree._Element, tag: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, _xs(tag), attributes)


def _xs(name: str) -> str:
    return f"{{{XS}}}{name}"
