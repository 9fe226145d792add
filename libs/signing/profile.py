"""The one shape of an enveloped signature, as a table.

From it come the template that we sign into, the pattern that a signature must match to the last
byte of its canonical form, and the sentence that says where another signature differs.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
SIGNATURE = f"{{{DS}}}Signature"


class Profile(Exception):
    """The signature is not of our profile; the text says what differs."""


@dataclass(frozen=True, slots=True)
class Part:
    """An element of the signature. `{name}` marks what differs from document to document."""

    name: str
    attribute: str = ""
    inside: "tuple[Part, ...]" = ()
    text: str = ""


def _algorithm(name: str, value: str) -> Part:
    return Part(name, f'Algorithm="{value}"')


SIGNED_INFO = Part(
    "SignedInfo",
    inside=(
        _algorithm("CanonicalizationMethod", EXC_C14N),
        _algorithm("SignatureMethod", "{method}"),
        Part(
            "Reference",
            'URI=""',
            inside=(
                Part(
                    "Transforms",
                    inside=(
                        _algorithm("Transform", ENVELOPED),
                        _algorithm("Transform", EXC_C14N),
                    ),
                ),
                _algorithm("DigestMethod", "{digest_method}"),
                Part("DigestValue", text="{digest}"),
            ),
        ),
    ),
)
_SIGNATURE_VALUE = Part("SignatureValue", text="{signature}")
_CERTIFICATE = Part("X509Certificate", text="{certificate}")
_KEY_INFO = Part("KeyInfo", inside=(Part("X509Data", inside=(_CERTIFICATE,)),))
_WHOLE = Part("Signature", inside=(SIGNED_INFO, _SIGNATURE_VALUE, _KEY_INFO))


def _written(
    part: Part, prefix: str, gap: str = "", fixed: Callable[[str], str] = str, declared: str = ""
) -> str:
    """A part in canonical form, with `gap` wherever white space may stand."""
    attribute = f" {fixed(part.attribute)}" if part.attribute else ""
    inside = [_written(child, prefix, gap, fixed) for child in part.inside]
    content = fixed(part.text) if part.text else gap.join(("", *inside, ""))
    return f"<{prefix}{part.name}{declared}{attribute}>{content}</{prefix}{part.name}>"


DECLARED = f' xmlns:ds="{DS}"'
SIGNED_INFO_TEMPLATE = _written(SIGNED_INFO, "ds:", declared=DECLARED)
SIGNATURE_TEMPLATE = (
    f"<ds:Signature{DECLARED}>{{signed_info}}"
    + _written(_SIGNATURE_VALUE, "ds:")
    + _written(_KEY_INFO, "ds:")
    + "</ds:Signature>"
)


def _pattern() -> re.Pattern[bytes]:
    def fixed(text: str) -> str:
        return re.sub(r"\\\{(\w+)\\\}", r'(?P<\1>[^"<]*+)', re.escape(text))

    gap = "(?:\\s|&#xD;)*+"  # a carriage return in canonical form
    same = "(?(prefix)(?P=prefix):)"
    inside = [_written(part, same, gap, fixed) for part in _WHOLE.inside]
    inside[0] = f"(?P<signed_info>{inside[0]})"
    declared = rf' xmlns(?(prefix):(?P=prefix))="{re.escape(DS)}"'
    opening = rf"<(?:(?P<prefix>[^<>:\s]+):)?Signature(?P<declared>{declared})>"
    pattern = gap.join((opening, *inside, f"</{same}Signature>"))
    return re.compile(pattern.encode())


def _as_signed_by_us() -> re.Pattern[bytes]:
    def fixed(part: Part) -> str:
        pattern = re.escape(_written(part, "ds:"))
        return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[!#-%'-;=?-~]*+)", pattern)

    inside = "".join(fixed(part) for part in _WHOLE.inside[1:])
    signed_info = f"(?P<signed_info>{fixed(SIGNED_INFO)})"
    opening = f"<ds:Signature{re.escape(DECLARED)}>"
    return re.compile(f"{opening}{signed_info}{inside}</ds:Signature>".encode())


PATTERN = _pattern()
EXACT = _as_signed_by_us()
"""A signature to the byte as `SIGNATURE_TEMPLATE` writes it: already in canonical form."""


def difference(signature: etree._Element) -> str:
    """Where a signature that does not match the pattern leaves the profile."""
    stray = "the signature holds text, attributes or namespaces that do not belong there"
    return next(_differences(_WHOLE, signature), stray)


def _differences(part: Part, element: etree._Element) -> Iterator[str]:
    attributes = " ".join(f'{name!s}="{value!s}"' for name, value in element.items())
    if "{" not in part.attribute and attributes != part.attribute:
        yield f"{part.name} must have {part.attribute or 'no attributes'}"
    children = list(element)
    if [child.tag for child in children] != [f"{{{DS}}}{inside.name}" for inside in part.inside]:
        yield f"{part.name} holds exactly {', '.join(x.name for x in part.inside) or 'text'}"
        return
    for inside, child in zip(part.inside, children, strict=True):
        yield from _differences(inside, child)
