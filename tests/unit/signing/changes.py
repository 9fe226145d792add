"""Ways to change a signed document, and what verification says of the result."""

from collections.abc import Callable

from lxml import etree

from libs.messages.partners import JSON, XML
from libs.signing import Verdict, Verified, verify
from libs.signing.profile import DS, SIGNATURE
from tests.support.people import People, now

Change = Callable[[bytes], bytes]
TreeChange = Callable[[etree._Element, etree._Element], None]


def verified(people: People, data: bytes) -> Verified:
    """XML with its own signature."""
    return verify(data, XML, None, people.trust, now())


def tree(found: Verified) -> etree._Element:
    """What was verified, parsed if it is not yet; bytes are in canonical form."""
    content = found.content
    assert content is not None
    if not isinstance(content, bytes):
        return content
    root = etree.fromstring(content)
    assert etree.tostring(root, method="c14n", exclusive=True) == content
    return root


def reason(people: People, data: bytes) -> str:
    """The reason of XML with its own signature."""
    return verified(people, data).verdict.reason


def judged(people: People, payload: bytes, detached: str) -> Verdict:
    """Bytes and the signature beside them."""
    return verify(payload, JSON, detached, people.trust, now()).verdict


def edit(change: TreeChange) -> Change:
    """A change of bytes from a change of root and signature."""

    def edited(data: bytes) -> bytes:
        root = etree.fromstring(data)
        signature = root.find(f".//{SIGNATURE}")
        assert signature is not None
        change(root, signature)
        return etree.tostring(root)

    return edited


def part(signature: etree._Element, name: str, place: int = 0) -> etree._Element:
    """An element of the signature."""
    return list(signature.iter(f"{{{DS}}}{name}"))[place]


def copy(element: etree._Element) -> etree._Element:
    """A copy that may stand elsewhere."""
    return etree.fromstring(etree.tostring(element, with_tail=False))


def attribute(name: str, key: str, value: str, place: int = 0) -> Change:
    """Set an attribute of an element of the signature."""
    return edit(lambda root, signature: part(signature, name, place).set(key, value))


def text(name: str, value: str) -> Change:
    """Set the text of an element of the signature."""

    def change(root: etree._Element, signature: etree._Element) -> None:
        part(signature, name).text = value

    return edit(change)


def child(parent: str, name: str, algorithm: str | None = None) -> Change:
    """One element more in an element of the signature."""

    def change(root: etree._Element, signature: etree._Element) -> None:
        added = etree.SubElement(part(signature, parent), f"{{{DS}}}{name}")
        if algorithm:
            added.set("Algorithm", algorithm)

    return edit(change)


def without(name: str) -> Change:
    """One element less in the signature."""

    def change(root: etree._Element, signature: etree._Element) -> None:
        found = part(signature, name)
        parent = found.getparent()
        assert parent is not None
        parent.remove(found)

    return edit(change)


def replaced(old: bytes, new: bytes) -> Change:
    """Other bytes instead of some that must be there."""

    def change(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return change
