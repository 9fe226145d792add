"""The shapes of an enveloped signature, a table each: a suite has one, and no other is taken.

From a table come the template that we sign into, the pattern that a signature must match to the
last byte of its canonical form, and the sentence that says where another signature differs.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
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


def _signature(c14n: str, transforms: tuple[str, ...], key_info: tuple[Part, ...]) -> Part:
    reference = Part(
        "Reference",
        'URI=""',
        inside=(
            Part("Transforms", inside=tuple(_algorithm("Transform", each) for each in transforms)),
            _algorithm("DigestMethod", "{digest_method}"),
            Part("DigestValue", text="{digest}"),
        ),
    )
    signed_info = Part(
        "SignedInfo",
        inside=(
            _algorithm("CanonicalizationMethod", c14n),
            _algorithm("SignatureMethod", "{method}"),
            reference,
        ),
    )
    value = Part("SignatureValue", text="{signature}")
    return Part("Signature", inside=(signed_info, value, Part("KeyInfo", inside=key_info)))


_CERTIFICATE = Part("X509Data", inside=(Part("X509Certificate", text="{certificate}"),))


def _written(
    part: Part, prefix: str, gap: str = "", fixed: Callable[[str], str] = str, declared: str = ""
) -> str:
    """A part in canonical form, with `gap` wherever white space may stand."""
    attribute = f" {fixed(part.attribute)}" if part.attribute else ""
    inside = [_written(child, prefix, gap, fixed) for child in part.inside]
    content = fixed(part.text) if part.text else gap.join(("", *inside, ""))
    return f"<{prefix}{part.name}{declared}{attribute}>{content}</{prefix}{part.name}>"


DECLARED = f' xmlns:ds="{DS}"'


def _signature_template(whole: Part) -> str:
    _, *others = whole.inside
    rest = "".join(_written(part, "ds:") for part in others)
    return f"<ds:Signature{DECLARED}>{{signed_info}}{rest}</ds:Signature>"


def _pattern(whole: Part) -> re.Pattern[bytes]:
    def fixed(text: str) -> str:
        return re.sub(r"\\\{(\w+)\\\}", r'(?P<\1>[^"<]*+)', re.escape(text))

    gap = "(?:\\s|&#xD;)*+"  # a carriage return in canonical form
    same = "(?(prefix)(?P=prefix):)"
    inside = [_written(part, same, gap, fixed) for part in whole.inside]
    inside[0] = f"(?P<signed_info>{inside[0]})"
    declared = rf' xmlns(?(prefix):(?P=prefix))="{re.escape(DS)}"'
    opening = rf"<(?:(?P<prefix>[^<>:\s]+):)?Signature(?P<declared>{declared})>"
    pattern = gap.join((opening, *inside, f"</{same}Signature>"))
    return re.compile(pattern.encode())


def _as_signed_by_us(whole: Part) -> re.Pattern[bytes]:
    def fixed(part: Part) -> str:
        pattern = re.escape(_written(part, "ds:"))
        return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[!#-%'-;=?-~]*+)", pattern)

    inside = "".join(fixed(part) for part in whole.inside[1:])
    signed_info = f"(?P<signed_info>{fixed(whole.inside[0])})"
    opening = f"<ds:Signature{re.escape(DECLARED)}>"
    return re.compile(f"{opening}{signed_info}{inside}</ds:Signature>".encode())


class Shape:
    """One shape: its table, and what follows from it."""

    def __init__(
        self, *, exclusive: bool, transforms: tuple[str, ...], key_info: tuple[Part, ...]
    ) -> None:
        self.exclusive = exclusive  # canonicalisation of SignedInfo and of the document
        self.whole = _signature(EXC_C14N if exclusive else C14N, transforms, key_info)
        self.signed_info_template = _written(self.whole.inside[0], "ds:", declared=DECLARED)
        self.signature_template = _signature_template(self.whole)
        self.pattern = _pattern(self.whole)
        # to the byte as the template writes it: already in canonical form
        self.exact = _as_signed_by_us(self.whole)


OURS = Shape(exclusive=True, transforms=(ENVELOPED, EXC_C14N), key_info=(_CERTIFICATE,))
# 202205 format, chapter 6; the digest's canonicalisation is what XMLDSig takes when none is named
CUSTOMS = Shape(
    exclusive=False,
    transforms=(ENVELOPED,),
    key_info=(Part("KeyName", text="{key_name}"), _CERTIFICATE),
)


def difference(shape: Shape, signature: etree._Element) -> str:
    """Where a signature that does not match the pattern leaves the profile."""
    stray = "the signature holds text, attributes or namespaces that do not belong there"
    return next(_differences(shape.whole, signature), stray)


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
